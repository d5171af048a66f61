"""Collisions with TikTok's caps are told when a post gets its time; they refuse nothing."""

from datetime import datetime, timedelta

import pytest

from tests.posts.times import DAY, HOUR
from tiktok_api import clock


@pytest.fixture
def settings():
    return {"creator_posts_per_day": 2}


@pytest.fixture
def target(owner, connect_account, run_jobs):
    account_id = connect_account(owner, "ada")
    run_jobs()
    return {"account_id": account_id}


@pytest.fixture
def at(app):
    """An instant so many seconds from the same start tomorrow."""
    with app.app_context():
        start = (clock.now() + timedelta(days=1)).replace(microsecond=0)
    return lambda seconds: (start + timedelta(seconds=seconds)).isoformat()


@pytest.fixture
def planned(make_post, target, make_video, at):
    """Posts of ada's at these seconds; returns what each creation answered."""
    shared = {"media_ids": [make_video()], "targets": [target]}
    return lambda *seconds, **facts: [make_post(**shared, publish_at=at(each), **facts) for each in seconds]


def test_a_post_beyond_the_cap_is_created_and_told_with_free_times(planned, owner, at):
    first, second, third = planned(0, HOUR, 2 * HOUR)

    assert (first["collisions"], second["collisions"]) == ([], [])
    [collision] = third["collisions"]
    assert collision["code"] == "creator_cap_reached"
    assert (collision["found"], collision["allowed"], collision["source"]) == (2, 2, "setting")
    assert collision["pointer"] == "/targets/0/account_id"
    assert third["status"] == "scheduled"
    free = [datetime.fromisoformat(each) for each in collision["next_free_at"]]
    assert free[0] == datetime.fromisoformat(at(DAY))
    assert owner.get(f"/posts/{third['id']}").json.keys() == third.keys() - {"collisions"}


def test_at_a_time_that_is_offered_nothing_collides(planned, owner):
    *_, third = planned(0, HOUR, 2 * HOUR)
    free = third["collisions"][0]["next_free_at"][0]

    moved = owner.post(f"/posts/{third['id']}/schedule", json={"publish_at": free})

    assert (moved.status_code, moved.json["collisions"]) == (200, [])
    assert owner.get("/accounts/forecast").json["colliding"] == 0


def test_a_post_without_a_time_is_not_held_against_caps(make_post, owner):
    post = make_post()

    changed = owner.patch(f"/posts/{post['id']}", json={"caption": "other"})

    assert (post["collisions"], changed.json["collisions"]) == (None, None)


def test_what_is_told_once_is_no_part_of_the_version(planned, owner):
    *_, third = planned(0, HOUR, 2 * HOUR)
    shown = owner.get(f"/posts/{third['id']}")

    changed = owner.patch(f"/posts/{third['id']}", json={"caption": "x"}, headers={"If-Match": shown.headers["ETag"]})

    assert changed.status_code == 200
    assert changed.headers["ETag"] == owner.get(f"/posts/{third['id']}").headers["ETag"]
    assert [each["code"] for each in changed.json["collisions"]] == ["creator_cap_reached"]


def test_the_forecast_names_the_posts_that_will_be_held(planned, owner, stranger):
    *_, third = planned(0, HOUR, 2 * HOUR)

    forecast = owner.get("/accounts/forecast").json

    assert (forecast["planned"], forecast["colliding"]) == (3, 1)
    assert [each["post_id"] for each in forecast["collisions"]] == [third["id"]]
    account_id = third["targets"][0]["account_id"]
    assert owner.get(f"/accounts/forecast?account_id={account_id}").json == forecast
    nothing = {"planned": 0, "colliding": 0, "collisions": []}
    assert stranger.get(f"/accounts/forecast?account_id={account_id}").json == nothing


def test_drafts_of_the_inbox_have_a_cap_of_their_own(planned, owner):
    *_, sixth = planned(*range(0, 3600, 600), mode="inbox", caption="", privacy_level=None)

    [collision] = sixth["collisions"]

    assert (collision["code"], collision["allowed"], collision["source"]) == ("inbox_shares_pending", 5, "tiktok")


class TestMinute:
    @pytest.fixture
    def settings(self):
        return {}

    def test_six_posts_in_a_minute_and_no_seventh(self, planned):
        *_, seventh = planned(*range(7))

        assert [each["code"] for each in seventh["collisions"]] == ["inits_per_minute"]


def test_what_went_out_counts_too(publishing, target, owner):
    posts = [publishing.make_post(targets=[target]) for _ in range(2)]
    for post in posts:
        publishing.begin(post)
        publishing.run()
    publishing.pass_time(5)
    soon = (datetime.fromisoformat(posts[0]["created_at"]) + timedelta(hours=2)).isoformat()

    third = publishing.make_post(targets=[target], publish_at=soon)

    assert [each["found"] for each in third["collisions"]] == [2]
    free = owner.get(f"/accounts/{target['account_id']}/capacity/next-free?count=1").json["data"]
    gone = [datetime.fromisoformat(publishing.shown(post)["attempts"][0]["final_at"]) for post in posts]
    assert datetime.fromisoformat(free[0]) >= gone[0] + timedelta(seconds=DAY)


def test_next_free_times_count_each_other(planned, owner, target, at):
    planned(0)

    free = owner.get(f"/accounts/{target['account_id']}/capacity/next-free", query_string={"after": at(60), "count": 2})

    [first, second] = [datetime.fromisoformat(each) for each in free.json["data"]]
    assert first == datetime.fromisoformat(at(60))
    assert second == datetime.fromisoformat(at(DAY))


def test_a_time_that_is_free_is_so_although_a_later_day_is_full(planned, owner, target, at):
    planned(3 * DAY, 3 * DAY + HOUR)

    free = owner.get(f"/accounts/{target['account_id']}/capacity/next-free", query_string={"after": at(0), "count": 1})

    assert [datetime.fromisoformat(each) for each in free.json["data"]] == [datetime.fromisoformat(at(0))]


def test_what_its_person_is_asked_about_is_not_planned(planned, owner, publishing):
    [post] = planned(0)
    publishing.pass_time(3 * DAY)
    publishing.run()

    forecast = owner.get("/accounts/forecast").json

    assert publishing.shown(post)["state"] == "held"
    assert forecast["planned"] == 0


class TestApp:
    @pytest.fixture
    def settings(self):
        return {"app_creators_per_day": 1}

    def test_a_creator_beyond_the_cap_of_the_app_is_told_so(self, planned, make_post, owner, at):
        planned(0)

        other = make_post(creators=("grace",), publish_at=at(HOUR))

        [collision] = other["collisions"]
        assert (collision["code"], collision["found"], collision["allowed"]) == ("app_cap_reached", 1, 1)
        assert collision["next_free_at"][0] == at(DAY).replace("+00:00", "Z")
        assert owner.get("/accounts/forecast").json["colliding"] == 1
        free = owner.get(
            f"/accounts/{collision['account_id']}/capacity/next-free", query_string={"after": at(HOUR), "count": 1}
        )
        assert free.json["data"] == [at(DAY).replace("+00:00", "Z")]

    def test_who_has_posted_through_the_app_counts_too(self, publishing, make_post, at):
        first = make_post()
        publishing.begin(first)
        publishing.run()

        other = make_post(creators=("grace",), publish_at=at(-HOUR))

        assert [each["code"] for each in other["collisions"]] == ["app_cap_reached"]
