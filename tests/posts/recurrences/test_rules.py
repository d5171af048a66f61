"""Rules: the examples of the RFC, every change of clocks, and hostile ones that must not compute for ever."""

import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.posts.recurrences import clock_changes
from tests.web.problems import assert_problem
from tiktok_api.errors import Invalid
from tiktok_api.posts.recurrences.occurrences import Timetable, next_occurrence, occurrences_of

NEVER_LONGER_SECONDS = 3.0
"""Of computing for one look: what is refused or found takes milliseconds, the slowest hostile rule 0.3 s."""
LONG_AGO, LATER = datetime(1990, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)
ALL_ZONES = sorted(available_timezones() - {"localtime", "Factory", "posixrules"})


def days_of(rule, start, *, exceptions=(), zone="America/New_York", most=6):
    timetable = Timetable(rule, start, zone, exceptions)
    found = occurrences_of(timetable, after=LONG_AGO, before=LATER)
    return [each.wall.strftime("%Y-%m-%d") for _, each in zip(range(most), found, strict=False)]


@pytest.mark.parametrize("zone", ["America/New_York", "UTC", "Europe/Berlin"])
def test_the_last_second_of_the_calendar_means_always_in_every_zone(zone):
    assert len(days_of("FREQ=DAILY;UNTIL=99991231T235959Z", "1997-09-02T09:00", zone=zone)) == 6
    assert days_of("FREQ=DAILY;UNTIL=00010101T000000Z", "1997-09-02T09:00", zone=zone) == []


