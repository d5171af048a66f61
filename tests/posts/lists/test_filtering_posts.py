"""Which posts a list shows: several values of a filter, and days of the person who asks."""

from uuid import UUID

import pytest

from tests.posts.lists.world import make_account
from tests.web.problems import assert_problem
from tiktok_api.db import db, transaction

TIMES = [
    "2090-03-01T22:59:59Z",
    "2090-03-01T23:00:00Z",
    "2090-03-02T12:00:00Z",
    "2090-03-02T22:59:59Z",
    "2090-03-02T23:00:00Z",
]


@pytest.fixture
def calendar(owner, connect_account, make_video):
    """A draft without a time and five posts around the 2nd of March 2090 in Berlin; returns their captions by id."""
    common = {"privacy_level": "SELF_ONLY", "consent": True, "media_ids": [make_video()]}
    common["targets"] = [{"account_id": connect_account(owner, "ada")}]
    made = {owner.post("/posts", json={"caption": "draft"}).json["id"]: "draft"}
    for time in TIMES:
        made[owner.post("/posts", json=common | {"caption": time, "publish_at": time}).json["id"]] = time
    return made


def captions(answer):
    assert answer.status_code == 200, answer.json
    return sorted(post["caption"] for post in answer.json["data"])


def test_several_statuses_are_all_shown(owner, calendar):
    both = owner.get("/posts?status=draft&status=scheduled")
    one = owner.get("/posts?status=draft")

    assert captions(both) == sorted([*TIMES, "draft"])
    assert captions(one) == ["draft"]


def test_pages_of_several_statuses_put_together_are_the_list_and_a_cursor_is_bound_to_all_of_them(owner, calendar):
    query, found = "?status=draft&status=scheduled&limit=4", []
    first = owner.get(f"/posts{query}").json
    second = owner.get(f"/posts?status=scheduled&status=draft&limit=4&cursor={first['next_cursor']}").json
    found = [post["id"] for post in first["data"] + second["data"]]

    with_fewer = owner.get(f"/posts?status=draft&limit=4&cursor={first['next_cursor']}")

    assert found == list(reversed(calendar))
    assert_problem(with_fewer, 422, "invalid_cursor")


def test_several_accounts_and_types_are_all_shown(owner, calendar, connect_account):
    bob = connect_account(owner, "grace")
    owner.post("/posts", json={"caption": "for bob", "targets": [{"account_id": bob}]})
    [ada] = {target["account_id"] for post in owner.get("/posts").json["data"] for target in post["targets"]} - {bob}

    both = owner.get(f"/posts?account_id={ada}&account_id={bob}&type=video&type=video")
    one = owner.get(f"/posts?account_id={bob}")

    assert captions(both) == sorted([*TIMES, "for bob"])
    assert captions(one) == ["for bob"]


def test_a_tag_of_more_accounts_than_are_looked_up_one_by_one_shows_the_posts_of_all(owner, app, calendar):
    ada, owner_id = owner.get("/accounts").json["data"][0]["id"], UUID(owner.get("/auth/me").json["id"])
    assert owner.patch(f"/accounts/{ada}", json={"tags": ["many"]}).status_code == 200
    with app.app_context(), transaction():
        db.session.add_all(make_account(owner_id, f"creator {number}", ["many"]) for number in range(60))

    assert captions(owner.get("/posts?tag=many")) == TIMES


def test_accounts_of_a_stranger_are_not_seen_through_any_filter(owner, stranger, calendar):
    ids = {target["account_id"] for post in owner.get("/posts").json["data"] for target in post["targets"]}

    answer = stranger.get(f"/posts?account_id={ids.pop()}&status=draft&status=scheduled")

    assert answer.json["data"] == []


def test_dates_mean_the_days_of_the_person_who_asks(owner, calendar):
    in_utc = owner.get("/posts?from=2090-03-02&to=2090-03-02")
    owner.patch("/auth/me", json={"timezone": "Europe/Berlin"})
    owner.tokens |= owner.client.post(
        "/api/v1/auth/refresh", json={"refresh_token": owner.tokens["refresh_token"]}
    ).json

    in_berlin = owner.get("/posts?from=2090-03-02&to=2090-03-02")
    mixed = owner.get("/posts?from=2090-03-02&to=2090-03-02T12:00:00Z")

    assert captions(in_utc) == TIMES[2:]
    assert captions(in_berlin) == TIMES[1:4]
    assert captions(mixed) == TIMES[1:2]


def test_instants_bound_as_before(owner, calendar):
    answer = owner.get(f"/posts?from={TIMES[1]}&to={TIMES[3]}")

    assert captions(answer) == TIMES[1:3]


@pytest.mark.parametrize(
    "moment", ["0001-01-01", "9999-12-31", "0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00-14:00"]
)
@pytest.mark.parametrize("path", ["/posts", "/audit"])
def test_the_ends_of_the_calendar_are_out_of_range(owner, path, moment):
    answers = [owner.get(path, query_string={name: moment}) for name in ("from", "to")]

    for answer in answers:
        assert_problem(answer, 422, "invalid")


@pytest.mark.parametrize("moment", ["tomorrow", "2090-02-30", "2090-03-02T12:00:00", "1"])
def test_what_is_no_date_and_no_instant_is_refused(owner, moment):
    assert_problem(owner.get("/posts", query_string={"from": moment}), 422, "invalid")
    assert_problem(owner.get("/audit", query_string={"to": moment}), 422, "invalid")
