"""What was held and is let go: in the order of its times, by its person's choice alone, and with words that are true."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from tests.databases import on_each_database
from tests.media import sample_media
from tests.posts.interruptions import around_calls, between_transactions
from tests.posts.times import DAY, HOUR
from tiktok_api import clock
from tiktok_api.db import database_now, db, transaction
from tiktok_api.jobs.models import Job
from tiktok_api.posts.models import PUBLISH


@pytest.fixture
def lose_grant(simulator, pass_time, run_jobs):
    """TikTok's authorisation of ada has ended for so long."""

    def lose(seconds):
        simulator.control.disconnect("ada")
        for _ in range(8):
            run_jobs()
            pass_time(seconds / 8)
        run_jobs()

    return lose


@on_each_database
def test_after_reconnecting_the_first_goes_first_though_other_workers_come_to_the_others_before(
    plan, lose_grant, owner, connect_account, publishing, transport
):
    posts = [plan([60 + HOUR * number], if_late="publish", caption=f"post {number}")[0] for number in range(3)]
    lose_grant(2 * DAY)
    assert {publishing.shown(post)["reason"] for post in posts} == {"account_needs_reconnection"}
    connect_account(owner, "ada")

    with around_calls(transport, 1, "before", publishing.run):
        publishing.run()

    assert [each["post_info"]["title"] for each in publishing.tiktok.publications()] == ["post 0"]
    assert [publishing.shown(post)["reason"] for post in posts[1:]] == ["spaced", "spaced"]


@pytest.fixture
def another_worker_has(app, publication_of):
    """Another worker has the job of a post, and is slow: `another_worker_has(post)`; it lets go with `False`."""

    def lease(post, has=True):
        job = Job.subject == UUID(publication_of(post)["id"])
        with app.app_context(), transaction() as session:
            until = database_now(timedelta(minutes=1)) if has else None
            session.execute(update(Job).where(job).values(leased_until=until))

    return lease


def test_after_reconnecting_the_first_goes_first_however_slow_its_worker_is(
    plan, lose_grant, owner, connect_account, publishing, another_worker_has
):
    first, *rest = plan([60, HOUR, 2 * HOUR], if_late="publish")
    lose_grant(2 * DAY)
    connect_account(owner, "ada")

    another_worker_has(first)
    publishing.run()

    assert (publishing.shown(first)["state"], publishing.count_inits()) == ("held", 0)
    assert [publishing.shown(post)["reason"] for post in rest] == ["spaced", "spaced"]
    another_worker_has(first, False)
    publishing.run()
    assert (publishing.shown(first)["state"], publishing.count_inits()) == ("processing", 1)


def test_what_is_out_already_and_could_not_be_asked_about_holds_nothing_up(
    plan, lose_grant, owner, connect_account, publishing, another_worker_has
):
    publishing.tiktok.knobs(processing_seconds=10.0**6)
    first, second = plan([60, HOUR], if_late="publish")
    publishing.pass_time(61)
    publishing.run()
    lose_grant(5 * HOUR)
    unheard = publishing.shown(first)
    connect_account(owner, "ada")

    another_worker_has(first)
    publishing.run()

    assert (unheard["state"], unheard["reason"]) == ("processing", "account_needs_reconnection")
    assert publishing.shown(second)["state"] == "processing"


def test_what_held_it_is_not_told_any_more_once_it_is_over(plan, lose_grant, owner, connect_account, publishing):
    [post] = plan([60], if_late="publish")
    lose_grant(HOUR)
    held = publishing.shown(post)
    publishing.tiktok.mischief("creator_info", "status", status=500, every=True)
    connect_account(owner, "ada")
    publishing.run()

    waiting = publishing.shown(post)

    assert held["reason"] == "account_needs_reconnection"
    assert "connect it again" in held["detail"]
    assert waiting["reason"] == "tiktok_unreachable"
    assert "connect" not in (waiting["detail"] or "")


def test_what_its_person_was_asked_about_does_not_go_out_by_itself_under_another_policy(
    asked_about, owner, connect_account, replace_settings, publishing
):
    replace_settings(late_policy="publish")

    connect_account(owner, "ada")
    publishing.run()
    publishing.pass_time(HOUR)
    publishing.run()

    assert (publishing.shown(asked_about)["reason"], publishing.count_inits()) == ("late", 0)


@pytest.mark.parametrize("moment", [3, 4, 5, 6])
def test_its_person_may_publish_it_while_a_worker_looks_at_it(
    moment, asked_about, owner, connect_account, app, publishing
):
    connect_account(owner, "ada")
    with app.app_context(), transaction() as session:  # only its own job is due
        session.execute(update(Job).where(Job.kind != PUBLISH).values(leased_until=database_now(timedelta(minutes=1))))
        engine = db.engine

    with between_transactions(engine, moment, lambda: owner.post(f"/posts/{asked_about['id']}/publish")) as person:
        publishing.run()

    assert person.result.status_code == 202
    assert publishing.shown(asked_about)["reason"] != "late"
    publishing.run_until_published(asked_about)


