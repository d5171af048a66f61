"""After TikTok's word of a ban or of spam an account's other posts are held, until TikTok or a person says otherwise."""

import pytest
from sqlalchemy import select, update

from tests.listening import listening
from tests.posts.times import DAY, HOUR
from tiktok_api import clock
from tiktok_api.db import db, transaction
from tiktok_api.jobs.models import Job
from tiktok_api.posts.models import PUBLISH
from tiktok_api.posts.waiting.breaker import PROBE

BAN, SPAM = "spam_risk_user_banned_from_posting", "spam_risk"


@pytest.fixture
def settings():
    return {"late_policy": "publish"}


@pytest.fixture
def health(owner, publishing):
    return lambda post: owner.get(f"/accounts/{publishing.shown(post)['account_id']}/health").json


@pytest.fixture
def ban(publishing):
    """TikTok bans ada, and does not say so when asked beforehand: `ban(False)` ends it."""
    return lambda is_banned=True: publishing.tiktok.change_creator("ada", banned=is_banned)


@pytest.fixture
def held(plan, publishing, ban):
    """Two posts of a banned creator's: the first one has failed, the other is held."""
    posts = plan([60, 660])
    ban()
    publishing.pass_time(61)
    publishing.run()
    publishing.pass_time(600)
    publishing.run()
    return posts


def test_after_a_ban_other_posts_are_held_and_tiktok_is_not_asked_for_them(held, publishing, health):
    first, second = (publishing.shown(post) for post in held)

    assert (first["state"], first["reason"]) == ("failed", BAN)
    assert (second["state"], second["reason"]) == ("held", "account_circuit_open")
    assert BAN in second["detail"]
    assert publishing.count_inits() == 0
    assert len(publishing.tiktok.requests(endpoint="creator_info")) == 2  # the first of them when ada was connected
    shown = health(held[0])
    assert shown["circuit"]["reason"] == BAN
    assert "account_circuit_open" in [reason["code"] for reason in shown["reasons"]]


def test_a_probe_that_comes_too_early_asks_nothing(held, publishing, app):
    asked = len(publishing.tiktok.requests(endpoint="creator_info"))
    with app.app_context(), transaction() as session:
        moved = session.execute(update(Job).where(Job.kind == PROBE).values(due_at=clock.now()))

    publishing.run()

    assert moved.rowcount == 1
    assert len(publishing.tiktok.requests(endpoint="creator_info")) == asked


def test_a_person_resets_the_circuit_and_what_was_held_goes_out(held, publishing, ban, owner, health):
    account_id = publishing.shown(held[0])["account_id"]
    ban(False)

    answers = [owner.post(f"/accounts/{account_id}/circuit/reset") for _ in range(2)]
    publishing.run()

    assert [answer.status_code for answer in answers] == [200, 200]
    assert [answer.json["circuit"] for answer in answers] == [None, None]
    assert publishing.shown(held[1])["state"] == "processing"
    entries = owner.get("/audit?action=account.circuit_reset").json["data"]
    assert [entry["subject_id"] for entry in entries] == [account_id]


def test_a_circuit_is_locked_before_its_job_by_all_so_that_no_two_wait_for_each_other(held, publishing, app, owner):
    account_id, written = publishing.shown(held[0])["account_id"], []

    def note(connection, cursor, statement, *_):
        if statement.startswith("DELETE FROM"):
            written.append(statement.split()[2])

    with app.app_context(), listening(db.engine, "before_cursor_execute", note):
        assert owner.post(f"/accounts/{account_id}/circuit/reset").status_code == 200

    assert written == ["posting_limits", "jobs"]


