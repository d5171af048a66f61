"""The words of a report: numbers as people read them, and reasons instead of numbers that are not known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tiktok_api.analytics.charts.drawing.heat_map import DAYS
from tiktok_api.analytics.metrics import Reason
from tiktok_api.analytics.reports import months
from tiktok_api.analytics.reports.content import MonthlyFigure, ReportContent
from tiktok_api.analytics.reports.posts import PostsOfMonth, TopPost
from tiktok_api.analytics.videos.published import MOST_POSTS

_LONGEST_TITLE = 120
_REASONS: dict[str, str] = {
    Reason.NOT_READ_YET: "not read yet",
    Reason.SCOPE_MISSING: "the person did not grant it",
    Reason.NO_READING_IN_WINDOW: "not read in this time",
    Reason.NO_READING_BEFORE_WINDOW: "no reading from before",
    Reason.LEFT_OUT_BY_TIKTOK: "TikTok did not say",
    Reason.NO_VIEWS: "no views",
    Reason.IN_THE_FUTURE: "still to come",
    Reason.PARTLY_READ: "not read of every account",
    Reason.NOT_BY_LABEL: "counted for whole accounts only",
    Reason.NO_READING_IN_WINDOW_BEFORE: "not read in the month before",
    Reason.NOT_POSITIVE_BEFORE: "nothing gained in the month before",
}
_NAMES = {"videos": "Videos", "engagement_rate": "Engagement rate"}


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the table of numbers, in words; `trend` is up, down, or empty."""

    name: str
    value: str
    change: str
    before: str
    difference: str
    trend: str
    note: str


@dataclass(frozen=True, slots=True)
class PostLine:
    """A row of the table of posts; `posted` is when, and that it is no longer public if so."""

    title: str
    account: str
    url: str
    posted: str
    numbers: Sequence[str]


@dataclass(frozen=True, slots=True)
class TagLine:
    """A row of the table of hashtags."""

    hashtag: str
    note: str
    numbers: Sequence[str]


@dataclass(frozen=True, slots=True)
class Words:
    """Everything that a report says, in the order in which it says it."""

    title: str
    period: str
    made: str
    month: str
    month_before: str
    lines: Sequence[Line]
    posts: Sequence[PostLine]
    posts_by: str
    no_posts: str
    tags: Sequence[TagLine]
    best_times: str
    gaps: Sequence[str]
    notes: Sequence[str]
    fine_print: Sequence[str]


def in_words(content: ReportContent) -> Words:
    """What a report says."""
    first, last = months.first_day(content.month), months.last_day(content.month)
    so_far = ", so far" if content.is_unfinished else ""
    return Words(
        title=f"{months.in_words(content.month)}: {content.subject}",
        period=f"{_day(first)} to {_day(last)} {last.year}{so_far}, in the time zone {content.timezone}",
        made=f"Made {_moment(content.made_at, content.timezone)}",
        month=f"{first:%B}",
        month_before=f"{months.first_day(months.before(content.month)):%B}",
        lines=[_line(figure) for figure in content.figures],
        posts=[_post_line(post, content) for post in content.posts.top],
        posts_by=_posts_by(content.posts, f"{first:%B}"),
        no_posts="No post was read in this month.",
        tags=[_tag_line(tag) for tag in content.posts.hashtags],
        best_times=_best_times(content.posts),
        gaps=_gaps(content),
        notes=_notes(content),
        fine_print=[_provenance(content)],
    )


def number(value: float | None) -> str:
    """18,412, or a dash."""
    return "–" if value is None else f"{value:,.0f}".replace("-", "−")


def signed(value: float | None) -> str:
    """+791 or −12, or a dash."""
    return "–" if value is None else f"{value:+,.0f}".replace("-", "−") if value else "0"


def percent(value: float | None) -> str:
    """8.7 %, or a dash."""
    return "–" if value is None else f"{value * 100:.1f} %"


def _line(figure: MonthlyFigure) -> Line:
    show = percent if figure.is_rate else signed
    difference, trend = _difference(figure)
    return Line(
        name=_NAMES.get(figure.metric, figure.metric.value.capitalize()),
        value=number(figure.value) if figure.is_of_profile else "",
        change=show(figure.change),
        before=show(figure.before),
        difference=difference,
        trend=trend,
        note="; ".join(_line_notes(figure)),
    )


def _difference(figure: MonthlyFigure) -> tuple[str, str]:
    """How the month differs from the one before, like compared with like, and which way."""
    if figure.compared is None or figure.before is None:
        return "–", ""
    apart = figure.compared - figure.before
    trend = "up" if apart > 0 else "down" if apart < 0 else ""
    if not apart:
        return "none", trend
    if figure.is_rate:
        return f"{apart * 100:+.1f} points".replace("-", "−"), trend
    if figure.relative is None:
        return signed(apart), trend
    return f"{figure.relative * 100:+,.0f} %".replace("-", "−"), trend


