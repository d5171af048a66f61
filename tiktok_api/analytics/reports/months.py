"""Months of the calendar as 2027-02: their days in a zone, and when a schedule reports them."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tiktok_api.analytics.windows import Window, start_of_day

REPORT_HOUR = time(6)
"""A schedule begins at this wall time of the first day: readings of the last evening are there by then."""


def month_of(day: date) -> str:
    """The month of a day."""
    return f"{day:%Y-%m}"


def first_day(month: str) -> date:
    """The first day of a month."""
    return date.fromisoformat(f"{month}-01")


def after(month: str) -> str:
    """The next month."""
    return month_of(first_day(month) + timedelta(days=32))


def before(month: str) -> str:
    """The month before."""
    return month_of(first_day(month) - timedelta(days=1))


def last_day(month: str) -> date:
    """The last day of a month."""
    return first_day(after(month)) - timedelta(days=1)


def window_of(month: str, timezone: str) -> Window:
    """From the first instant of its first day to that of the next month's, in this zone."""
    zone = ZoneInfo(timezone)
    return Window(start_of_day(first_day(month), zone), start_of_day(first_day(after(month)), zone), timezone)


def reported_at(month: str, timezone: str) -> datetime:
    """When a schedule begins the report of a month: at 6 on the first day of the next one; later where that hour is skipped."""
    wall = datetime.combine(first_day(after(month)), REPORT_HOUR, ZoneInfo(timezone))
    return wall.astimezone(ZoneInfo("UTC"))


def last_whole(now: datetime, timezone: str) -> str:
    """The last month whose report is due by now."""
    month = before(month_of(now.astimezone(ZoneInfo(timezone)).date()))
    return month if reported_at(month, timezone) <= now else before(month)


def between(first: str, last: str) -> list[str]:
    """The months from `first` up to, but not including, `last`."""
    found = []
    while first < last:
        found.append(first)
        first = after(first)
    return found


def in_words(month: str) -> str:
    """As people write it: February 2027."""
    return f"{first_day(month):%B %Y}"
