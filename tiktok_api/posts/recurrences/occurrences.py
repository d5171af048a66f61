"""When a recurrence happens: the wall times of its rule as instants, without its exceptions.

Where clocks jump over a wall time, the instant is as if they had not (RFC 5545, section 3.3.5): 02:30 becomes 03:30. Where
a wall time is there twice, the first counts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tiktok_api import clock
from tiktok_api.posts.recurrences import rules
from tiktok_api.posts.recurrences.errors import RuleWithoutOccurrence, StartNotPossible
from tiktok_api.posts.schedule import WallTime, read_wall_time

FORESIGHT_YEARS = 10
FORESIGHT = timedelta(days=3653)
"""No rule is followed further than ten years ahead."""
EARLIEST_START, LATEST_START = timedelta(days=366), timedelta(days=1830)


@dataclass(frozen=True, slots=True)
class Timetable:
    """A rule with its first wall time, its zone and its exceptions: days, or wall times."""

    rule: str
    local_time: str
    timezone: str
    exceptions: Sequence[str]


def occurrences_of(timetable: Timetable, *, after: datetime, before: datetime) -> Iterator[WallTime]:
    """Yields the occurrences after one instant and before another, in their order. Raises RuleNotSupported."""
    zone, start = ZoneInfo(timetable.timezone), datetime.fromisoformat(timetable.local_time)
    excluded = set(timetable.exceptions)
    for wall in rules.parse(timetable.rule, start=start, zone=zone):
        found = read_wall_time(wall, zone)
        if found.at >= before:
            return
        if found.at > after and not excluded & {found.local_date, found.local_time}:
            yield found


def next_occurrence(timetable: Timetable, *, after: datetime) -> WallTime | None:
    """Returns the first occurrence after an instant, if there is one in the next ten years."""
    return next(occurrences_of(timetable, after=after, before=after + FORESIGHT), None)


def first_occurrence(timetable: Timetable) -> WallTime:
    """Returns what comes next of a new series. Raises RuleNotSupported, StartNotPossible, RuleWithoutOccurrence."""
    now = clock.now()
    start = read_wall_time(datetime.fromisoformat(timetable.local_time), ZoneInfo(timetable.timezone))
    if not now - EARLIEST_START <= start.at <= now + LATEST_START:
        raise StartNotPossible.at("/local_time", back=EARLIEST_START.days, ahead=LATEST_START.days)
    found = next_occurrence(timetable, after=now)
    if found is None:
        raise RuleWithoutOccurrence.at("/rule", years=FORESIGHT_YEARS)
    return found
