"""What a report says, gathered from the answers of analytics; how it looks is none of its business."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from tiktok_api import clock
from tiktok_api.analytics.charts import labels
from tiktok_api.analytics.charts.drawing.line_chart import LineChart
from tiktok_api.analytics.charts.labels import Show
from tiktok_api.analytics.figures import summary, timeseries
from tiktok_api.analytics.metrics import PROFILE_METRICS, Interval, Metric, Reason
from tiktok_api.analytics.reports import months
from tiktok_api.analytics.reports.posts import PostsOfMonth, find_posts
from tiktok_api.analytics.services import Series
from tiktok_api.analytics.sums.question import Question, ask
from tiktok_api.auth.identity import Identity
from tiktok_api.errors import NotFound

SHOWN = (
    *(Metric.FOLLOWERS, Metric.VIEWS, Metric.LIKES, Metric.COMMENTS, Metric.SHARES, Metric.VIDEOS),
    Metric.ENGAGEMENT_RATE,
)
CHARTED = {Metric.FOLLOWERS: Show.VALUE, Metric.VIEWS: Show.CHANGE}


@dataclass(frozen=True, slots=True)
class MonthlyFigure:
    """One metric: its value at the end of the month (of a rate, that of the month), and its changes in it and in the month before.

    `compared` and `before` are of the accounts that changed in both months, `relative` is how much more the former is.
    `reason` says why there is no change, or that only some accounts were read; `comparison_reason` why nothing is compared.
    """

    metric: Metric
    value: float | None
    change: float | None
    compared: float | None
    before: float | None
    relative: float | None
    reason: Reason | None
    comparison_reason: Reason | None
    is_restated: bool
    accounts: int
    accounts_in_change: int
    accounts_compared: int

    @property
    def is_rate(self) -> bool:
        """Whether it is a share and not a count."""
        return self.metric is Metric.ENGAGEMENT_RATE

    @property
    def is_of_profile(self) -> bool:
        """Whether the profile counts it, so that its value means something beside its change."""
        return self.metric in PROFILE_METRICS


@dataclass(frozen=True, slots=True)
class Gap:
    """Days in a row of which a metric was not read, or, of several accounts, not of all."""

    metric: Metric
    first: date
    last: date
    reason: Reason


@dataclass(frozen=True, slots=True)
class Subject:
    """What a report is about: exactly one of the three is set."""

    account_id: UUID | None
    tag: str | None
    label: str | None


@dataclass(frozen=True, slots=True)
class ReportContent:
    """A month of a subject."""

    subject: str
    month: str
    timezone: str
    made_at: datetime
    accounts: int
    figures: Sequence[MonthlyFigure]
    charts: Sequence[LineChart]
    posts: PostsOfMonth
    gaps: Sequence[Gap]
    last_read_at: datetime | None
    skipped_months: Sequence[str]

    @property
    def is_unfinished(self) -> bool:
        """Whether the month was not over when the report was made."""
        return self.made_at < months.window_of(self.month, self.timezone).ends_at


def gather(owner: Identity, subject: Subject, month: str, timezone: str, skipped: Sequence[str]) -> ReportContent:
    """Everything a report says. Raises NotFound, TooManyAccounts, TooManyReadings."""
    window: dict[str, Any] = {"starts": months.first_day(month), "ends": months.last_day(month), "timezone": timezone}
    question = ask(owner, **_chosen(subject), **window)
    if subject.account_id is not None and not question.selection.accounts:
        raise NotFound
    sums = summary.summarise(question)
    series = timeseries.show_timeseries(question, list(CHARTED), Interval.DAY)
    points = {series["metric"]: series["points"], **{each["metric"]: each["points"] for each in series["others"]}}
    told = {metric: points[metric] for metric in CHARTED if question.can_tell(metric)}
    return ReportContent(
        subject=_name_of(subject, question),
        month=month,
        timezone=timezone,
        made_at=question.now,
        accounts=len(question.account_ids),
        figures=[_figure(metric, sums[metric]) for metric in SHOWN],
        charts=[_chart(question, metric, told[metric]) for metric in told],
        posts=find_posts(question),
        gaps=[gap for metric in told for gap in _gaps_in(metric, told[metric])],
        last_read_at=max(
            (each.captured_at for each in (sums[metric] for metric in SHOWN) if each.captured_at), default=None
        ),
        skipped_months=skipped,
    )


def _chosen(subject: Subject) -> dict[str, Any]:
    if subject.account_id is not None:
        return {"account_id": [subject.account_id]}
    return {"tag": [subject.tag]} if subject.tag is not None else {"label": [subject.label]}


def _name_of(subject: Subject, question: Question) -> str:
    if subject.account_id is not None:
        [account] = question.selection.accounts
        return f"@{account.username}" if account.username else account.name or "this account"
    return f"accounts tagged “{subject.tag}”" if subject.tag is not None else f"posts labelled “{subject.label}”"


def _figure(metric: Metric, found: Any) -> MonthlyFigure:
    is_rate = metric is Metric.ENGAGEMENT_RATE
    change, compared, before = (
        (found.value, found.value_compared, found.value_before)
        if is_rate
        else (found.change, found.change_compared, found.change_before)
    )
    return MonthlyFigure(
        metric,
        found.value,
        change,
        compared,
        before,
        None if is_rate else found.relative_change,
        found.reason,
        found.comparison_reason,
        found.is_restated,
        found.accounts,
        found.accounts_in_change,
        found.accounts_compared,
    )


def _chart(question: Question, metric: Metric, points: Sequence[Any]) -> LineChart:
    key = next(iter(question.account_ids), UUID(int=0))
    return labels.series_chart(Series(key, None, metric, Interval.DAY, question.window, points), CHARTED[metric])


def _gaps_in(metric: Metric, points: Sequence[Any]) -> list[Gap]:
    found = []
    for reason, days in groupby(points, key=_why_not_read):
        dates = [point.date for point in days]
        if reason is not None:
            found.append(Gap(metric, dates[0], dates[-1], reason))
    return found


def _why_not_read(point: Any) -> Reason | None:
    if point.reason is Reason.PARTLY_READ:
        return Reason.PARTLY_READ
    is_past = point.starts_at <= clock.now()
    return Reason(point.reason) if point.value is None and is_past else None
