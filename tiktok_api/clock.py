"""Business time: the real clock, plus an offset that only a test clock may set."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
"""Times from outside are from the first, and before the second: a day earlier or later, in any zone, is on the calendar too."""


def is_usable(moment: datetime) -> bool:
    """Returns True if an aware time from outside is in the years that every zone, library and database knows."""
    return EARLIEST <= moment < LATEST


def _no_offset() -> timedelta:
    return timedelta(0)


_offset_source: Callable[[], timedelta] = _no_offset


def use(offset_source: Callable[[], timedelta]) -> None:
    """Set the function that returns how far business time is ahead; `app.py` does so once, for every process."""
    global _offset_source
    _offset_source = offset_source


def offset() -> timedelta:
    """How far business time is ahead of the real clock."""
    return _offset_source()


def now() -> datetime:
    """The time by which posts go out and TikTok's tokens expire, aware, in UTC.

    Leases, sessions and rate limits use the real clock instead: moving the test clock must not steal work
    from a living worker or sign people out.
    """
    return datetime.now(UTC) + _offset_source()
