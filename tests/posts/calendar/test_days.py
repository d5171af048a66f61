"""GET /posts/calendar"""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.auth.keys import make_key
from tests.databases import on_each_database
from tiktok_api import clock
from tiktok_api.auth.identity import Identity
from tiktok_api.db import transaction
from tiktok_api.posts.calendar import days
from tiktok_api.posts.models import Post
from tiktok_api.posts.vocabulary import PostStatus


@on_each_database
def test_each_day_has_its_counts_and_its_posts_in_their_order(owner, make_post):
    late = make_post(publish_at="2099-03-02T20:00:00Z", caption="Late")
    early = make_post(publish_at="2099-03-02T12:00:00Z", caption="Early\nin the day", targets=late_targets(late))
    gone = make_post(publish_at="2099-03-02T13:00:00Z", targets=late_targets(late))
    owner.post(f"/posts/{gone['id']}/cancel")

    shown = owner.get("/posts/calendar?from=2099-03-01&to=2099-03-03&timezone=Europe/Berlin").json

    assert shown["timezone"] == "Europe/Berlin"
    assert [(day["date"], day["total"]) for day in shown["days"]] == [
        ("2099-03-01", 0),
        ("2099-03-02", 3),
        ("2099-03-03", 0),
    ]
    _, day, empty = shown["days"]
    assert {name: count for name, count in day["counts"].items() if count} == {"scheduled": 2, "cancelled": 1}
    assert set(empty["counts"]) == {status.value for status in PostStatus}
    assert (empty["entries"], empty["has_more"]) == ([], False)
    assert [entry["post_id"] for entry in day["entries"]] == [early["id"], gone["id"], late["id"]]
    assert day["entries"][0] == {
        "post_id": early["id"],
        "title": "Early in the day",
        "type": "video",
        "status": "scheduled",
        "publish_at": "2099-03-02T12:00:00Z",
        "local_time": "2099-03-02T13:00:00+01:00",
        "account_ids": [late["targets"][0]["account_id"]],
    }


def late_targets(post):
    return [{"account_id": target["account_id"]} for target in post["targets"]]


def test_the_same_instant_is_on_the_day_that_the_zone_has(owner, make_post):
    make_post(publish_at="2099-03-02T12:00:00Z")

    def day_in(zone):
        shown = owner.get(f"/posts/calendar?from=2099-03-01&to=2099-03-03&timezone={zone}").json["days"]
        return [day["date"] for day in shown if day["total"]]

    assert day_in("Pacific/Kiritimati") == ["2099-03-03"]
    assert day_in("UTC") == ["2099-03-02"]
    assert day_in("Etc/GMT%2B12") == ["2099-03-02"]


def test_without_days_it_is_a_week_from_today_in_the_callers_zone(owner, app):
    owner.patch("/auth/me", json={"timezone": "Pacific/Kiritimati"})
    with app.app_context():
        today = clock.now().astimezone(ZoneInfo("Pacific/Kiritimati")).date()

    shown = make_key(owner).get("/posts/calendar").json

    assert len(shown["days"]) == 7
    assert shown["timezone"] == "Pacific/Kiritimati"
    assert shown["days"][0]["date"] == today.isoformat()


def test_a_day_with_more_posts_than_are_listed_says_so(owner, make_post):
    first = make_post(publish_at="2099-03-02T12:00:00Z")
    for hour in (13, 14):
        make_post(publish_at=f"2099-03-02T{hour}:00:00Z", targets=late_targets(first))

    [day] = owner.get("/posts/calendar?from=2099-03-02&to=2099-03-02&limit=2").json["days"]

    assert (day["total"], len(day["entries"]), day["has_more"]) == (3, 2, True)
    assert day["entries"][0]["post_id"] == first["id"]


def test_it_is_filtered_by_account_and_by_status(owner, make_post):
    ada = make_post(publish_at="2099-03-02T12:00:00Z")
    grace = make_post(publish_at="2099-03-02T12:00:00Z", creators=("grace",))
    owner.post(f"/posts/{ada['id']}/cancel")

    def found(query):
        [day] = owner.get(f"/posts/calendar?from=2099-03-02&to=2099-03-02&{query}").json["days"]
        assert day["total"] == len(day["entries"])
        return {entry["post_id"] for entry in day["entries"]}

    assert found(f"account_id={grace['targets'][0]['account_id']}") == {grace["id"]}
    assert found("status=cancelled") == {ada["id"]}
    assert found("status=cancelled&status=scheduled") == {ada["id"], grace["id"]}


@pytest.mark.parametrize(
    "query",
    [
        "from=2099-03-02&to=2099-03-01",
        "from=2099-01-01&to=2099-04-03",
        "from=1969-01-01&to=1969-01-02",
        "timezone=Mars/Base",
        "limit=51",
        "status=strange",
    ],
)
def test_a_window_that_cannot_be_shown_is_refused(owner, query):
    assert owner.get(f"/posts/calendar?{query}").status_code == 422


def test_a_quarter_of_a_year_is_shown_at_once(owner):
    assert len(owner.get("/posts/calendar?from=2099-01-01&to=2099-04-02").json["days"]) == 92


def test_others_and_confined_keys_see_nothing_of_it(owner, stranger, make_post, connect_account):
    make_post(publish_at="2099-03-02T12:00:00Z")
    key = make_key(owner, account_ids=[connect_account(owner, "grace")])

    for reader in (stranger, key):
        [day] = reader.get("/posts/calendar?from=2099-03-02&to=2099-03-02").json["days"]
        assert (day["total"], day["entries"]) == (0, [])


ZONES = ["UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Kiritimati", "America/Santiago"]


@on_each_database
def test_each_post_is_on_its_local_date_as_a_plain_count_has_it(owner, app):
    with app.app_context():
        owner_id = UUID(owner.get("/auth/me").json["id"])
    caller = Identity(owner_id, None)
    start = datetime(2027, 3, 20, tzinfo=UTC)

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        zone=st.sampled_from(ZONES),
        minutes=st.lists(st.integers(0, 20 * 24 * 60), max_size=30),
        limit=st.integers(1, 5),
    )
    def check(zone, minutes, limit):
        moments = [start + timedelta(minutes=each) for each in minutes]
        with app.app_context():
            with transaction() as session:
                session.query(Post).delete()
                session.add_all(Post(owner_id=owner_id, publish_at=each, caption="x") for each in moments)
            first, last = start.date() + timedelta(days=3), start.date() + timedelta(days=15)
            shown = days.show_days(caller, timezone=zone, limit=limit, first=first, last=last)

        local = [each.astimezone(ZoneInfo(zone)).date() for each in sorted(moments)]
        assert [day["total"] for day in shown["days"]] == [local.count(day["date"]) for day in shown["days"]]
        assert sum(day["total"] for day in shown["days"]) == sum(first <= each <= last for each in local)
        for day in shown["days"]:
            assert len(day["entries"]) == min(limit, day["total"])
            assert day["entries"] == sorted(day["entries"], key=lambda entry: entry["publish_at"])
            assert all(entry["local_time"][:10] == day["date"].isoformat() for entry in day["entries"])

    check()