def test_the_jobs_of_what_it_held_are_locked_in_the_order_of_their_ids_and_come_due_in_that_of_their_times(
    plan, ban, publishing, app, owner
):
    first, *held = [*plan([60]), *plan([800]), *plan([700])]
    ban()
    for seconds in (61, 800):
        publishing.pass_time(seconds)
        publishing.run()
    assert {publishing.shown(post)["reason"] for post in held} == {"account_circuit_open"}
    account_id, written = publishing.shown(first)["account_id"], []

    def note(connection, cursor, statement, parameters, *_):
        if statement.startswith("INSERT INTO jobs"):
            written.append(str(parameters))

    with app.app_context(), listening(db.engine, "before_cursor_execute", note):
        assert owner.post(f"/accounts/{account_id}/circuit/reset").status_code == 200
        in_time = select(Job.subject).where(Job.kind == PUBLISH, Job.due_at <= clock.now()).order_by(Job.due_at)
        due = [str(each) for each in db.session.scalars(in_time)]

    later, earlier = ids = [publishing.shown(post)["id"] for post in held]
    assert [each for parameters in written for each in ids if each in parameters] == [later, earlier]
    assert due == [earlier, later]


def test_the_circuit_of_a_stranger_does_not_exist(held, publishing, stranger, health):
    account_id = publishing.shown(held[0])["account_id"]

    assert stranger.post(f"/accounts/{account_id}/circuit/reset").status_code == 404
    assert health(held[0])["circuit"] is not None


def test_after_a_day_tiktok_is_asked_and_the_circuit_stays_open_or_closes(held, publishing, ban, health):
    opened = health(held[0])["circuit"]
    publishing.pass_time(DAY)
    publishing.run()

    again = health(held[0])["circuit"]
    assert again["opened_at"] == opened["opened_at"]
    assert again["asked_again_at"] > opened["asked_again_at"]
    assert publishing.shown(held[1])["reason"] == "account_circuit_open"
    assert publishing.count_inits() == 0

    ban(False)
    publishing.pass_time(DAY)
    publishing.run()
    publishing.pass_time(60)
    publishing.run()

    assert health(held[0])["circuit"] is None
    assert publishing.shown(held[1])["state"] in ("processing", "published")


def test_while_tiktok_cannot_be_asked_the_circuit_stays_open(held, publishing, ban, health):
    ban(False)
    publishing.tiktok.mischief("creator_info", "status", status=500, every=True)
    publishing.pass_time(DAY)
    publishing.run()

    assert health(held[0])["circuit"]["reason"] == BAN
    publishing.tiktok.clear_mischief()
    publishing.pass_time(700)
    publishing.run()
    assert health(held[0])["circuit"] is None


def test_an_account_that_lacks_the_scope_cannot_be_asked_and_its_circuit_closes(held, publishing, health):
    publishing.tiktok.mischief("creator_info", "status", status=401, code="scope_not_authorized", every=True)
    publishing.pass_time(DAY)

    publishing.run()

    assert health(held[0])["circuit"] is None


def test_a_post_that_a_person_tries_again_is_sent_and_opens_the_circuit_anew(held, publishing, owner, health):
    assert owner.post(f"/posts/{held[0]['id']}/retry").status_code == 202

    publishing.run()

    assert publishing.shown(held[0])["reason"] == BAN
    assert publishing.shown(held[1])["state"] == "held"
    assert health(held[0])["circuit"] is not None


def test_once_a_post_that_a_person_tries_again_is_out_the_others_follow_within_minutes(held, publishing, ban, owner):
    ban(False)
    assert owner.post(f"/posts/{held[0]['id']}/retry").status_code == 202
    publishing.run()
    begun = publishing.count_inits()

    publishing.pass_time(300)
    publishing.run()
    publishing.pass_time(300)
    publishing.run()

    assert (begun, publishing.count_inits()) == (1, 2)


def test_spam_opens_it_for_six_hours_and_a_refused_text_does_not(plan, publishing, health):
    first, second = plan([60, 4000])
    publishing.tiktok.change_creator("ada", fail_reason="spam_risk_text")
    publishing.pass_time(61)
    publishing.run_until(lambda: publishing.shown(first)["state"] == "failed")
    assert health(first)["circuit"] is None

    publishing.tiktok.change_creator("ada", fail_reason=SPAM)
    publishing.pass_time(4000)
    publishing.run_until(lambda: publishing.shown(second)["state"] == "failed")

    assert health(first)["circuit"]["reason"] == SPAM
    publishing.pass_time(6 * HOUR)
    publishing.run()
    assert health(first)["circuit"] is None
