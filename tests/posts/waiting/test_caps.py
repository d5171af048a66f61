"""Caps are obeyed before TikTok is asked for a publish_id: what would be refused is held, and goes out in order."""

from collections import Counter
from datetime import datetime, timedelta

import pytest

from tests.databases import on_each_database
from tests.posts.times import DAY, HOUR


@pytest.fixture
def settings():
    return {"creator_posts_per_day": 3, "late_policy": "publish"}


@pytest.fixture
def init_codes(simulator):
    """What TikTok answered to inits: `{"ok": 3}`."""

    def count():
        called = simulator.control.requests()
        return Counter(each["code"] or "ok" for each in called if each["endpoint"] in ("video_init", "inbox_init"))

    return count


@pytest.fixture
def caps_of(owner):
    """The caps of an account, as they stand now, by their codes."""

    def look(account_id):
        shown = owner.get(f"/accounts/{account_id}/capacity").json["caps"]
        by_code = {cap["code"]: cap for cap in shown}
        assert len(by_code) == len(shown)
        return by_code

    return look


@pytest.fixture
def let_days_pass(publishing):
    """Work for so many days, with a look every few minutes."""

    def work(days, step=1800.0):
        for _ in range(int(days * DAY / step)):
            publishing.pass_time(step)
            for _ in range(2):
                publishing.run()
                publishing.pass_time(20)

    return work


@on_each_database
def test_with_holding_no_init_is_refused_and_all_go_out_in_their_order(
    plan, publishing, simulator, init_codes, let_days_pass
):
    posts = plan([60 + 600 * number for number in range(8)])
    simulator.control.knobs(post_cap=3, inspect_media=False)

    let_days_pass(0.07, step=200.0)
    let_days_pass(2.9, step=2400.0)

    assert init_codes() == {"ok": 8}
    assert {publishing.shown(post)["state"] for post in posts} == {"published"}
    times = [datetime.fromisoformat(publishing.shown(post)["published_at"]) for post in posts]
    assert times == sorted(times)
    for at in times:
        assert sum(at - timedelta(seconds=DAY) < other <= at for other in times) <= 3


def test_what_waits_for_a_learnt_cap_says_when_the_window_reopens(plan, publishing, simulator, init_codes, caps_of):
    first, second, third = plan([60, 660, 1260])
    simulator.control.knobs(post_cap=1)
    publishing.pass_time(61)
    publishing.run_until_published(first, step=20)
    publishing.pass_time(2 * HOUR)
    for _ in range(3):
        publishing.run()
        publishing.pass_time(HOUR)
    publishing.run()

    held = [publishing.shown(post) for post in (second, third)]

    assert [each["reason"] for each in held] == ["creator_cap_reached", "creator_cap_reached"]
    assert [each["state"] for each in held] == ["held", "held"]
    gone = datetime.fromisoformat(publishing.shown(first)["attempts"][0]["final_at"])
    tries = [datetime.fromisoformat(each["next_try_at"]) - gone for each in held]
    assert [round(each.total_seconds() / 60) for each in tries] == [24 * 60 + 1, 2 * (24 * 60 + 1)]
    cap = caps_of(held[0]["account_id"])["creator_cap_reached"]
    assert (cap["allowed"], cap["source"], cap["used"]) == (1, "learnt", 1)
    assert cap["learnt_at"] is not None
    assert datetime.fromisoformat(cap["reopens_at"]) - gone == timedelta(seconds=DAY)
    assert init_codes() == {"ok": 1}


def test_a_learnt_cap_is_forgotten_once_tiktok_takes_more(plan, publishing, simulator, caps_of, let_days_pass):
    posts = plan([60, 660, 1260, 1860])
    simulator.control.knobs(post_cap=1)
    publishing.pass_time(2000)
    for _ in range(4):
        publishing.run()
        publishing.pass_time(HOUR)
    simulator.control.knobs(post_cap=100)

    let_days_pass(3, step=3600.0)

    assert {publishing.shown(post)["state"] for post in posts} == {"published"}
    cap = caps_of(publishing.shown(posts[0])["account_id"])["creator_cap_reached"]
    assert cap["allowed"] in (1, 3)


