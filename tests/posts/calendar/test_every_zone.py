"""Every zone of the tz database, around every change of its clocks from 2024 to 2030: the instants of local times."""

import zoneinfo
from collections import Counter
from datetime import UTC, datetime

import pytest

from tests.posts.calendar.tz_files import FIRST, LAST, as_instant, as_wall, read_rules
from tiktok_api import clock, clock_offset
from tiktok_api.posts.errors import LocalTimeMissing, LocalTimeTwice
from tiktok_api.posts.schedule import resolve_time
from tiktok_api.web.parsing.timezones import is_timezone

NOT_ZONES = {"localtime", "Factory", "posixrules"}
DAY = 86_400


@pytest.fixture
def in_2023(app):
    """Before all of these times: none of them has passed."""
    with app.app_context():
        clock_offset.advance(datetime(FIRST - 1, 6, 1, tzinfo=UTC) - clock.now())
        yield


def walls_around(change):
    """Local times before, at the edges of, inside and after what the clocks skip or repeat."""
    low, high = change.at + min(change.before, change.after), change.at + max(change.before, change.after)
    return [low - DAY, low - 1, low, low + 1, (low + high) // 2, high - 1, high, high + 1, high + DAY]


def expected(rules, change, wall):
    """The code and the instants that a local time must be answered with."""
    instants = rules.instants_of(wall)
    if len(instants) == 1:
        return "ok", instants
    if len(instants) == 2:
        return "local_time_twice", instants
    return "local_time_missing", sorted([wall - change.after, wall - change.before])


def answered(wall, name):
    try:
        slot = resolve_time(local_time=as_wall(wall), timezone=name)
    except (LocalTimeMissing, LocalTimeTwice) as refused:
        [fault] = refused.extra["errors"]
        return refused.code, [round(datetime.fromisoformat(each).timestamp()) for each in fault["allowed"]]
    assert (slot["local_time"], slot["timezone"]) == (as_wall(wall), name)
    return "ok", [round(slot["publish_at"].timestamp())]


def test_local_times_around_every_change_are_the_instants_that_the_zones_files_say(in_2023):
    wrong, seen, zones_with_changes = [], Counter(), set()
    names = zoneinfo.available_timezones() - NOT_ZONES
    for name in sorted(names):
        is_timezone(name)
        rules = read_rules(name)
        for change in rules.changes:
            if not FIRST <= as_instant(change.at).year <= LAST:
                continue
            zones_with_changes.add(name)
            for wall in walls_around(change):
                want, got = expected(rules, change, wall), answered(wall, name)
                seen[want[0]] += 1
                if want != got:
                    wrong.append((name, as_wall(wall), want, got))

    assert wrong[:10] == []
    assert len(names) > 400
    assert len(zones_with_changes) > 100
    assert seen["local_time_missing"] > 1000
    assert seen["local_time_twice"] > 1000
    assert seen["ok"] > 5000


def test_zones_whose_clocks_never_change_have_one_instant_for_each_time(in_2023):
    wrong = []
    for name in sorted(zoneinfo.available_timezones() - NOT_ZONES):
        rules = read_rules(name)
        for month in range(1, 13):
            wall = int(datetime(2028, month, 15, 12, tzinfo=UTC).timestamp())
            if answered(wall, name) != ("ok", rules.instants_of(wall)):
                wrong.append((name, month))

    assert wrong == []


SAMPLES = [
    ("2028-03-12T02:30", "America/New_York", ["2028-03-12T06:30:00Z", "2028-03-12T07:30:00Z"]),
    ("2028-11-05T01:30", "America/New_York", ["2028-11-05T05:30:00Z", "2028-11-05T06:30:00Z"]),
    ("2028-10-01T02:15", "Australia/Lord_Howe", ["2028-09-30T15:15:00Z", "2028-09-30T15:45:00Z"]),
    ("2028-04-02T01:45", "Australia/Lord_Howe", ["2028-04-01T14:45:00Z", "2028-04-01T15:15:00Z"]),
    ("2028-03-26T00:30", "Asia/Beirut", ["2028-03-25T21:30:00Z", "2028-03-25T22:30:00Z"]),
]


@pytest.mark.parametrize(("local_time", "zone", "choices"), SAMPLES)
def test_both_choices_are_told_and_either_is_taken(owner, make_post, local_time, zone, choices):
    post = make_post()

    refused = owner.post(f"/posts/{post['id']}/schedule", json={"local_time": local_time, "timezone": zone})

    assert refused.status_code == 422
    assert refused.json["errors"][0]["allowed"] == choices
    for choice in choices:
        taken = owner.post(f"/posts/{post['id']}/schedule", json={"publish_at": choice})
        assert taken.json["publish_at"] == choice