def test_its_person_may_change_it_before_choosing_a_time(
    asked_about, owner, work_until_published, live_titles, publication_of
):
    changed = owner.patch(f"/posts/{asked_about['id']}", json={"caption": "A day later", "if_late": "publish"})

    assert (changed.status_code, changed.json["status"]) == (200, "publishing")
    assert publication_of(asked_about)["reason"] == "late"
    assert owner.post(f"/posts/{asked_about['id']}/publish").status_code == 202
    work_until_published(asked_about)
    assert live_titles() == ["A day later"]


@pytest.mark.parametrize("is_sound", [True, False])
def test_its_person_may_change_its_video_and_change_it_again(asked_about, owner, publishing, is_sound):
    content = sample_media.video(seconds=3)
    body = sample_media.multipart(sample_media.part("file", content if is_sound else content[: len(content) // 2]))
    another = owner.post("/media", data=body, content_type=sample_media.MULTIPART).json["id"]

    assert owner.patch(f"/posts/{asked_about['id']}", json={"media_ids": [another]}).status_code == 200
    publishing.run()

    assert (publishing.shown(asked_about)["state"], publishing.shown(asked_about)["reason"]) == ("held", "late")
    published = owner.post(f"/posts/{asked_about['id']}/publish")
    assert published.status_code == (202 if is_sound else 422)
    if not is_sound:
        assert (
            owner.patch(f"/posts/{asked_about['id']}", json={"media_ids": [publishing.make_video()]}).status_code == 200
        )
        assert owner.post(f"/posts/{asked_about['id']}/publish").status_code == 202
    publishing.run_until_published(asked_about)


def test_its_person_may_change_its_words_and_its_time_at_once(
    asked_about, owner, app, work_until_published, live_titles
):
    with app.app_context():
        later = (clock.now() + timedelta(seconds=600)).isoformat()

    changed = owner.patch(f"/posts/{asked_about['id']}", json={"caption": "Anew", "publish_at": later})

    assert (changed.status_code, changed.json["status"]) == (200, "scheduled")
    work_until_published(asked_about, step=60)
    assert live_titles() == ["Anew"]


def test_its_person_may_send_it_elsewhere(asked_about, owner, connect_account, publishing):
    grace = connect_account(owner, "grace")
    publishing.run()

    changed = owner.patch(f"/posts/{asked_about['id']}", json={"targets": [{"account_id": grace}]})
    publishing.pass_time(HOUR)
    publishing.run()

    assert (changed.status_code, changed.json["status"]) == (200, "draft")
    assert (publishing.shown(asked_about)["state"], publishing.count_inits()) == ("draft", 0)
    assert owner.post(f"/posts/{asked_about['id']}/publish").status_code == 202
    assert publishing.run_until_published(asked_about)["account_id"] == grace


def test_a_post_of_which_something_is_out_keeps_its_words(plan, publishing, owner, connect_account, lose_grant, app):
    ada, grace = connect_account(owner, "ada"), connect_account(owner, "grace")
    publishing.run()
    with app.app_context():
        soon = (clock.now() + timedelta(seconds=60)).isoformat()
    targets = [{"account_id": ada}, {"account_id": grace}]
    post = publishing.make_post(media_ids=[publishing.make_video()], targets=targets, publish_at=soon)
    lose_grant(5 * HOUR)
    connect_account(owner, "ada")
    publishing.run()
    reasons = {each["reason"] for each in owner.get(f"/posts/{post['id']}/publications").json["data"]}

    refused = owner.patch(f"/posts/{post['id']}", json={"caption": "Other words"})

    assert "late" in reasons
    assert refused.status_code == 409


def test_what_tiktok_says_of_the_creator_while_publishing_is_kept_for_the_next_post(publishing, owner):
    post = publishing.make_post()
    publishing.tiktok.change_creator("ada", max_video_post_duration_sec=77)
    publishing.pass_time(120)
    publishing.begin(post)
    publishing.run_until_published(post)
    account_id = post["targets"][0]["account_id"]
    publishing.tiktok.clear_requests()

    told = owner.get(f"/accounts/{account_id}/creator-info").json

    assert told["max_video_post_duration_sec"] == 77
    assert publishing.tiktok.requests(endpoint="creator_info") == []


def test_a_ban_that_publishing_meets_is_told_when_the_next_post_is_scheduled(publishing, owner):
    media_id = publishing.make_video()
    post = publishing.make_post(media_ids=[media_id])
    publishing.tiktok.change_creator("ada", banned=True)
    publishing.begin(post)
    publishing.run()
    again = publishing.make_post(media_ids=[media_id], targets=[{"account_id": post["targets"][0]["account_id"]}])

    refused = owner.post(f"/posts/{again['id']}/schedule", json={"publish_at": "2200-01-01T00:00:00Z"})

    assert publishing.shown(post)["state"] == "failed"
    assert [fault["code"] for fault in refused.json["errors"]] == ["creator_cannot_post"]
