"""Windows of time in any zone: from the dates or instants of a request to the instants that bound them.

A local day is what the zone says it is: 23 or 25 hours when clocks change, and none at all where a country jumped the
date line. Nothing here adds 24 hours to anything.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from tiktok_api.analytics.errors import WindowBackwards, WindowOutOfRange, WindowTooLong
from tiktok_api.analytics.metrics import Interval

Moment = date | datetime
"""A local date, or an aware instant."""

DEFAULT_DAYS = 30
MOST_POINTS = 400
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)


@dataclass(frozen=True, slots=True)
class Window:
    """From `starts_at` up to, but not including, `ends_at`; days are those of `timezone`."""

    starts_at: datetime
    ends_at: datetime
    timezone: str

    @property
    def zone(self) -> ZoneInfo:
        """The rules of its days."""
        return ZoneInfo(self.timezone)

    @property
    def whole(self) -> "Period":
        """The window as one period."""
        return Period(self.starts_at.astimezone(self.zone).date(), self.starts_at, self.ends_at)


@dataclass(frozen=True, slots=True)
class Period:
    """A piece of a window, and the local date on which it begins."""

    date: date
    starts_at: datetime
    ends_at: datetime


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a local date, in UTC.

    Where midnight is skipped this is the instant of the change, and where it happens twice the first of both: with
    fold=0 the offset before the change applies (PEP 495).
    """
    return datetime.combine(day, time(), zone).astimezone(UTC)


def last_day(span: Period | Window, zone: ZoneInfo) -> date:
    """The local date on which a period or a window ends."""
    return (span.ends_at - timedelta(microseconds=1)).astimezone(zone).date()


def make_window(starts: Moment | None, ends: Moment | None, *, timezone: str, now: datetime) -> Window:
    """The window of a request: `ends` as a date is its last day, as an instant it is excluded.

    Without an end: until the end of today; without a start: the 30 local days up to the end.
    Raises WindowBackwards, WindowOutOfRange.
    """
    zone = ZoneInfo(timezone)
    ends_at = _end_of(ends if ends is not None else now.astimezone(zone).date(), zone)
    if starts is None:
        ends_on = (ends_at - timedelta(microseconds=1)).astimezone(zone).date()
        starts = ends_on - timedelta(days=DEFAULT_DAYS - 1)
    starts_at = _in_range(starts, "from", zone)
    if starts_at >= ends_at:
        raise WindowBackwards.at(parameter="from")
    return Window(starts_at, ends_at, timezone)


def window_before(window: Window) -> Window:
    """The window that is compared with another: as long, and it ends where the other begins.

    Whole months are compared with as many whole months, other whole days with as many days that there were in the zone, and
    what begins or ends within a day with the same duration.
    """
    zone = window.zone
    first, last = window.starts_at.astimezone(zone).date(), window.ends_at.astimezone(zone).date()
    if not is_of_whole_days(window):
        return Window(window.starts_at - (window.ends_at - window.starts_at), window.starts_at, window.timezone)
    if first.day == last.day == 1:
        months = 12 * (last.year - first.year) + last.month - first.month
        begins = _months_earlier(first, months)
    else:
        days = _days_between(first, last, zone)
        begins = first - timedelta(days=days)
        while (missing := days - _days_between(begins, first, zone)) > 0:  # the zone left out a date
            begins -= timedelta(days=missing)
    return Window(start_of_day(begins, zone), window.starts_at, window.timezone)


def is_of_whole_days(window: Window) -> bool:
    """Returns True if the window begins and ends where days of its zone do."""
    return all(
        start_of_day(bound.astimezone(window.zone).date(), window.zone) == bound
        for bound in (window.starts_at, window.ends_at)
    )


def _months_earlier(first: date, months: int) -> date:
    years, month = divmod(12 * first.year + first.month - 1 - months, 12)
    return date(years, month + 1, 1)


def _days_between(first: date, last: date, zone: ZoneInfo) -> int:
    """How many of the dates from `first` up to `last` there were: one that was left out has moved the zone by a day."""
    hours = (start_of_day(last, zone) - start_of_day(first, zone)) / timedelta(hours=1)
    return round(hours / 24)


def _end_of(moment: Moment, zone: ZoneInfo) -> datetime:
    _in_range(moment, "to", zone)
    if isinstance(moment, datetime):
        return moment.astimezone(UTC)
    return start_of_day(moment + timedelta(days=1), zone)


def _in_range(moment: Moment, parameter: str, zone: ZoneInfo) -> datetime:
    day = moment.date() if isinstance(moment, datetime) else moment
    if not EARLIEST < day < LATEST:
        raise WindowOutOfRange.at(parameter=parameter, earliest=EARLIEST, latest=LATEST)
    return moment.astimezone(UTC) if isinstance(moment, datetime) else start_of_day(moment, zone)


@lru_cache(maxsize=256)
def cut(window: Window, interval: Interval) -> tuple[Period, ...]:
    """The window's days, weeks or months in order; the first and last are cut by the window.

    Raises WindowTooLong for more than 400.
    """
    bounds = [window.starts_at]
    for bound in _starts(window, interval):
        if bound >= window.ends_at:
            break
        if bound > bounds[-1]:
            bounds.append(bound)
        if len(bounds) > MOST_POINTS:
            raise WindowTooLong.at(parameter="from", most=MOST_POINTS, interval=interval.value)
    bounds.append(window.ends_at)
    zone = window.zone
    return tuple(Period(start.astimezone(zone).date(), start, end) for start, end in pairwise(bounds))


def _starts(window: Window, interval: Interval) -> Iterator[datetime]:
    """The starts of the window's days, weeks or months after the first."""
    zone = window.zone
    day = window.starts_at.astimezone(zone).date()
    while True:
        day = _next(day, interval)
        yield start_of_day(day, zone)


def _next(day: date, interval: Interval) -> date:
    if interval is Interval.MONTH:
        return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return day + timedelta(days=1 if interval is Interval.DAY else 7 - day.weekday())