@pytest.mark.parametrize(
    ("rule", "start", "days"),
    [
        ("FREQ=DAILY;COUNT=3", "1997-09-02T09:00", ["1997-09-02", "1997-09-03", "1997-09-04"]),
        ("FREQ=DAILY;INTERVAL=10;COUNT=3", "1997-09-02T09:00", ["1997-09-02", "1997-09-12", "1997-09-22"]),
        ("RRULE:FREQ=DAILY;UNTIL=19970904;", "1997-09-02T09:00", ["1997-09-02", "1997-09-03", "1997-09-04"]),
        ("FREQ=DAILY;UNTIL=19970904T085959", "1997-09-02T09:00", ["1997-09-02", "1997-09-03"]),
        ("FREQ=DAILY;UNTIL=19970904T130000Z", "1997-09-02T09:00", ["1997-09-02", "1997-09-03", "1997-09-04"]),
        ("FREQ=DAILY;UNTIL=19970904T125959Z", "1997-09-02T09:00", ["1997-09-02", "1997-09-03"]),
        ("FREQ=DAILY;BYMONTH=1;COUNT=2", "1997-12-31T09:00", ["1998-01-01", "1998-01-02"]),
        (
            "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",
            "1997-08-05T09:00",
            ["1997-08-05", "1997-08-10", "1997-08-19", "1997-08-24"],
        ),
        (
            "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU",
            "1997-08-05T09:00",
            ["1997-08-05", "1997-08-17", "1997-08-19", "1997-08-31"],
        ),
        ("FREQ=MONTHLY;COUNT=3;BYDAY=-2MO", "1997-09-22T09:00", ["1997-09-22", "1997-10-20", "1997-11-17"]),
        ("FREQ=MONTHLY;COUNT=3;BYMONTHDAY=-3", "1997-09-28T09:00", ["1997-09-28", "1997-10-29", "1997-11-28"]),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;COUNT=2", "1997-09-02T09:00", ["1998-02-13", "1998-03-13"]),
        (
            "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3",
            "1997-09-04T09:00",
            ["1997-09-04", "1997-10-07", "1997-11-06"],
        ),
        ("FREQ=YEARLY;COUNT=3;BYMONTH=6,7", "1997-06-10T09:00", ["1997-06-10", "1997-07-10", "1998-06-10"]),
        ("FREQ=YEARLY;BYDAY=20MO;COUNT=2", "1997-05-19T09:00", ["1997-05-19", "1998-05-18"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31;COUNT=3", "1997-01-31T09:00", ["1997-01-31", "1997-03-31", "1997-05-31"]),
    ],
)
def test_rules_mean_what_the_rfc_says(rule, start, days):
    assert days_of(rule, start) == days


def test_exceptions_count_as_occurrences_and_do_not_happen():
    found = days_of("FREQ=DAILY;COUNT=3", "2027-03-02T09:00", exceptions=["2027-03-03", "2027-03-04T10:00"])

    assert found == ["2027-03-02", "2027-03-04"]


def check_zone(name):
    zone = ZoneInfo(name)
    for change in clock_changes.changes(name):
        for wall in clock_changes.walls_around(change, zone):
            start = wall - timedelta(days=2)
            timetable = Timetable("FREQ=DAILY;COUNT=5", start.isoformat(timespec="minutes"), name, [])
            found = {each.wall: each for each in occurrences_of(timetable, after=LONG_AGO, before=LATER)}
            assert list(found) == [start + timedelta(days=number) for number in range(5)], (name, wall)
            expected = clock_changes.instants(wall, zone)
            note = {0: "moved_over_gap", 1: None, 2: "first_of_two"}[len(expected)]
            at = expected[0] if expected else clock_changes.as_if_not_changed(wall, change, zone)
            assert (found[wall].at, found[wall].note) == (at, note), (name, wall)


@pytest.mark.parametrize("name", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"])
def test_the_clocks_of_well_known_zones_change(name):
    assert len(clock_changes.changes(name)) >= 14


def test_recurrences_pass_every_change_of_clocks_of_every_zone():
    for name in ALL_ZONES:
        check_zone(name)

    assert sum(len(clock_changes.changes(name)) for name in ALL_ZONES) > 1000


HOSTILE = [
    "FREQ=YEARLY;BYEASTER=0",
    "FREQ=SECONDLY",
    "FREQ=MINUTELY;INTERVAL=1440",
    "FREQ=HOURLY",
    "FREQ=DAILY;BYHOUR=1,2,3",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31",
    "FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=2",
    "FREQ=DAILY;BYMONTHDAY=30;BYMONTH=2",
    "FREQ=DAILY;INTERVAL=7;BYDAY=MO",
    "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=1",
    "FREQ=YEARLY;BYYEARDAY=366",
    "FREQ=MONTHLY;INTERVAL=999999999999",
    "FREQ=DAILY;INTERVAL=0",
    "FREQ=DAILY;INTERVAL=-1",
    "FREQ=DAILY;COUNT=0",
    "FREQ=DAILY;COUNT=99999999",
    "FREQ=DAILY;COUNT=1;UNTIL=20270401",
    "FREQ=DAILY;UNTIL=20270230",
    "FREQ=DAILY;UNTIL=00010101T000000Z",
    "FREQ=DAILY;UNTIL=99991231T235959Z;INTERVAL=x",
    "FREQ=DAILY;FREQ=WEEKLY",
    "FREQ=WEEKLY;BYDAY=1MO",
    "FREQ=MONTHLY;BYDAY=6MO",
    "FREQ=MONTHLY;BYDAY=XX",
    "FREQ=MONTHLY;BYSETPOS=1",
    "FREQ=MONTHLY;BYMONTHDAY=0",
    "FREQ=MONTHLY;BYDAY=MO;BYMONTHDAY=13;BYSETPOS=2",
    "FREQ=DAILY;UNTIL=19990101",
    "BYDAY=MO",
    "FREQ",
    "FREQ=",
    "nonsense",
    "FREQ=DA\N{LATIN SMALL LETTER DOTLESS I}LY",
    "FREQ=WEEKLY;BYDAY=\N{LATIN SMALL LETTER LONG S}A",
    "FREQ=DAILY;INTERVAL=\N{FULLWIDTH DIGIT TWO}",
    "FREQ=DAILY\\nRRULE:FREQ=DAILY",
]


@pytest.mark.parametrize("rule", HOSTILE)
def test_hostile_and_empty_rules_are_refused_at_once(rule, owner, days_ahead):
    wish = {"rule": rule, "local_time": days_ahead(1).strftime("%Y-%m-%dT%H:%M"), "timezone": "Europe/Berlin"}

    answer = owner.post("/recurrences/preview", json=wish)

    assert [fault["pointer"] for fault in assert_problem(answer, 422)["errors"]] == ["/rule"]


@pytest.mark.parametrize("days", [-400, 2000])
def test_a_start_that_is_far_away_is_refused(days, owner, days_ahead):
    wish = {"rule": "FREQ=DAILY", "local_time": days_ahead(days).strftime("%Y-%m-%dT%H:%M"), "timezone": "UTC"}

    answer = owner.post("/recurrences/preview", json=wish)

    assert assert_problem(answer, 422)["errors"][0]["pointer"] == "/local_time"


@pytest.mark.parametrize("local_time", ["2027-02-30T09:00", "2027-03-02T09:00Z", "2027-03-02", "3027-03-02T09:00"])
def test_a_start_that_is_no_local_time_is_refused(local_time, owner):
    wish = {"rule": "FREQ=DAILY", "local_time": local_time, "timezone": "UTC"}

    answer = owner.post("/recurrences/preview", json=wish)

    assert assert_problem(answer, 422)["errors"][0]["pointer"] == "/local_time"


def beginning_of(year):
    return datetime.fromisoformat(f"{year}-01-01")


PARTS = st.fixed_dictionaries(
    {"FREQ": st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"])},
    optional={
        "INTERVAL": st.integers(1, 400).map(str),
        "COUNT": st.integers(1, 10_000).map(str),
        "UNTIL": st.dates(date(2024, 1, 1), date(2060, 1, 1)).map(lambda day: f"{day:%Y%m%d}"),
        "BYDAY": st.lists(
            st.tuples(st.sampled_from(["", "1", "-1", "5", "-5", "53"]), st.sampled_from(["MO", "WE", "SU"])).map(
                "".join
            ),
            min_size=1,
            max_size=3,
        ).map(",".join),
        "BYMONTH": st.lists(st.integers(1, 12).map(str), min_size=1, max_size=3).map(",".join),
        "BYMONTHDAY": st.lists(st.integers(-31, 31).map(str), min_size=1, max_size=3).map(",".join),
        "BYSETPOS": st.integers(-366, 366).map(str),
        "WKST": st.sampled_from(["MO", "SU"]),
    },
)


@settings(deadline=None, max_examples=150)
@given(PARTS, st.datetimes(beginning_of(2026), beginning_of(2031)))
def test_any_rule_is_refused_or_followed_within_bounds(parts, start):
    rule = ";".join(f"{name}={value}" for name, value in parts.items())
    timetable = Timetable(rule, start.isoformat(timespec="minutes"), "Europe/Berlin", [])
    began = time.process_time()
    try:
        found = next_occurrence(timetable, after=datetime(2027, 1, 1, tzinfo=UTC))
    except Invalid:
        found = None

    assert time.process_time() - began < NEVER_LONGER_SECONDS, rule
    assert found is None or found.at > datetime(2027, 1, 1, tzinfo=UTC)


@settings(deadline=None, max_examples=100)
@given(PARTS, st.datetimes(beginning_of(2027), beginning_of(2029)))
def test_nothing_happens_twice_on_a_day_or_before_the_start(parts, start):
    rule = ";".join(f"{name}={value}" for name, value in parts.items())
    timetable = Timetable(rule, start.isoformat(timespec="minutes"), "America/New_York", [])
    try:
        found = list(occurrences_of(timetable, after=LONG_AGO, before=datetime(2030, 1, 1, tzinfo=UTC)))
    except Invalid:
        return

    days = [each.local_date for each in found]
    assert days == sorted(set(days))
    assert all(each.wall >= start.replace(second=0, microsecond=0) for each in found)
