"""Values and changes from what was known at some instants: pure arithmetic on cumulative counters.

The value of a period is the last reading taken in it, and its change is the difference from the last reading before it.
So changes add up: those of a window's days sum to the window's, whatever was missed in between, because a day without a
reading has no change and the next one is counted from before the gap (`changed_since` says so).
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from tiktok_api.analytics.metrics import Reason
from tiktok_api.analytics.windows import Period

RATE_DIGITS = 6


class Snapshot(NamedTuple):
    """One metric in the last reading before some instant.

    `value` is what TikTok said; changes are differences of `total`, which for sums over videos leaves out what a video
    had when it was first seen, and keeps the gains of deleted videos. `drops` counts how often TikTok has lowered it.
    """

    captured_at: datetime
    value: int | None
    total: int | None
    drops: int = 0


class Point(NamedTuple):
    """One metric over one period. `reason` says why `value` is null or, if it is not, why `change` is."""

    date: date
    starts_at: datetime
    ends_at: datetime
    value: float | None
    change: int | None
    captured_at: datetime | None
    changed_since: datetime | None
    is_restated: bool
    reason: Reason | None


def measure(
    periods: Sequence[Period], snapshots: Sequence[Snapshot | None], *, now: datetime, is_granted: bool = True
) -> list[Point]:
    """The points of one metric; `snapshots` are taken at the start of the first period and at the end of each.

    A reading that TikTok left the number out of is a gap like any other: the next change is counted from before it. Without
    the scope (`is_granted`), that is the reason of every missing value.
    """
    before, points = snapshots[0], []
    for period, last in zip(periods, snapshots[1:], strict=True):
        points.append(_measure_one(period, before, last, now, is_granted))
        if last is not None and last.total is not None:
            before = last
    return points


def _measure_one(
    period: Period, before: Snapshot | None, last: Snapshot | None, now: datetime, is_granted: bool
) -> Point:
    if last is None or last.captured_at < period.starts_at:
        return _unknown(period, _why_unread(period, last, now, is_granted))
    if last.value is None or last.total is None:
        return _unknown(period, Reason.LEFT_OUT_BY_TIKTOK)
    is_restated = last.drops > (before.drops if before else 0)
    if before is None or before.total is None:
        change, changed_since, reason = None, None, Reason.NO_READING_BEFORE_WINDOW
    else:
        change, changed_since, reason = last.total - before.total, before.captured_at, None
    return Point(
        period.date,
        period.starts_at,
        period.ends_at,
        last.value,
        change,
        last.captured_at,
        changed_since,
        is_restated,
        reason,
    )


def _why_unread(period: Period, last: Snapshot | None, now: datetime, is_granted: bool) -> Reason:
    if period.starts_at > now:
        return Reason.IN_THE_FUTURE
    if not is_granted:
        return Reason.SCOPE_MISSING
    return Reason.NOT_READ_YET if last is None else Reason.NO_READING_IN_WINDOW


def _unknown(period: Period, reason: Reason) -> Point:
    return Point(period.date, period.starts_at, period.ends_at, None, None, None, None, False, reason)


def rate(views: Sequence[Point], interactions: Sequence[Point]) -> list[Point]:
    """Interactions per view in each period; both must have been measured over the same videos and periods.

    Null without views, also if TikTok took more of them back than were gained.
    """
    return [_rate_one(seen, done) for seen, done in zip(views, interactions, strict=True)]


def _rate_one(views: Point, interactions: Point) -> Point:
    value, reason = None, views.reason
    if views.change is not None and interactions.change is not None:
        if views.change > 0:
            value = round(interactions.change / views.change, RATE_DIGITS)
        else:
            reason = Reason.NO_VIEWS
    return Point(
        views.date,
        views.starts_at,
        views.ends_at,
        value,
        None,
        views.captured_at,
        views.changed_since,
        views.is_restated or interactions.is_restated,
        reason,
    )
