"""The instants of weekly times.

On a day on which the clocks jump over a slot, there is none; where its time is there twice, the first is the slot.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tiktok_api.posts.queue_slots.errors import NoFreeSlot
from tiktok_api.posts.schedule import first_instant

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
FORESIGHT_YEARS = 5
FORESIGHT = timedelta(days=1827)
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Slot:
    """One slot of one week, on an account's calendar; `is_plain` unless its wall time is there twice."""

    wall: datetime
    at: datetime
    timezone: str
    is_plain: bool = True

    @property
    def local_time(self) -> str:
        """The wall time, to the minute."""
        return self.wall.isoformat(timespec="minutes")

    @property
    def as_time(self) -> dict[str, Any]:
        """The arguments by which a post is scheduled for it: the wall time is kept where it is one instant."""
        if self.is_plain:
            return {"local_time": self.local_time, "timezone": self.timezone}
        return {"publish_at": self.at}


class FreeSlots:
    """Slots by their place in their order; they are found as far as they are asked for."""

    def __init__(self, coming: Iterable[Slot]) -> None:
        self._coming, self._found = iter(coming), list[Slot]()

    def __getitem__(self, place: int) -> Slot:
        """Returns the slot at a place. Raises NoFreeSlot."""
        while len(self._found) <= place:
            self._find_one_more()
        return self._found[place]

    def place_of(self, moment: datetime) -> int:
        """Returns the place of the first slot that is not before a moment. Raises NoFreeSlot."""
        while not self._found or self._found[-1].at < moment:
            self._find_one_more()
        return bisect_left(self._found, moment, key=lambda slot: slot.at)

    def _find_one_more(self) -> None:
        slot = next(self._coming, None)
        if slot is None:
            raise NoFreeSlot(years=FORESIGHT_YEARS)
        self._found.append(slot)


def slots_of(weekly: Sequence[Mapping[str, str]], timezone: str, *, after: datetime) -> Iterator[Slot]:
    """Yields the slots after an instant in their order, for the next five years."""
    zone = ZoneInfo(timezone)
    by_day: dict[int, list[time]] = {}
    for each in weekly:
        by_day.setdefault(WEEKDAYS.index(each["weekday"]), []).append(time.fromisoformat(each["time"]))
    day, before = after.astimezone(zone).date() - _A_DAY, after + FORESIGHT
    while by_day:
        for at_time in sorted(by_day.get(day.weekday(), ())):
            wall = datetime.combine(day, at_time)
            at, note = first_instant(wall, zone)
            if at >= before:
                return
            if at > after and note != "moved_over_gap":
                yield Slot(wall, at, timezone, is_plain=note is None)
        day += _A_DAY