def test_once_tiktok_has_taken_more_than_a_learnt_cap_the_usual_one_counts_again(
    publishing, plan, simulator, caps_of, let_days_pass
):
    first, _ = plan([60, 660])
    simulator.control.knobs(post_cap=1)
    publishing.pass_time(700)
    for _ in range(3):
        publishing.run()
        publishing.pass_time(HOUR)
    simulator.control.knobs(post_cap=100)
    let_days_pass(2.5, step=3 * HOUR)
    shared = {"media_ids": first["media_ids"], "targets": [{"account_id": publishing.shown(first)["account_id"]}]}

    for _ in range(3):
        publishing.begin(publishing.make_post(**shared))
        for _ in range(4):
            publishing.run()
            publishing.pass_time(70)

    cap = caps_of(shared["targets"][0]["account_id"])["creator_cap_reached"]
    assert (cap["allowed"], cap["source"]) == (3, "setting")


def test_a_cap_that_is_refused_again_is_learnt_again(plan, publishing, caps_of, let_days_pass):
    posts = plan([60, 660])
    publishing.tiktok.knobs(post_cap=1)
    let_days_pass(0.1, step=600.0)
    shared = {"media_ids": posts[0]["media_ids"], "targets": [{"account_id": publishing.shown(posts[0])["account_id"]}]}
    learnt_at = caps_of(shared["targets"][0]["account_id"])["creator_cap_reached"]["learnt_at"]
    let_days_pass(1.2)
    assert {publishing.shown(post)["state"] for post in posts} == {"published"}

    third = publishing.make_post(**shared)
    publishing.begin(third)
    publishing.run()

    assert publishing.shown(third)["reason"] == "spam_risk_too_many_posts"
    cap = caps_of(shared["targets"][0]["account_id"])["creator_cap_reached"]
    assert (cap["allowed"], cap["source"]) == (1, "learnt")
    assert cap["learnt_at"] > learnt_at
    assert publishing.count_inits() == 2


@pytest.fixture
def refused(plan, publishing, simulator):
    """Three posts that TikTok has refused, because other apps have posted so many, and one that comes ten minutes later."""
    posts = plan([60, 660, 1260, 1860])
    simulator.control.knobs(post_cap=0)
    for seconds in (61, 600, 600):
        publishing.pass_time(seconds)
        publishing.run()
    assert [publishing.shown(post)["reason"] for post in posts[:3]] == ["spam_risk_too_many_posts"] * 3
    return posts


def test_behind_as_many_as_are_refused_tiktok_is_not_asked(refused, publishing):
    asked = len(publishing.tiktok.requests(endpoint="creator_info"))
    publishing.pass_time(600)
    publishing.run()

    held = publishing.shown(refused[3])

    assert (held["state"], held["reason"]) == ("held", "creator_cap_reached")
    assert held["detail"] == "Earlier posts of this creator wait for TikTok to take more."
    assert held["next_try_at"] > max(publishing.shown(post)["next_try_at"] for post in refused[:3])
    assert len(publishing.tiktok.requests(endpoint="creator_info")) == asked


def test_after_downtime_what_was_refused_before_goes_first(refused, publishing, simulator):
    simulator.control.knobs(post_cap=100)
    publishing.pass_time(DAY)

    publishing.run_until(
        lambda: {publishing.shown(post)["state"] for post in refused} == {"published"}, step=60, most=60
    )

    gone = [publishing.shown(post)["published_at"] for post in refused]
    assert gone == sorted(gone)


def test_a_creator_who_may_post_more_than_estimated_is_not_held(plan, publishing, init_codes):
    posts = plan([60 + 400 * number for number in range(6)])

    publishing.run_until(lambda: init_codes()["ok"] == 6, step=60, most=60)

    assert {publishing.shown(post)["reason"] for post in posts} == {None}


def test_of_several_posts_at_once_no_more_leave_than_the_cap_has_places(plan, publishing, simulator, init_codes):
    plan([60] * 5)
    simulator.control.knobs(post_cap=3, processing_seconds=600.0)
    publishing.pass_time(61)

    for _ in range(4):
        publishing.run()
        publishing.pass_time(70)

    assert init_codes() == {"ok": 3}


def test_drafts_wait_for_a_place_in_the_inbox(publishing, make_inbox_post, init_codes):
    posts = [make_inbox_post() for _ in range(6)]
    for post in posts:
        publishing.begin(post)
    publishing.run_until(lambda: init_codes()["ok"] == 5)
    publishing.pass_time(120)
    publishing.run()

    states = [publishing.shown(post) for post in posts]

    [held] = [each for each in states if each["state"] == "held"]
    assert held["reason"] == "inbox_shares_pending"
    assert init_codes() == {"ok": 5}
    publishing.pass_time(DAY + 120)
    publishing.run()
    assert init_codes() == {"ok": 6}


