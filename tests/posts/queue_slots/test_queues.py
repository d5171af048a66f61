"""The queue of an account: each post at the next free slot, no slot twice, and moved as a whole."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest

from tests.auth.keys import make_key
from tests.databases import on_each_database, on_postgresql
from tests.posts.interruptions import before_statements
from tests.posts.times import DAY, NEXT_YEAR
from tests.web.problems import assert_problem
from tiktok_api.db import db
from tiktok_api.posts.queue_slots.slots import WEEKDAYS

AT_ONCE = 6


def test_slots_are_shown_in_the_order_of_the_week(owner, connect_account):
    account = connect_account(owner, "ada")
    slots = [{"weekday": "friday", "time": "18:00"}, {"weekday": "monday", "time": "09:30"}]
    before = owner.get(f"/accounts/{account}/queue-slots").json

    after = owner.put(f"/accounts/{account}/queue-slots", json={"timezone": "Europe/Berlin", "slots": slots})

    assert (before["slots"], before["timezone"], before["updated_at"]) == ([], "UTC", None)
    assert (after.json["slots"], after.json["timezone"]) == (slots[::-1], "Europe/Berlin")
    assert owner.get(f"/accounts/{account}/queue-slots").json == after.json


def test_the_same_slots_again_change_nothing(owner, account_id):
    before = owner.get(f"/accounts/{account_id}/queue-slots")
    trail = owner.get("/audit").json

    again = owner.put(
        f"/accounts/{account_id}/queue-slots", json={name: before.json[name] for name in ("timezone", "slots")}
    )

    assert (again.json, again.headers["ETag"]) == (before.json, before.headers["ETag"])
    assert owner.get("/audit").json == trail


@pytest.mark.parametrize(
    ("slots", "pointer"),
    [
        ([{"weekday": "monday", "time": "9:00"}], "/slots/0/time"),
        ([{"weekday": "monday", "time": "24:00"}], "/slots/0/time"),
        ([{"weekday": "someday", "time": "09:00"}], "/slots/0/weekday"),
        ([{"weekday": "monday", "time": "09:00"}] * 2, "/slots/1/time"),
        ([{"weekday": "monday", "time": f"09:{minute:02}"} for minute in range(51)], "/slots"),
    ],
)
def test_what_is_no_week_is_refused(slots, pointer, owner, account_id):
    answer = owner.put(f"/accounts/{account_id}/queue-slots", json={"timezone": "UTC", "slots": slots})

    assert assert_problem(answer, 422)["errors"][0]["pointer"] == pointer


def test_queued_posts_get_the_free_slots_one_after_the_other(enqueue, free, account_id, owner, draft):
    slots = free(5)
    owner.post(f"/posts/{draft()['id']}/schedule", json={"publish_at": slots[1]})

    queued = [enqueue() for _ in range(3)]

    assert [post["publish_at"] for post in queued] == [slots[0], slots[2], slots[3]]
    assert {post["queued_account_id"] for post in queued} == {account_id}
    assert queued[0]["local_time"] == slots[0][:16]
    assert free(1) == [slots[4]]


def test_a_post_that_is_queued_again_keeps_its_slot_or_comes_forward(enqueue, free, owner):
    slots = free(2)
    first, second = enqueue(), enqueue()

    again = owner.post(f"/posts/{second['id']}/enqueue").json
    owner.post(f"/posts/{first['id']}/cancel")
    forward = owner.post(f"/posts/{second['id']}/enqueue").json

    assert [again["publish_at"], forward["publish_at"]] == [slots[1], slots[0]]


def test_the_slot_of_a_cancelled_post_is_free_again(enqueue, free, owner):
    slots = free(2)
    owner.post(f"/posts/{enqueue()['id']}/cancel")

    assert free(2) == slots
    assert enqueue()["publish_at"] == slots[0]


def test_a_time_that_a_person_chooses_takes_it_out_of_the_queue(enqueue, owner, account_id):
    by_patch, by_schedule, renamed = enqueue(), enqueue(), enqueue()

    owner.patch(f"/posts/{by_patch['id']}", json={"publish_at": NEXT_YEAR})
    owner.post(f"/posts/{by_schedule['id']}/schedule", json={"publish_at": NEXT_YEAR})
    owner.patch(f"/posts/{renamed['id']}", json={"caption": "Other words"})

    queues = [owner.get(f"/posts/{post['id']}").json["queued_account_id"] for post in (by_patch, by_schedule, renamed)]
    assert queues == [None, None, account_id]


def test_what_goes_to_another_account_is_in_the_queue_of_the_first_no_more(enqueue, owner, account_id, connect_account):
    other = connect_account(owner, "grace")
    elsewhere, both = enqueue(), enqueue()
    time = elsewhere["publish_at"]

    owner.patch(f"/posts/{elsewhere['id']}", json={"targets": [{"account_id": other}]})
    owner.patch(f"/posts/{both['id']}", json={"targets": [{"account_id": other}, {"account_id": account_id}]})
    moved = owner.post(f"/accounts/{account_id}/queue/move", json={"by": 1})

    assert [each["post_id"] for each in moved.json["data"]] == [both["id"]]
    left = owner.get(f"/posts/{elsewhere['id']}").json
    assert (left["queued_account_id"], left["publish_at"], left["status"]) == (None, time, "scheduled")


def test_one_that_is_queued_goes_out_now_and_is_queued_no_more(enqueue, owner):
    post = enqueue()

    assert owner.post(f"/posts/{post['id']}/publish").json["queued_account_id"] is None


def test_without_slots_there_is_none(owner, make_post):
    post = make_post()

    assert_problem(owner.post(f"/posts/{post['id']}/enqueue"), 409, "no_free_slot")


def test_without_an_account_there_is_no_queue(owner, stranger, draft):
    post = owner.post("/posts", json={}).json

    assert_problem(owner.post(f"/posts/{post['id']}/enqueue"), 409, "post_without_account")
    assert_problem(stranger.post(f"/posts/{draft()['id']}/enqueue"), 404, "not_found")


def test_what_cannot_be_scheduled_is_not_queued(owner, draft, free):
    slots, post = free(1), draft(privacy_level=None)

    answer = owner.post(f"/posts/{post['id']}/enqueue")

    assert assert_problem(answer, 422)["errors"][0]["code"] == "privacy_level_missing"
    assert free(1) == slots


def test_all_accounts_of_a_post_get_it_at_the_slot_of_the_first(owner, enqueue, account_id, connect_account, free):
    other = connect_account(owner, "grace")
    slots = free(1)

    post = enqueue(targets=[{"account_id": account_id}, {"account_id": other}])

    assert (post["publish_at"], post["queued_account_id"]) == (slots[0], account_id)
    assert [target["state"] for target in post["targets"]] == ["scheduled", "scheduled"]


def test_a_queue_is_moved_by_slots_and_keeps_what_is_not_queued(enqueue, owner, draft, account_id, free):
    slots = free(8)
    first, second = enqueue(), enqueue()
    owner.post(f"/posts/{draft()['id']}/schedule", json={"publish_at": slots[2]})
    third = enqueue()

    moved = owner.post(f"/accounts/{account_id}/queue/move", json={"by": 2})

    assert moved.status_code == 200, moved.json
    assert [(each["post_id"], each["publish_at"]) for each in moved.json["data"]] == [
        (first["id"], slots[3]),
        (second["id"], slots[4]),
        (third["id"], slots[5]),
    ]
    assert owner.get(f"/posts/{third['id']}").json["publish_at"] == slots[5]
    assert owner.get(f"/posts/{third['id']}").json["queued_account_id"] == account_id


def test_a_queue_is_laid_anew_over_other_slots_in_its_order(enqueue, owner, account_id, free):
    queued = [enqueue() for _ in range(3)]
    week = {
        "timezone": "UTC",
        "slots": [{"weekday": "monday", "time": "12:00"}, {"weekday": "friday", "time": "12:00"}],
    }
    owner.put(f"/accounts/{account_id}/queue-slots", json=week)
    slots = free(3)

    moved = owner.post(f"/accounts/{account_id}/queue/move", json={"relay": True}).json["data"]

    assert [(each["post_id"], each["publish_at"]) for each in moved] == [
        (post["id"], slot) for post, slot in zip(queued, slots, strict=True)
    ]


def test_posts_of_removed_slots_move_to_later_ones(enqueue, owner, account_id, free):
    queued = [enqueue() for _ in range(2)]
    last = datetime.fromisoformat(queued[-1]["publish_at"])
    days = [WEEKDAYS[(last + timedelta(days=number)).weekday()] for number in (1, 4)]  # both after all that is queued
    week = {"timezone": "UTC", "slots": [{"weekday": day, "time": "12:00"} for day in days]}
    owner.put(f"/accounts/{account_id}/queue-slots", json=week)
    slots = free(3)

    moved = owner.post(f"/accounts/{account_id}/queue/move", json={"by": 1}).json["data"]

    assert len(moved) == len(queued)
    assert [each["publish_at"] for each in moved] == slots[1:3]


@pytest.mark.parametrize("body", [{}, {"by": 1, "relay": True}, {"relay": False}, {"by": 0}])
def test_a_queue_is_moved_in_one_way(body, owner, account_id):
    assert_problem(owner.post(f"/accounts/{account_id}/queue/move", json=body), 422)


def test_a_queue_moves_as_a_whole_or_not_at_all(enqueue, owner, account_id, simulator, pass_time):
    queued = [enqueue() for _ in range(3)]
    simulator.control.disconnect("ada")
    pass_time(120)
    owner.get(f"/accounts/{account_id}/creator-info")

    assert_problem(owner.post(f"/accounts/{account_id}/queue/move", json={"by": 1}), 422, "not_publishable")

    assert [owner.get(f"/posts/{post['id']}").json["publish_at"] for post in queued] == [
        post["publish_at"] for post in queued
    ]


def test_an_empty_queue_is_moved_too_and_one_without_slots_is_not(owner, account_id, enqueue):
    assert owner.post(f"/accounts/{account_id}/queue/move", json={"by": 1}).json == {"data": []}
    enqueue()
    owner.put(f"/accounts/{account_id}/queue-slots", json={"timezone": "UTC", "slots": []})

    for body in ({"by": 1}, {"relay": True}):
        assert_problem(owner.post(f"/accounts/{account_id}/queue/move", json=body), 409, "no_free_slot")


def test_the_queue_of_another_user_does_not_exist(stranger, account_id):
    week = {"timezone": "UTC", "slots": []}
    for answer in (
        stranger.get(f"/accounts/{account_id}/queue-slots"),
        stranger.get(f"/accounts/{account_id}/queue-slots/next"),
        stranger.put(f"/accounts/{account_id}/queue-slots", json=week),
        stranger.post(f"/accounts/{account_id}/queue/move", json={"by": 1}),
    ):
        assert_problem(answer, 404, "not_found")


def test_a_confined_key_moves_only_posts_within_its_reach(owner, enqueue, account_id, connect_account):
    other = connect_account(owner, "grace")
    inside = enqueue()
    outside = enqueue(targets=[{"account_id": account_id}, {"account_id": other}])
    key = make_key(owner, account_ids=[account_id])

    moved = key.post(f"/accounts/{account_id}/queue/move", json={"by": 1}).json["data"]

    assert [each["post_id"] for each in moved] == [inside["id"]]
    assert moved[0]["publish_at"] > outside["publish_at"]
    assert owner.get(f"/posts/{outside['id']}").json["publish_at"] == outside["publish_at"]


def test_queued_posts_go_out(enqueue, work_until, owner, pass_time):
    post = enqueue()

    pass_time(DAY)
    work_until(lambda: owner.get(f"/posts/{post['id']}").json["status"] in ("published", "publishing"))


@on_postgresql
def test_a_post_whose_account_changes_at_that_moment_is_not_put_into_the_old_queue(app, owner, draft, connect_account):
    post, other = draft(), connect_account(owner, "grace")
    with app.app_context():
        engine = db.engine

    def change():
        return owner.elsewhere().patch(f"/posts/{post['id']}", json={"targets": [{"account_id": other}]}).status_code

    with before_statements(engine, "FOR NO KEY UPDATE", 1, change) as changing:
        answer = owner.post(f"/posts/{post['id']}/enqueue")

    assert changing.result == 200
    assert_problem(answer, 423, "locked")
    assert owner.get(f"/posts/{post['id']}").json["status"] == "draft"


@on_each_database
def test_clients_that_queue_at_once_never_get_the_same_slot(owner, draft, free):
    slots = free(AT_ONCE)
    ids = [draft()["id"] for _ in range(AT_ONCE)]
    people, barrier = [owner.elsewhere() for _ in ids], Barrier(AT_ONCE)

    def put(number):
        barrier.wait(30)
        return people[number].post(f"/posts/{ids[number]}/enqueue").json["publish_at"]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        times = list(pool.map(put, range(AT_ONCE)))

    assert sorted(times) == slots


@on_each_database
def test_a_move_and_clients_that_queue_meet_without_a_collision(owner, draft, enqueue, account_id):
    queued = [enqueue()["id"] for _ in range(2)]
    ids = [draft()["id"] for _ in range(AT_ONCE)]
    people, barrier = [owner.elsewhere() for _ in ids], Barrier(AT_ONCE)

    def act(number):
        barrier.wait(30)
        if number % 2:
            return people[number].post(f"/accounts/{account_id}/queue/move", json={"by": 1}).status_code
        return people[number].post(f"/posts/{ids[number]}/enqueue").status_code

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert set(pool.map(act, range(AT_ONCE))) == {200}

    times = [owner.get(f"/posts/{post_id}").json["publish_at"] for post_id in (*queued, *ids[::2])]
    assert len(set(times)) == len(times)
