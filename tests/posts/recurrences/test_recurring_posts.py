"""Posts that a recurrence makes ahead of time: ordinary scheduled posts, each once, with media in turn."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.auth.keys import make_key
from tests.databases import on_each_database
from tests.posts.recurrences import clock_changes
from tests.posts.times import DAY, HOUR
from tests.web.problems import assert_problem
from tiktok_api import clock


def times(posts):
    return [datetime.fromisoformat(post["publish_at"]) for post in posts]


@on_each_database
def test_the_posts_of_30_days_are_made_and_name_their_recurrence(make_recurrence, posts, days_ahead):
    recurrence = make_recurrence()

    made = posts("scheduled")
    assert len(made) == 30
    assert times(made)[:3] == [days_ahead(1), days_ahead(2), days_ahead(3)]
    assert {post["recurrence_id"] for post in made} == {recurrence["id"]}
    assert {post["caption"] for post in made} == {"Good morning"}
    assert made[0]["local_time"] == days_ahead(1).strftime("%Y-%m-%dT%H:%M")
    assert {post["consented_at"] for post in made} == {recurrence["consented_at"]}


def test_further_posts_follow_day_by_day_each_once(make_recurrence, posts, pass_time, run_jobs):
    make_recurrence(rule="FREQ=DAILY;COUNT=40")

    for _ in range(3):
        pass_time(5 * DAY)
        run_jobs()
        run_jobs()

    made = posts()
    assert len(made) == 40
    assert len(set(times(made))) == 40


def test_a_post_goes_out_at_its_time(make_recurrence, posts, pass_time, live_titles, work_until):
    make_recurrence(rule="FREQ=DAILY;COUNT=1")

    pass_time(23 * HOUR)
    work_until(lambda: posts()[0]["status"] == "published")

    assert live_titles() == ["Good morning"]


def test_media_are_shown_in_turn(make_recurrence, make_video, draft, posts, owner):
    first, second = draft["media_rotation"][0][0], make_video(name="second.mp4")

    recurrence = make_recurrence(rule="FREQ=DAILY;COUNT=5", media_rotation=[[first], [second]])

    assert [post["media_ids"] for post in posts()] == [[first], [second], [first], [second], [first]]
    shown = owner.get(f"/recurrences/{recurrence['id']}/preview").json["data"]
    assert [each["media_ids"] for each in shown] == [post["media_ids"] for post in posts()]
    assert [each["post_id"] for each in shown] == [post["id"] for post in posts()]


def test_without_repetition_it_ends_with_its_media(make_recurrence, make_video, draft, posts, owner):
    turns = [draft["media_rotation"][0], [make_video(name="second.mp4")]]

    recurrence = make_recurrence(media_rotation=turns, repeat_media=False)

    assert [post["media_ids"] for post in posts()] == turns
    assert owner.get(f"/recurrences/{recurrence['id']}").json["status"] == "ended"
    assert len(owner.get(f"/recurrences/{recurrence['id']}/preview?count=10").json["data"]) == 2


def test_nothing_happens_on_exceptions(make_recurrence, posts, days_ahead):
    day, moment = days_ahead(2), days_ahead(3)
    exceptions = [day.strftime("%Y-%m-%d"), moment.strftime("%Y-%m-%dT%H:%M"), moment.strftime("%Y-%m-%dT10:00")]

    make_recurrence(rule="FREQ=DAILY;COUNT=5", exceptions=exceptions)

    assert times(posts()) == [days_ahead(1), days_ahead(4), days_ahead(5)]


def test_an_end_is_an_end(make_recurrence, posts, owner, days_ahead):
    recurrence = make_recurrence(rule=f"FREQ=DAILY;UNTIL={days_ahead(3):%Y%m%d}")

    assert times(posts()) == [days_ahead(1), days_ahead(2), days_ahead(3)]
    shown = owner.get(f"/recurrences/{recurrence['id']}").json
    assert (shown["status"], shown["last_problem"]) == ("ended", None)


def test_a_change_is_made_to_the_posts_that_no_person_has_touched(make_recurrence, posts, owner, run_jobs, draft):
    recurrence = make_recurrence(rule="FREQ=DAILY;COUNT=4")
    edited, cancelled, deleted, left = posts()
    owner.patch(f"/posts/{edited['id']}", json={"caption": "By hand"})
    owner.post(f"/posts/{cancelled['id']}/cancel")
    owner.delete(f"/posts/{deleted['id']}")

    answer = owner.patch(f"/recurrences/{recurrence['id']}", json={"post": draft["post"] | {"caption": "Hello"}})
    run_jobs()

    assert answer.status_code == 200, answer.json
    assert [(post["caption"], post["status"], post["publish_at"]) for post in posts()] == [
        ("By hand", "scheduled", edited["publish_at"]),
        ("Good morning", "cancelled", cancelled["publish_at"]),
        ("Hello", "scheduled", left["publish_at"]),
    ]


def test_a_change_of_time_moves_them_and_keeps_the_media_in_turn(recurring, make_video, days_ahead):
    turns = [recurring.draft["media_rotation"][0], [make_video(name="second.mp4")], [make_video(name="third.mp4")]]
    recurrence = recurring.make(rule="FREQ=DAILY;COUNT=3", media_rotation=turns)
    recurring.owner.patch(f"/posts/{recurring.posts()[1]['id']}", json={"caption": "By hand"})
    evening = days_ahead(1) + timedelta(minutes=30)

    recurring.change(recurrence, local_time=evening.strftime("%Y-%m-%dT%H:%M"))

    assert times(recurring.posts()) == [evening, days_ahead(2), evening + timedelta(days=2)]
    assert [post["media_ids"] for post in recurring.posts()] == turns


def test_what_is_as_it_was_changes_nothing(recurring):
    recurrence = recurring.make(rule="FREQ=DAILY;COUNT=2")
    before = recurring.posts()

    shown = recurring.owner.get(f"/recurrences/{recurrence['id']}").json
    for changes in ({}, {"post": shown["post"]}, {"media_rotation": shown["media_rotation"], "rule": shown["rule"]}):
        assert recurring.change(recurrence, **changes) == shown

    assert recurring.posts() == before


def test_other_media_are_those_of_the_coming_posts(recurring, make_video):
    recurrence, other = recurring.make(rule="FREQ=DAILY;COUNT=2"), make_video(name="other.mp4")

    recurring.change(recurrence, media_rotation=[[other]])

    assert [post["media_ids"] for post in recurring.posts()] == [[other]] * 2


def test_a_change_to_what_cannot_be_posted_changes_nothing(recurring):
    recurrence = recurring.make(rule="FREQ=DAILY;COUNT=2")
    before = recurring.posts()
    post = recurring.draft["post"] | {"privacy_level": None}

    answer = recurring.owner.patch(f"/recurrences/{recurrence['id']}", json={"post": post})

    assert assert_problem(answer, 422)["errors"][0]["pointer"] == "/post/privacy_level"
    assert recurring.posts() == before


def test_a_confined_key_reaches_the_recurrences_of_its_accounts(recurring):
    inside = recurring.make(is_paused=True)
    grace = {"targets": [{"account_id": recurring.connect(recurring.owner, "grace")}]}
    outside = recurring.make(is_paused=True, post=recurring.draft["post"] | grace)
    key = make_key(recurring.owner, account_ids=[recurring.account_id])

    assert [each["id"] for each in key.get("/recurrences").json["data"]] == [inside["id"]]
    assert key.patch(f"/recurrences/{inside['id']}", json={"repeat_media": False}).status_code == 200
    assert_problem(key.patch(f"/recurrences/{outside['id']}", json={"repeat_media": False}), 404, "not_found")


def test_while_it_is_paused_nothing_of_it_is_on_the_calendar(make_recurrence, posts, owner, run_jobs):
    recurrence = make_recurrence(rule="FREQ=DAILY;COUNT=4")
    before = times(posts())

    paused = owner.patch(f"/recurrences/{recurrence['id']}", json={"is_paused": True})
    run_jobs()

    assert (paused.json["status"], posts()) == ("paused", [])
    resumed = owner.patch(f"/recurrences/{recurrence['id']}", json={"is_paused": False})
    run_jobs()
    assert resumed.json["status"] == "active"
    assert times(posts()) == before


def test_one_that_is_created_paused_makes_nothing(make_recurrence, posts):
    assert make_recurrence(is_paused=True)["status"] == "paused"
    assert posts() == []


@pytest.mark.parametrize(("query", "status"), [("", "cancelled"), ("?cancel_scheduled=false", "scheduled")])
def test_with_the_recurrence_its_scheduled_posts_are_cancelled_or_left(query, status, make_recurrence, posts, owner):
    recurrence = make_recurrence(rule="FREQ=DAILY;COUNT=3")
    ids = [post["id"] for post in posts()]

    answer = owner.delete(f"/recurrences/{recurrence['id']}{query}")

    assert sorted(answer.json["cancelled_posts"]) == sorted(ids if status == "cancelled" else [])
    assert [(post["status"], post["recurrence_id"]) for post in posts()] == [(status, recurrence["id"])] * 3
    assert_problem(owner.get(f"/recurrences/{recurrence['id']}"), 404, "not_found")


def test_a_confined_key_deletes_a_recurrence_and_leaves_a_post_that_was_given_to_another_account(recurring):
    recurrence = recurring.make(rule="FREQ=DAILY;COUNT=3")
    other = recurring.connect(recurring.owner, "grace")
    given, *left = [post["id"] for post in recurring.posts()]
    targets = [{"account_id": recurring.account_id}, {"account_id": other}]
    assert recurring.owner.patch(f"/posts/{given}", json={"targets": targets}).status_code == 200
    key = make_key(recurring.owner, account_ids=[recurring.account_id])

    answer = key.delete(f"/recurrences/{recurrence['id']}")

    assert answer.status_code == 200, answer.json
    assert sorted(answer.json["cancelled_posts"]) == sorted(left)
    assert [post["id"] for post in recurring.posts("scheduled")] == [given]


def test_a_gap_and_an_overlap_of_local_times_are_told(owner):
    gap = owner.post(
        "/recurrences/preview",
        json={"rule": "FREQ=DAILY", "local_time": "2027-03-27T02:30", "timezone": "Europe/Berlin", "count": 3},
    ).json["data"]
    overlap = owner.post(
        "/recurrences/preview",
        json={"rule": "FREQ=DAILY", "local_time": "2027-10-30T02:30", "timezone": "Europe/Berlin", "count": 3},
    ).json["data"]

    assert [(each["publish_at"], each["note"]) for each in gap] == [
        ("2027-03-27T01:30:00Z", None),
        ("2027-03-28T01:30:00Z", "moved_over_gap"),
        ("2027-03-29T00:30:00Z", None),
    ]
    assert [(each["publish_at"], each["note"]) for each in overlap] == [
        ("2027-10-30T00:30:00Z", None),
        ("2027-10-31T00:30:00Z", "first_of_two"),
        ("2027-11-01T01:30:00Z", None),
    ]


def test_posts_are_made_on_days_on_which_clocks_change(app, request, pass_time):
    zone = ZoneInfo("Europe/Berlin")
    with app.app_context():
        now = clock.now()
    later = [each for each in clock_changes.changes(zone.key) if each > now + timedelta(days=10)]
    gap = next(each for each in later if each.month < 7)
    pass_time((gap - timedelta(days=5) - now).total_seconds())
    make, posts = request.getfixturevalue("make_recurrence"), request.getfixturevalue("posts")
    wall = gap.astimezone(zone).replace(tzinfo=None) - timedelta(minutes=30)
    start = (wall - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")

    make(rule="FREQ=DAILY;COUNT=3", local_time=start, timezone=zone.key)

    assert [(post["publish_at"], post["local_time"]) for post in posts()] == [
        (f"{gap - timedelta(hours=23.5):%Y-%m-%dT%H:%M:%SZ}", start),
        (f"{gap + timedelta(hours=0.5):%Y-%m-%dT%H:%M:%SZ}", None),
        (f"{gap + timedelta(hours=23.5):%Y-%m-%dT%H:%M:%SZ}", f"{wall + timedelta(days=1):%Y-%m-%dT%H:%M}"),
    ]


def test_what_cannot_be_posted_is_refused_with_every_reason(owner, draft, make_video, stranger):
    theirs = make_video(person=stranger)
    post = draft["post"] | {"privacy_level": None, "consent": False}
    wish = draft | {"post": post, "media_rotation": [draft["media_rotation"][0], [theirs]]}

    answer = owner.post("/recurrences", json=wish)

    assert {(fault["code"], fault["pointer"]) for fault in assert_problem(answer, 422)["errors"]} == {
        ("privacy_level_missing", "/post/privacy_level"),
        ("consent_missing", "/post/consent"),
        ("unknown_media", "/media_rotation/1/0"),
    }
    assert owner.get("/recurrences").json["data"] == []


def test_what_is_refused_later_is_tried_again_until_it_can_be_scheduled(recurring):
    recurrence = recurring.make(rule="FREQ=DAILY;COUNT=2;INTERVAL=10", is_paused=True)
    recurring.lose()
    recurring.change(recurrence, is_paused=False)

    problem = recurring.problem(recurrence)
    assert (problem["code"], [each["code"] for each in problem["errors"]]) == (
        "not_publishable",
        ["account_needs_reconnection"],
    )
    assert [post["status"] for post in recurring.posts()] == ["draft"]  # the first was less than a day ahead

    recurring.connect(recurring.owner, "ada")
    recurring.run()

    assert [post["status"] for post in recurring.posts()] == ["draft", "scheduled"]
    assert recurring.problem(recurrence)["is_final"]


def test_a_problem_that_is_overcome_is_shown_no_more(recurring, days_ahead):
    start = days_ahead(10).strftime("%Y-%m-%dT%H:%M")
    recurrence = recurring.make(rule="FREQ=DAILY;COUNT=2", local_time=start, is_paused=True)
    recurring.lose()
    recurring.change(recurrence, is_paused=False)
    before = recurring.problem(recurrence)
    recurring.pass_time(HOUR)
    recurring.run()
    assert (before["is_final"], recurring.problem(recurrence), recurring.posts()) == (False, before, [])

    recurring.connect(recurring.owner, "ada")
    recurring.run()

    assert (recurring.problem(recurrence), len(recurring.posts("scheduled"))) == (None, 2)


def test_a_refused_post_whose_time_passes_unseen_is_told(recurring, days_ahead):
    start = days_ahead(10).strftime("%Y-%m-%dT%H:%M")
    recurrence = recurring.make(rule="FREQ=DAILY;COUNT=2", local_time=start, is_paused=True)
    recurring.lose()
    recurring.change(recurrence, is_paused=False)

    recurring.pass_time(20 * DAY)
    recurring.run()

    assert recurring.problem(recurrence)["code"] == "occurrences_missed"


def test_an_account_that_is_disconnected_keeps_its_posts_from_going_out_elsewhere(recurring):
    [first] = recurring.draft["post"]["targets"]
    second = {"account_id": recurring.connect(recurring.owner, "grace")}
    both = recurring.draft["post"] | {"targets": [first, second]}
    recurrence = recurring.make(rule="FREQ=DAILY;INTERVAL=20", post=both)
    assert len(recurring.posts("scheduled")) == 2

    recurring.owner.delete(f"/accounts/{first['account_id']}")
    recurring.change(recurrence, exceptions=["2027-01-01"])

    problem = recurring.problem(recurrence)
    assert [(each["code"], each["pointer"]) for each in problem["errors"]] == [
        ("account_disconnected", "/post/targets/0")
    ]
    assert [(post["status"], len(post["targets"])) for post in recurring.posts()] == [("draft", 1)]
    shown = recurring.owner.get(f"/recurrences/{recurrence['id']}").json["post"]
    recurring.change(recurrence, post=shown)
    assert [(post["status"], len(post["targets"])) for post in recurring.posts()] == [("scheduled", 1)] * 2
    assert recurring.problem(recurrence) is None


def test_what_no_worker_could_make_in_time_is_told(make_recurrence, owner, run_jobs, pass_time):
    recurrence = make_recurrence()

    pass_time(40 * DAY)
    run_jobs()

    problem = owner.get(f"/recurrences/{recurrence['id']}").json["last_problem"]
    assert problem["code"] == "occurrences_missed"
    assert "10 posts" in problem["message"]


def test_the_times_of_a_problem_are_in_utc_with_z(recurring):
    recurrence = recurring.make()

    recurring.pass_time(40 * DAY)
    recurring.run()

    problem = recurring.problem(recurrence)
    assert problem["publish_at"].endswith("Z")
    assert f"was due at {problem['publish_at']}" in problem["message"]


def test_media_that_a_recurrence_will_show_are_in_use(make_recurrence, owner, draft):
    [[media_id]] = draft["media_rotation"]
    recurrence = make_recurrence(is_paused=True)

    assert_problem(owner.delete(f"/media/{media_id}"), 409, "media_in_use")
    assert [each["id"] for each in owner.get("/media?used=true").json["data"]] == [media_id]
    owner.delete(f"/recurrences/{recurrence['id']}")
    assert owner.delete(f"/media/{media_id}").status_code == 204


@on_each_database
def test_a_confined_key_neither_sees_nor_changes_media_of_recurrences_on_other_accounts(recurring, make_video):
    other = recurring.connect(recurring.owner, "grace")
    key = make_key(recurring.owner, account_ids=[other])
    [[hers]] = recurring.draft["media_rotation"]
    shared, unused = make_video(), make_video()
    recurring.make(is_paused=True, media_rotation=[[hers], [shared]])
    elsewhere = recurring.draft["post"] | {"targets": [{"account_id": other}]}
    recurring.make(is_paused=True, media_rotation=[[shared]], post=elsewhere)

    assert {each["id"] for each in key.get("/media").json["data"]} == {shared, unused}
    assert_problem(key.get(f"/media/{hers}"), 404, "not_found")
    assert_problem(key.patch(f"/media/{shared}", json={"name": "new.mp4"}), 403, "key_confined")
    assert key.patch(f"/media/{unused}", json={"name": "new.mp4"}).status_code == 200
    assert len(recurring.owner.get("/media").json["data"]) == 3


def test_one_that_has_ended_lets_its_media_go(make_recurrence, owner, draft, posts):
    [[media_id]] = draft["media_rotation"]
    make_recurrence(rule="FREQ=DAILY;COUNT=1")
    owner.delete(f"/posts/{posts()[0]['id']}")

    assert owner.delete(f"/media/{media_id}").status_code == 204


def test_one_that_has_lost_its_media_begins_again_only_with_others(recurring, make_video):
    recurrence = recurring.make(rule="FREQ=DAILY;COUNT=1")
    [post] = recurring.posts()
    recurring.owner.delete(f"/posts/{post['id']}")
    assert recurring.owner.delete(f"/media/{recurrence['media_rotation'][0][0]}").status_code == 204

    refused = recurring.owner.patch(f"/recurrences/{recurrence['id']}", json={"rule": "FREQ=DAILY;COUNT=3"})
    recurring.change(recurrence, rule="FREQ=DAILY;COUNT=3", media_rotation=[[make_video()]])

    [fault] = assert_problem(refused, 422, "unknown_target")["errors"]
    assert (fault["pointer"], fault["code"]) == ("/media_rotation", "media_deleted")
    assert len(recurring.posts("scheduled")) == 2  # the day of the first was dealt with


def test_a_user_who_leaves_takes_recurrences_along(make_recurrence, owner, run_jobs):
    make_recurrence()

    assert owner.delete("/auth/me").status_code == 204
    run_jobs()


def test_recurrences_are_listed_and_a_stranger_sees_none(make_recurrence, owner, stranger):
    first, second = make_recurrence(is_paused=True), make_recurrence(is_paused=True)

    assert [each["id"] for each in owner.get("/recurrences").json["data"]] == [second["id"], first["id"]]
    assert stranger.get("/recurrences").json["data"] == []
    assert_problem(stranger.get(f"/recurrences/{first['id']}"), 404, "not_found")
    assert_problem(stranger.get(f"/recurrences/{first['id']}/preview"), 404, "not_found")
