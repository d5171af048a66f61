"""The instants of weekly times.

On a day on which the clocks jump over a slot, there is none; where its time is there twice, the first is the slot.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from tiktok_api.posts.queue_slots.errors import NoFreeSlot
from tiktok_api.posts.schedule import WallTime, read_wall_time

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
FORESIGHT_YEARS = 5
FORESIGHT = timedelta(days=1827)
_A_DAY = timedelta(days=1)


class FreeSlots:
    """Slots by their place in their order; they are found as far as they are asked for."""

    def __init__(self, coming: Iterable[WallTime]) -> None:
        self._coming, self._found = iter(coming), list[WallTime]()

    def __getitem__(self, place: int) -> WallTime:
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


def slots_of(weekly: Sequence[Mapping[str, str]], timezone: str, *, after: datetime) -> Iterator[WallTime]:
    """Yields the slots after an instant in their order, for the next five years."""
    zone = ZoneInfo(timezone)
    by_day: dict[int, list[time]] = {}
    for each in weekly:
        by_day.setdefault(WEEKDAYS.index(each["weekday"]), []).append(time.fromisoformat(each["time"]))
    day, before = after.astimezone(zone).date() - _A_DAY, after + FORESIGHT
    while by_day:
        for at_time in sorted(by_day.get(day.weekday(), ())):
            slot = read_wall_time(datetime.combine(day, at_time), zone)
            if slot.at >= before:
                return
            if slot.at > after and slot.note != "moved_over_gap":
                yield slot
        day += _A_DAY
