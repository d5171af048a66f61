"""Changes of clocks, and the instants of wall times, found by conversions from UTC alone: independent of `fold`."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

_FIRST, _DAYS = datetime(2024, 1, 1, tzinfo=UTC), 7 * 365 + 2
_A_DAY, _A_MINUTE = timedelta(days=1), timedelta(minutes=1)


@cache
def changes(name: str) -> tuple[datetime, ...]:
    """The minutes from 2024 to 2030 at which the offset of a zone changes, in UTC."""
    zone, found = ZoneInfo(name), []
    for number in range(_DAYS):
        early = _FIRST + number * _A_DAY
        late = early + _A_DAY
        if offset(early, zone) == offset(late, zone):
            continue
        before = offset(early, zone)
        while late - early > _A_MINUTE:
            middle = early + (late - early) / 2
            middle -= timedelta(seconds=middle.second, microseconds=middle.microsecond)
            middle = max(middle, early + _A_MINUTE)
            early, late = (middle, late) if offset(middle, zone) == before else (early, middle)
        found.append(late)
    return tuple(found)


def offset(at: datetime, zone: ZoneInfo) -> timedelta:
    """What clocks in a zone show at an instant, less UTC."""
    return at.astimezone(zone).replace(tzinfo=None) - at.replace(tzinfo=None)


def instants(wall: datetime, zone: ZoneInfo) -> list[datetime]:
    """Every instant at which clocks in a zone show a wall time: none in a gap, two in an overlap."""
    around = wall.replace(tzinfo=UTC)
    offsets = {offset(around + timedelta(hours=hours), zone) for hours in range(-39, 40, 3)}
    candidates = {around - each for each in offsets}
    return sorted(at for at in candidates if at.astimezone(zone).replace(tzinfo=None) == wall)


def as_if_not_changed(wall: datetime, change: datetime, zone: ZoneInfo) -> datetime:
    """The instant of a wall time in a gap by the clocks as they were before the change."""
    return wall.replace(tzinfo=UTC) - offset(change - _A_MINUTE, zone)


def walls_around(change: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """Wall times before, in and after the gap or overlap of a change."""
    before, after = offset(change - _A_MINUTE, zone), offset(change, zone)
    edges = sorted([(change + before).replace(tzinfo=None), (change + after).replace(tzinfo=None)])
    middle = edges[0] + (edges[1] - edges[0]) / 2
    middle -= timedelta(seconds=middle.second, microseconds=middle.microsecond)
    yield from (edges[0] - _A_MINUTE, edges[0], middle, edges[1] - _A_MINUTE, edges[1])