@on_each_database
def test_what_was_deleted_here_still_counts_at_tiktok(publishing, make_inbox_post, init_codes, owner):
    posts = [make_inbox_post() for _ in range(5)]
    for post in posts:
        publishing.begin(post)
    publishing.run_until(lambda: {publishing.shown(post)["state"] for post in posts} == {"inbox_delivered"})
    for post in posts:
        assert owner.delete(f"/posts/{post['id']}").status_code == 204
    sixth = make_inbox_post()
    publishing.begin(sixth)
    publishing.pass_time(120)

    publishing.run()

    assert publishing.shown(sixth)["reason"] == "inbox_shares_pending"
    assert init_codes() == {"ok": 5}


@pytest.mark.parametrize("kind", ["direct", "inbox"])
def test_the_caps_of_an_account_count_what_was_deleted(kind, publishing, make_inbox_post, make_post, owner):
    post = make_post() if kind == "direct" else make_inbox_post()
    publishing.begin(post)
    publishing.run_until(lambda: publishing.shown(post)["state"] in ("published", "inbox_delivered"))
    account_id = publishing.shown(post)["account_id"]
    assert owner.delete(f"/posts/{post['id']}").status_code == 204

    shown = owner.get(f"/accounts/{account_id}/capacity").json

    assert {cap["code"]: cap["used"] for cap in shown["caps"]} == {
        "creator_cap_reached": int(kind == "direct"),
        "inbox_shares_pending": int(kind == "inbox"),
        "app_cap_reached": int(kind == "direct"),
    }
    assert shown["app"]["used"] == int(kind == "direct")


def test_a_refusal_of_the_inbox_teaches_its_cap(publishing, make_inbox_post, simulator, caps_of):
    simulator.control.knobs(pending_share_cap=1)
    first, second = make_inbox_post(), make_inbox_post()
    publishing.begin(first)
    publishing.run()
    publishing.begin(second)
    publishing.run()

    assert publishing.shown(second)["reason"] == "spam_risk_too_many_pending_share"
    cap = caps_of(publishing.shown(second)["account_id"])["inbox_shares_pending"]
    assert (cap["allowed"], cap["source"]) == (1, "learnt")
    publishing.pass_time(HOUR)
    publishing.run()
    assert publishing.shown(second)["reason"] == "inbox_shares_pending"
    publishing.pass_time(DAY)
    publishing.run()
    assert publishing.shown(second)["state"] in ("processing", "inbox_delivered")


class TestApp:
    @pytest.fixture
    def settings(self):
        return {"app_creators_per_day": 1, "late_policy": "publish"}

    @on_each_database
    def test_a_creator_beyond_the_cap_of_the_app_is_held_until_another_leaves(self, publishing, make_post, init_codes):
        first, second, third = make_post(), make_post(creators=("grace",)), make_post()
        publishing.begin(first)
        publishing.run()
        publishing.begin(second)
        publishing.begin(third)
        publishing.run()

        assert publishing.shown(second)["reason"] == "app_cap_reached"
        assert publishing.shown(third)["state"] == "processing"
        publishing.pass_time(DAY + 120)
        publishing.run_until(lambda: init_codes()["ok"] == 3)


def test_a_refusal_of_the_app_teaches_its_cap(publishing, make_post, simulator, caps_of):
    for app in simulator.control.apps():
        simulator.control.change_app(app["client_key"], active_user_cap=1)
    first, second = make_post(), make_post(creators=("grace",))
    publishing.begin(first)
    publishing.run()
    publishing.begin(second)
    publishing.run()

    assert publishing.shown(second)["reason"] == "reached_active_user_cap"
    cap = caps_of(publishing.shown(second)["account_id"])["app_cap_reached"]
    assert (cap["allowed"], cap["source"]) == (1, "learnt")
    publishing.pass_time(HOUR)
    publishing.run()
    assert publishing.shown(second)["reason"] == "app_cap_reached"
    publishing.pass_time(DAY)
    publishing.run_until(lambda: publishing.shown(second)["state"] == "published")


def test_what_was_held_behind_a_cancelled_post_takes_its_place(plan, publishing, simulator, owner):
    first, second, third = plan([60, 660, 1260])
    simulator.control.knobs(post_cap=1)
    publishing.pass_time(61)
    publishing.run_until_published(first, step=20)
    publishing.pass_time(2 * HOUR)
    for _ in range(2):
        publishing.run()
        publishing.pass_time(HOUR)
    publishing.run()
    at = publishing.shown(second)["next_try_at"]

    assert owner.post(f"/posts/{second['id']}/cancel").status_code == 200
    publishing.run()

    moved = publishing.shown(third)["next_try_at"]
    assert abs((datetime.fromisoformat(moved) - datetime.fromisoformat(at)).total_seconds()) < 1
