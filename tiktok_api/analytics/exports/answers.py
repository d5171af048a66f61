"""The rows of what is worked out, of each account or of all together, as the API's own answers have them."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from tiktok_api.analytics import services
from tiktok_api.analytics.exports.columns import Inquiry, Rows, owner_of_row, owner_of_whole, provenance
from tiktok_api.analytics.figures import engagement as engagement_of_many
from tiktok_api.analytics.figures import growth as growth_of_many
from tiktok_api.analytics.figures import summary as summary_of_many
from tiktok_api.analytics.figures import timeseries as timeseries_of_many
from tiktok_api.analytics.metrics import PROFILE_METRICS, Metric
from tiktok_api.analytics.models import ReadingSource
from tiktok_api.analytics.sums.question import Question
from tiktok_api.analytics.windows import Window


def _source_of(metric: Metric, captured_at: Any) -> str | None:
    """TikTok's endpoint from which a value comes; None where there is no value."""
    if captured_at is None:
        return None
    return (ReadingSource.USER_INFO if metric in PROFILE_METRICS else ReadingSource.VIDEO_LIST).value


def timeseries(question: Inquiry) -> Rows:
    """The metrics of each account by day, week or month."""
    window = question.window
    for account in question.selection.accounts:
        for metric in question.metrics:
            found = services.get_timeseries(
                question.caller,
                account.id,
                metric=metric,
                interval=question.interval,
                starts=window.starts_at,
                ends=window.ends_at,
                timezone=window.timezone,
            )
            of = (metric.value, question.interval.value, window.timezone)
            for point in found.points:
                when = (point.date, point.starts_at, point.ends_at)
                numbers = (point.value, point.change, point.captured_at, point.changed_since)
                yield *owner_of_row(account), *of, *when, *numbers, *_how(metric, point)


def summary(question: Inquiry) -> Rows:
    """The metrics of each account over the whole window."""
    window = question.window
    for account in question.selection.accounts:
        found = services.summarise(
            question.caller,
            account.id,
            starts=window.starts_at,
            ends=window.ends_at,
            timezone=window.timezone,
        )
        for metric in question.metrics:
            point = found[metric.value]
            when = (window.timezone, window.starts_at, window.ends_at)
            numbers = (point.value, point.change, point.captured_at, point.changed_since)
            yield *owner_of_row(account), metric.value, *when, *numbers, *_how(metric, point)


def _how(metric: Metric, point: Any) -> tuple[Any, ...]:
    reason = None if point.reason is None else str(point.reason)
    return provenance(_source_of(metric, point.captured_at), is_restated=point.is_restated, reason=reason)


@dataclass(frozen=True)
class _AsOf(Question):
    """A question whose window is cut, but not the one before."""

    whole_before: Window

    @cached_property
    def before(self) -> Window:
        """The window before the one that is not cut."""
        return self.whole_before


def _question(inquiry: Inquiry) -> Question:
    return _AsOf(inquiry.caller, inquiry.selection, inquiry.asked, inquiry.as_of, inquiry.before)


def _until(inquiry: Inquiry, ends_at: datetime) -> datetime:
    """The end of a period, or what counts as such."""
    return min(ends_at, inquiry.window.ends_at)


def overview(inquiry: Inquiry) -> Rows:
    """The metrics of all accounts together, against the window before."""
    question = _question(inquiry)
    yield from _compared(inquiry, owner_of_whole(inquiry.selection), question, summary_of_many.summarise(question))


def compare(inquiry: Inquiry) -> Rows:
    """The metrics of each account against the window before."""
    question = _question(inquiry)
    histories = summary_of_many.read(question)
    for account in inquiry.selection.accounts:
        found = summary_of_many.describe(question, histories, [account.id])
        yield from _compared(inquiry, owner_of_row(account), question, found)


def _compared(inquiry: Inquiry, whose: tuple[Any, ...], question: Question, found: dict[str, Any]) -> Rows:
    before, window = question.before, inquiry.window
    for metric in inquiry.metrics:
        each = found[metric]
        is_rate = metric is Metric.ENGAGEMENT_RATE
        changes = (
            (None, each.value_compared, each.value_before, None)
            if is_rate
            else (each.change, each.change_compared, each.change_before, each.relative_change)
        )
        counts = (each.accounts, each.accounts_read, each.accounts_in_change, each.accounts_compared)
        times = (window.timezone, window.starts_at, window.ends_at, before.starts_at)
        why = None if each.comparison_reason is None else str(each.comparison_reason)
        read = (each.captured_at, each.oldest_captured_at, why)
        yield *whose, metric.value, *times, each.value, *changes, *counts, *read, *_how(metric, each)


def timeseries_of_all(inquiry: Inquiry) -> Rows:
    """The metrics of all accounts together by day, week or month."""
    window, interval = inquiry.window, inquiry.interval
    found = timeseries_of_many.show_timeseries(_question(inquiry), inquiry.metrics, interval)
    for series in (found, *found["others"]):
        metric = Metric(series["metric"])
        of = (metric.value, interval.value, window.timezone)
        for point in series["points"]:
            when = (point.date, point.starts_at, _until(inquiry, point.ends_at))
            numbers = (point.value, point.change, point.captured_at, point.changed_since)
            counts = (point.accounts, point.accounts_read, point.accounts_in_change)
            yield *owner_of_whole(inquiry.selection), *of, *when, *numbers, *counts, *_how(metric, point)


def engagement(inquiry: Inquiry) -> Rows:
    """What the videos gained together by day, week or month, and the rate that is made of it."""
    found = engagement_of_many.show_engagement(_question(inquiry), inquiry.interval)
    for point in found["points"]:
        when = (point["date"], point["starts_at"], _until(inquiry, point["ends_at"]))
        gained = (point["value"], point["views"], point["likes"], point["comments"], point["shares"])
        known = (point["captured_at"], point["changed_since"], point["accounts"], point["accounts_in_change"])
        source = _source_of(Metric.ENGAGEMENT_RATE, point["captured_at"])
        reason = None if point["reason"] is None else str(point["reason"])
        how = provenance(source, is_restated=point["is_restated"], reason=reason)
        yield (
            *owner_of_whole(inquiry.selection),
            inquiry.interval.value,
            inquiry.window.timezone,
            *when,
            *gained,
            *known,
            *how,
        )


def growth(inquiry: Inquiry) -> Rows:
    """What each metric gained together: on average, on the best day and on the worst."""
    for metric in inquiry.metrics:
        if metric is Metric.ENGAGEMENT_RATE:
            continue  # a rate does not grow by days
        found = growth_of_many.show_growth(_question(inquiry), metric)
        total, best, worst = found["total"], found["best_day"], found["worst_day"]
        when = (inquiry.window.timezone, inquiry.window.starts_at, inquiry.window.ends_at)
        days = tuple(found[f"days{name}"] for name in ("", "_counted", "_after_gap", "_partly_read", "_unread"))
        marked = tuple(
            value for day in (best, worst) for value in ((day.date, day.change) if day is not None else (None, None))
        )
        gained = (total.change, found["average_per_day"])
        yield (
            *owner_of_whole(inquiry.selection),
            metric.value,
            *when,
            *gained,
            *marked,
            *days,
            total.captured_at,
            *_how(metric, total),
        )
