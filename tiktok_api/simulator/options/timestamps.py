"""Points in time as text: RFC 3339 in and out, within the years that the simulator knows."""

from datetime import UTC, datetime

EARLIEST = datetime(1980, 1, 1, tzinfo=UTC).timestamp()
LATEST = datetime(2038, 1, 1, tzinfo=UTC).timestamp()
"""Ids are 64 bits with the second in their upper half: outside these years they would not have 19 digits."""


def within_time(moment: float) -> float:
    """Returns the same moment. Raises ValueError if it is before EARLIEST, after LATEST, or not a number."""
    if not EARLIEST <= moment <= LATEST:
        raise ValueError("time here runs from 1980 to 2037")
    return moment


def iso(moment: float | None) -> str | None:
    """Returns a moment as RFC 3339 in UTC with milliseconds."""
    if moment is None:
        return None
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_iso(text: object) -> float:
    """Returns the moment of an RFC 3339 text with a zone, or of a number of seconds since 1970.

    Raises ValueError for other values, and for moments before 1980 or after 2037.
    """
    if isinstance(text, int | float):
        return within_time(float(text))
    moment = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    if moment.tzinfo is None:
        raise ValueError("a time needs its zone, for instance a trailing Z")
    return within_time(moment.timestamp())
