"""Media that become known at the very moment at which a worker looks at a post that is due, or while no worker runs."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from tests.media import sample_media
from tests.posts.interruptions import between_transactions
from tiktok_api import clock
from tiktok_api.db import db
from tiktok_api.jobs.models import Job

MOST_MOMENTS = 40


def test_media_that_become_known_at_any_moment_of_the_workers_look_hold_nothing_up(
    app, send, draft, owner, publishing, hold_media
):
    publishing.tiktok.knobs(post_cap=10_000)
    with app.app_context():
        engine = db.engine

    def inspect():
        hold_media(False)
        publishing.run()

    for number in range(1, MOST_MOMENTS):
        media_id = send(sample_media.video() + b"\0\0\0\x0cfree" + number.to_bytes(4))
        hold_media(True)
        post = draft(media_id, caption=f"Moment {number}")
        assert owner.post(f"/posts/{post['id']}/publish").status_code == 202
        with between_transactions(engine, number, inspect) as happening:
            publishing.run()
        if not happening.has_happened:
            break
        publishing.run()
        publishing.pass_time(20)
        publishing.run()
        assert publishing.shown(post)["state"] == "published", number
        publishing.pass_time(61)
    assert 2 < number < MOST_MOMENTS - 1


@pytest.mark.parametrize("is_early", [True, False])
def test_media_that_are_too_long_for_the_creator_fail_the_post_as_soon_as_they_are_known(
    is_early, send, draft, owner, publishing, account_id, app
):
    publishing.tiktok.change_creator("ada", max_video_post_duration_sec=1)
    publishing.pass_time(61)
    assert owner.get(f"/accounts/{account_id}/creator-info").status_code == 200
    with app.app_context():
        at = clock.now() + timedelta(days=30 if is_early else 0)
    post = draft(send(sample_media.video(seconds=4)), publish_at=at.isoformat())
    assert post["status"] == "scheduled"

    publishing.run()

    failed = publishing.shown(post)
    assert (failed["state"], failed["reason"]) == ("failed", "video_duration")
    assert owner.get(f"/posts/{post['id']}").json["status"] == "failed"
    assert publishing.count_inits() == 0


@pytest.mark.parametrize("has_looked", [False, True])
@pytest.mark.parametrize("hours", [0.75, 5])
def test_downtime_is_no_waiting_for_media(
    hours, has_looked, send, draft, app, owner, publishing, video_bytes, hold_media
):
    media_id = send(video_bytes)
    hold_media(True)
    with app.app_context():
        at = (clock.now() + timedelta(seconds=60)).isoformat()
    post = draft(media_id, publish_at=at, if_late="publish")
    if has_looked:
        publishing.pass_time(61)
        publishing.run()
        assert publishing.shown(post)["reason"] == "media_inspecting"

    publishing.pass_time(hours * 3600)
    publishing.run()
    waiting = publishing.shown(post)
    hold_media(False)

    assert (waiting["state"], waiting["reason"]) == ("preparing", "media_inspecting")
    publishing.run_until_published(post)


def test_a_post_that_is_deleted_before_its_media_are_known_leaves_nothing_to_do(send, draft, owner, publishing, app):
    post = draft(send(sample_media.video()), publish_at="2200-01-01T00:00:00Z")
    assert owner.delete(f"/posts/{post['id']}").status_code == 204

    publishing.run()
    publishing.pass_time(86_400)
    publishing.run()

    with app.app_context():
        left = db.session.scalars(select(Job).where(Job.subject == UUID(post["id"]))).all()
    assert left == []


@pytest.mark.parametrize("mode", ["direct", "inbox"])
def test_media_that_become_known_are_not_held_to_what_no_creator_has_said(
    mode, send, draft, publishing, connect_account, owner
):
    unheard_of = connect_account(owner, "grace")
    publishing.tiktok.mischief("creator_info", "status", status=500, every=True)
    publishing.tiktok.change_creator("grace", max_video_post_duration_sec=1)
    words = {"privacy_level": None} if mode == "inbox" else {}
    targets = [{"account_id": unheard_of}]
    post = draft(
        send(sample_media.video(seconds=4)), publish_at="2200-01-01T00:00:00Z", mode=mode, targets=targets, **words
    )

    publishing.run()

    assert publishing.shown(post)["state"] == "scheduled"