def _line_notes(figure: MonthlyFigure) -> list[str]:
    said = []
    if figure.change is None:
        said.append(reason(figure.reason))
    else:
        if figure.accounts_in_change < figure.accounts:
            said.append(f"{figure.accounts_in_change} of {figure.accounts} accounts")
        if figure.before is None:
            said.append(reason(figure.comparison_reason))
        elif figure.accounts_compared < figure.accounts_in_change:
            said.append(f"compared: {figure.accounts_compared} accounts")
    if figure.is_restated:
        said.append("TikTok lowered it meanwhile")
    return said


def reason(code: str | None) -> str:
    """Why something is not known; a code without words of its own is shown as it is."""
    return _REASONS.get(code or "", (code or "not known").replace("_", " "))


def _post_line(post: TopPost, content: ReportContent) -> PostLine:
    title = " ".join(post.title.split())
    shown = title if len(title) <= _LONGEST_TITLE else f"{title[: _LONGEST_TITLE - 1].rstrip()}…"
    posted = "" if post.posted_at is None else _posted(post.posted_at, content)
    if post.is_gone:
        posted = f"{posted}, no longer public" if posted else "no longer public"
    counters = [number(each) for each in (post.views, post.likes, post.comments, post.shares)]
    url = post.url if post.url and post.url.startswith("https://") and not post.is_gone else ""
    return PostLine(shown, f"@{post.account}" if content.accounts > 1 and post.account else "", url, posted, counters)


def _posted(moment: datetime, content: ReportContent) -> str:
    day = moment.astimezone(ZoneInfo(content.timezone)).date()
    is_this_year = day.year == months.first_day(content.month).year
    return _day(day) if is_this_year else f"{_day(day)} {day.year}"


def _posts_by(posts: PostsOfMonth, month: str) -> str:
    if posts.is_gained:
        return f"What each gained in {month}, those with most views first, whenever they were posted"
    return f"All that each had by the end of {month}, since none was read before: those with most views first"


def _tag_line(tag: Mapping[str, Any]) -> TagLine:
    views, rate = tag["median_views"], tag["median_engagement_rate"]
    note = "" if tag["is_enough"] else "too few posts to say much"
    return TagLine(f"#{tag['hashtag']}", note, [number(tag["posts"]), number(views), percent(rate)])


def _best_times(posts: PostsOfMonth) -> str:
    """A sentence with the best hours, or on why there are none."""
    if posts.is_too_many:
        return f"Hours and hashtags are not told of more than {MOST_POSTS:,} posts."
    if not posts.best_hours:
        return posts.times_statement
    hours = [
        f"{DAYS[each['weekday'] - 1]} {each['hour']:02}:00 ({number(each['median_views_per_hour'])} views an hour, "
        f"{each['posts']} posts)"
        for each in posts.best_hours
    ]
    noun = "hour" if len(hours) == 1 else "hours"
    return f"Best {noun} to post, by the median views per hour after a day: {', '.join(hours)}."


def _gaps(content: ReportContent) -> list[str]:
    """The days that were not read: metrics with the same days share a line."""
    if not content.gaps:
        return ["None: each day was read."] * bool(content.charts)
    metrics: dict[tuple[date, date, Reason], list[str]] = {}
    for gap in content.gaps:
        metrics.setdefault((gap.first, gap.last, gap.reason), []).append(gap.metric.value)
    found = []
    for (first, last, why), names in sorted(metrics.items()):
        days = _day(first) if first == last else f"{_day(first)} to {_day(last)}"
        found.append(f"{days}: {' and '.join(names)} {reason(why)}")
    return [*found, "What was gained meanwhile is counted on the next day that was read."]


def _notes(content: ReportContent) -> list[str]:
    said = []
    if content.accounts > 1:
        said.append(f"Added up over {content.accounts} accounts.")
    if content.skipped_months:
        skipped = ", ".join(months.in_words(month) for month in content.skipped_months)
        said.append(f"There is no report of {skipped}: the server did not run when it was due.")
    return said


def _provenance(content: ReportContent) -> str:
    read = f", last read {_moment(content.last_read_at, content.timezone)}" if content.last_read_at else ""
    return (
        f"From TikTok’s user/info and video/list{read}. Changes are differences of readings; what was not read is “–” and "
        "never 0. Engagement rate is likes, comments and shares gained for each view gained, over the same posts and days."
    )


def _day(day: date) -> str:
    return f"{day.day} {day:%B}"


def _moment(moment: datetime, timezone: str) -> str:
    local = moment.astimezone(ZoneInfo(timezone))
    return f"{local.day} {local:%B %Y, %H:%M}"
