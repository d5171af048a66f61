"""Weekly times as instants, held against a look at every minute of the weeks in which clocks change."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.posts.recurrences import clock_changes
from tiktok_api.posts.queue_slots.errors import NoFreeSlot
from tiktok_api.posts.queue_slots.slots import WEEKDAYS, FreeSlots, slots_of

ZONES = [
    "America/New_York",
    "America/St_Johns",
    "Africa/Casablanca",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Pacific/Apia",
    "UTC",
]
_A_MINUTE = timedelta(minutes=1)
TIMES = st.builds(time, st.sampled_from([0, 1, 2, 3, 12, 23]), st.sampled_from([0, 15, 30, 45, 59]))
WEEKS = st.lists(st.tuples(st.sampled_from(WEEKDAYS), TIMES), min_size=1, max_size=12, unique=True)


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(ZONES), st.integers(0, 13), WEEKS, st.integers(0, 5000))
def test_slots_are_the_first_minutes_at_which_clocks_show_them(name, number, week, minutes):
    changes = clock_changes.changes(name)
    middle = changes[number % len(changes)] if changes else datetime(2027, 3, 2, tzinfo=UTC)
    after = middle - timedelta(days=4) + minutes * _A_MINUTE
    slots = [{"weekday": day, "time": at.isoformat("minutes")} for day, at in week]

    found = []
    for slot in slots_of(slots, name, after=after):
        if slot.at > after + timedelta(days=9):
            break
        found.append(slot.at)

    assert found == every_minute(week, ZoneInfo(name), after, after + timedelta(days=9))


def every_minute(week, zone, after, until):
    """The instants in (after, until] at which clocks show a time of the week for the first time."""
    wanted, shown, found = {(WEEKDAYS.index(day), at) for day, at in week}, set(), []
    at = after - timedelta(hours=6)
    while at <= until:
        wall = at.astimezone(zone).replace(tzinfo=None, fold=0)
        if (wall.weekday(), wall.time()) in wanted and wall not in shown:
            shown.add(wall)
            found += [at] if at > after else []
        at += _A_MINUTE
    return found


def test_a_slot_that_is_there_twice_keeps_its_instant_and_others_their_wall_time():
    week = [{"weekday": "sunday", "time": "02:30"}]

    slots = slots_of(week, "Europe/Berlin", after=datetime(2027, 10, 30, tzinfo=UTC))

    assert next(slots).as_time == {"publish_at": datetime(2027, 10, 31, 0, 30, tzinfo=UTC)}
    assert next(slots).as_time == {"local_time": "2027-11-07T02:30", "timezone": "Europe/Berlin"}


@settings(deadline=None)
@given(
    WEEKS, st.integers(0, 60), st.datetimes(datetime.fromisoformat("2027-01-01"), datetime.fromisoformat("2027-02-01"))
)
def test_places_are_those_of_the_order(week, place, moment):
    slots = [{"weekday": day, "time": at.isoformat("minutes")} for day, at in week]
    start = datetime(2027, 1, 1, tzinfo=UTC)
    free = FreeSlots(slots_of(slots, "UTC", after=start))
    at = moment.replace(tzinfo=UTC)

    found = free.place_of(at)

    assert free[found].at >= at
    assert found == 0 or free[found - 1].at < at
    assert free[place].at < free[place + 1].at


def test_slots_end_in_five_years_and_no_week_has_none():
    start = datetime(2027, 1, 1, tzinfo=UTC)
    free = FreeSlots(slots_of([{"weekday": "monday", "time": "09:00"}], "UTC", after=start))

    assert free[259].at < start + timedelta(days=1827)
    with pytest.raises(NoFreeSlot):
        free[261]
    assert list(slots_of([], "UTC", after=start)) == []
