"""What analytics found as charts to be drawn: the title, the headline and the other words around the numbers."""

from collections.abc import Sequence
from enum import StrEnum

from tiktok_api import clock
from tiktok_api.analytics import windows
from tiktok_api.analytics.charts.drawing import axes
from tiktok_api.analytics.charts.drawing.line_chart import Dot, LineChart
from tiktok_api.analytics.metrics import PROFILE_METRICS, Metric, Reason, scope_for
from tiktok_api.analytics.series import Point
from tiktok_api.analytics.services import Series
from tiktok_api.analytics.windows import Window


class Show(StrEnum):
    """Whether a chart shows the values or the change in each period."""

    VALUE = "value"
    CHANGE = "change"


_EMPTY = {
    Reason.SCOPE_MISSING: "The person did not grant {scope}",
    Reason.NO_READING_IN_WINDOW: "Nothing was read in this window",
    Reason.NO_READING_BEFORE_WINDOW: "A change needs a reading from before",
    Reason.LEFT_OUT_BY_TIKTOK: "TikTok does not say",
    Reason.NO_VIEWS: "No views in this window",
    Reason.IN_THE_FUTURE: "This is still to come",
}


def series_chart(series: Series, show: Show) -> LineChart:
    """Returns a series as a chart to be drawn. A rate has no change and is always shown by value."""
    is_rate = series.metric is Metric.ENGAGEMENT_RATE
    is_change = show is Show.CHANGE and not is_rate
    shown = [point.change if is_change else point.value for point in series.points]
    now = clock.now()
    dots = [
        Dot(point.date, value, point.is_restated, is_future=point.starts_at > now)
        for point, value in zip(series.points, shown, strict=True)
    ]
    headline, note = _headline(series.points, is_rate=is_rate, is_change=is_change)
    return LineChart(
        key=f"chart-{series.account_id}-{series.metric}-{show}",
        title=_title(series, is_change),
        subtitle=_subtitle(series),
        headline=headline,
        note=note,
        dots=dots,
        unit=_unit(series, is_change),
        is_rate=is_rate,
        is_change=is_change,
        empty=_why_empty(series),
        # Followers may leave by themselves; the counts of a video are lowered by TikTok alone.
        restated="went down" if series.metric in PROFILE_METRICS else "a count was lowered by TikTok",
    )


def _unit(series: Series, is_change: bool) -> str:
    if series.metric is Metric.ENGAGEMENT_RATE:
        return "likes, comments and shares per view"
    return f"new {series.metric} per {series.interval}" if is_change else str(series.metric)


def _title(series: Series, is_change: bool) -> str:
    name = series.metric.value.replace("_", " ").capitalize()
    if is_change:
        name = f"New {name.lower()}"
    return f"{name} of @{series.username}" if series.username else name


def _subtitle(series: Series) -> str:
    return f"{days_of(series.window)}, by {series.interval}, {series.window.timezone}"


def days_of(window: Window) -> str:
    """The first and the last day of a window: 1 Feb 2027 – 2 Mar 2027."""
    return f"{axes.day(window.whole.date)} – {axes.day(windows.last_day(window, window.zone))}"


def _headline(points: Sequence[Point], *, is_rate: bool, is_change: bool) -> tuple[str, str]:
    """The number in the corner and the line below it: the last value and its change, or only the change."""
    known = [point for point in points if point.value is not None]
    if not known or known[-1].value is None:
        return "–", ""
    last = known[-1]
    if is_rate:
        return axes.percent(last.value or 0.0), f"on {axes.day(last.date)}"
    changes = [point.change for point in known if point.change is not None]
    since = "in this window" if known[0].change is not None else f"since {axes.day(known[0].date)}"
    came = f"{axes.signed(sum(changes))} {since}" if changes else f"on {axes.day(last.date)}"
    if is_change:
        return (axes.signed(sum(changes)), since) if changes else ("–", "")
    return axes.number(last.value or 0.0), came


def _why_empty(series: Series) -> str:
    reason = next((point.reason for point in reversed(series.points) if point.reason is not Reason.IN_THE_FUTURE), None)
    words = _EMPTY.get(reason or Reason.IN_THE_FUTURE, "Nothing has been read yet")
    return words.format(scope=scope_for(series.metric))
