"""What goes wrong while the bytes are on their way, before and after the commit point."""

import hashlib

import pytest
from sqlalchemy import update

from tests.posts.failures import UNUSABLE, name
from tests.posts.interruptions import around_calls
from tiktok_api.db import transaction
from tiktok_api.posts.models import Attempt
from tiktok_api.simulator.background import processing
from tiktok_api.tiktok import plan_chunks

REFUSED = [403, 404, 400]
NOT_THROUGH = [rule for rule in UNUSABLE if rule["effect"] != "garbage"]  # of a chunk's answer only the head counts
NOT_THROUGH += [{"effect": "status", "status": 429}, {"effect": "drop", "at_byte": 5_000_000}]


@pytest.fixture
def make_big_post(make_post, make_video, big_video_bytes, simulator):
    """A post whose video goes out in six chunks."""
    simulator.control.knobs(inspect_media=False)
    return lambda: make_post(media_ids=[make_video(big_video_bytes)])


@pytest.fixture
def trouble_at(make_big_post, simulator, begin, run_jobs):
    """A post that was begun and has met trouble at one of its chunks: `trouble_at("status", nth=3, status=500)`."""

    def make(effect, **rule):
        post = make_big_post()
        simulator.control.mischief("upload", effect, **rule)
        begin(post)
        run_jobs()
        return post

    return make


def the_right_one(content):
    return [hashlib.sha256(content).hexdigest()]


@pytest.mark.parametrize("rule", NOT_THROUGH, ids=name)
def test_a_chunk_that_did_not_get_through_is_sent_again_to_the_same_place(
    trouble_at, rule, publishing, big_video_bytes
):
    post = trouble_at(nth=3, **rule)

    waiting = publishing.shown(post)
    assert (waiting["state"], waiting["attempts"][0]["state"]) == ("uploading", "open")
    assert waiting["attempts"][0]["uploaded_bytes"] == 2 * plan_chunks(len(big_video_bytes)).chunk_size
    assert waiting["reason"] in ("tiktok_unreachable", "tiktok_busy")
    assert waiting["next_try_at"]
    publishing.run_until_published(post)
    assert publishing.count_inits() == 1
    assert publishing.live() == the_right_one(big_video_bytes)


def test_an_upload_that_cannot_be_gone_on_with_because_tiktok_does_not_say_how_far_it_is_waits(trouble_at, publishing):
    post = trouble_at("status", nth=3, status=500)
    publishing.tiktok.mischief("status", "status", status=429)

    publishing.pass_time(10)
    publishing.run()

    waiting = publishing.shown(post)
    assert (waiting["state"], waiting["reason"]) == ("uploading", "tiktok_busy")
    publishing.run_until_published(post)
    assert publishing.count_inits() == 1


def test_a_chunk_out_of_step_is_no_reason_to_begin_again(trouble_at, publishing, big_video_bytes):
    post = trouble_at("status", nth=2, status=416)
    waiting = publishing.shown(post)
    publishing.run_until_published(post)

    assert (waiting["state"], waiting["reason"]) == ("uploading", "upload_out_of_step")
    assert publishing.count_inits() == 1
    assert publishing.live() == the_right_one(big_video_bytes)


@pytest.mark.parametrize("status", REFUSED)
def test_an_upload_that_tiktok_closes_early_is_made_anew(trouble_at, status, publishing, big_video_bytes):
    post = trouble_at("status", nth=2, status=status, envelope=False)
    waiting = publishing.shown(post)
    published = publishing.run_until_published(post)

    assert waiting["state"] == "due"
    assert waiting["reason"] == "upload_refused"
    assert waiting["next_try_at"]
    assert [attempt["state"] for attempt in published["attempts"]] == ["dead", "succeeded"]
    assert publishing.count_inits() == 2
    assert publishing.live() == the_right_one(big_video_bytes)


def test_three_uploads_that_tiktok_closes_are_enough(publishing, make_big_post, owner):
    post = make_big_post()
    publishing.tiktok.mischief("upload", "status", status=404, every=True, envelope=False)

    publishing.begin(post)
    publishing.run_until(lambda: publishing.shown(post)["state"] == "failed", step=60)

    failed = publishing.shown(post)
    assert [attempt["state"] for attempt in failed["attempts"]] == ["dead"] * 3
    assert "3 attempts" in failed["detail"]
    assert publishing.count_inits() == 3
    publishing.tiktok.clear_mischief()
    assert owner.post(f"/posts/{post['id']}/retry").status_code == 202
    publishing.run_until(lambda: publishing.shown(post)["state"] == "published", step=60)


@pytest.mark.parametrize("sent", [1, 5])
def test_an_upload_that_takes_longer_than_its_url_lives_costs_the_attempt(
    sent, make_big_post, publishing, transport, big_video_bytes
):
    post = make_big_post()
    publishing.begin(post)

    with around_calls(transport, 2 + sent, "after", lambda: publishing.pass_time(3601)):
        publishing.run()

    [attempt] = publishing.shown(post)["attempts"]
    assert (attempt["state"], attempt["reason"]) == ("dead", "upload_url_expired")
    publishing.run_until_published(post)
    assert publishing.live() == the_right_one(big_video_bytes)


def test_an_upload_url_that_lapses_before_the_last_chunk_costs_the_attempt(trouble_at, publishing, big_video_bytes):
    post = trouble_at("status", nth=4, status=500)

    publishing.pass_time(3601)
    publishing.run()

    assert publishing.shown(post)["attempts"][0]["reason"] == "upload_url_expired"
    published = publishing.run_until_published(post)
    assert [attempt["state"] for attempt in published["attempts"]] == ["dead", "succeeded"]
    assert publishing.count_inits() == 2
    assert publishing.live() == the_right_one(big_video_bytes)


@pytest.mark.parametrize(
    "rule", [*UNUSABLE, {"effect": "status", "status": 429}, {"effect": "status", "status": 416}], ids=name
)
def test_what_became_of_the_last_chunk_is_asked_and_never_guessed(rule, publishing, video_bytes):
    post = publishing.make_post()
    publishing.tiktok.mischief("upload", **rule)

    publishing.begin(post)
    publishing.run()

    waiting = publishing.shown(post)
    assert (waiting["state"], waiting["attempts"][0]["state"]) == ("processing", "final")
    publishing.run_until_published(post)
    assert publishing.count_inits() == 1
    assert publishing.live() == the_right_one(video_bytes)


def test_a_last_chunk_that_was_lost_is_not_sent_again_for_a_publish_id_that_tiktok_does_not_know(publishing):
    post = publishing.make_post()
    publishing.tiktok.mischief("upload", "drop_before")
    publishing.begin(post)
    publishing.run()
    publishing.tiktok.mischief("status", "status", status=400, code="invalid_publish_id")
    publishing.tiktok.clear_requests()

    publishing.pass_time(10)
    publishing.run()

    asked = [entry["status"] for entry in publishing.tiktok.requests(endpoint="status")]
    assert (asked, publishing.tiktok.requests(endpoint="upload")) == ([400], [])
    assert publishing.shown(post)["reason"] == "invalid_publish_id"
    publishing.run_until_published(post)
    assert len(publishing.live()) == 1


@pytest.mark.parametrize("status", [403, 404])
def test_an_upload_url_that_is_dead_after_the_commit_point_never_leads_back_to_init(status, publishing):
    post = publishing.make_post()
    publishing.tiktok.knobs(upload_lapse_seconds=10**7)
    publishing.tiktok.mischief("upload", "status", status=status, envelope=False, every=True)

    publishing.begin(post)
    for _ in range(3):  # well within the hour for which it would be good
        publishing.run()
        publishing.pass_time(60)
    publishing.run_until(lambda: publishing.shown(post)["state"] == "unconfirmed", step=3600)

    unconfirmed = publishing.shown(post)
    assert unconfirmed["reason"] == "no_verdict"
    assert publishing.count_inits() == 1
    assert len(publishing.tiktok.requests(endpoint="upload")) == 1


@pytest.mark.parametrize("lack", ["all of it", "its last byte"])
def test_a_file_that_has_left_the_storage_fails_the_post_with_that_reason(lack, publishing, tmp_path):
    post = publishing.make_post()
    for file in (tmp_path / "media").rglob("*"):
        if file.is_file() and lack == "all of it":
            file.unlink()
        elif file.is_file():
            file.write_bytes(file.read_bytes()[:-1])

    publishing.begin(post)
    publishing.run()

    failed = publishing.shown(post)
    assert (failed["state"], failed["reason"]) == ("failed", "media_content_missing")
    assert publishing.count_inits() == 0


def test_a_chunk_that_a_gateway_delivers_twice_is_no_reason_to_begin_again(
    transport, make_big_post, publishing, big_video_bytes
):
    post = make_big_post()
    ranges = []

    def is_second_chunk(request):
        ranges.append(request.headers.get("Content-Range"))
        return request.method == "PUT" and sum(each is not None for each in ranges) == 2

    transport.delivers_twice = is_second_chunk
    publishing.begin(post)
    publishing.run()

    waiting = publishing.shown(post)
    assert (waiting["state"], waiting["attempts"][0]["state"]) == ("uploading", "open")
    publishing.run_until_published(post)
    sent = [each for each in ranges if each is not None]
    assert len(sent) == len(set(sent)), "what TikTok has is not sent again"
    assert publishing.count_inits() == 1
    assert publishing.live() == the_right_one(big_video_bytes)


def test_a_chunk_that_tiktok_understands_and_refuses_fails_the_post(trouble_at, publication_of, count_inits):
    post = trouble_at("status", nth=3, status=422, code="invalid_params")

    failed = publication_of(post)
    assert (failed["state"], failed["reason"]) == ("failed", "invalid_params")
    assert failed["attempts"][0]["state"] == "dead"
    assert count_inits() == 1


def test_a_file_that_leaves_the_storage_while_it_is_sent_fails_the_post_with_that_reason(
    trouble_at, publishing, tmp_path
):
    post = trouble_at("status", nth=3, status=500)
    for file in (tmp_path / "media").rglob("*"):
        if file.is_file():
            file.unlink()

    publishing.pass_time(30)
    publishing.run()

    failed = publishing.shown(post)
    assert (failed["state"], failed["reason"]) == ("failed", "media_content_missing")
    assert failed["attempts"][0]["state"] == "dead"
    assert publishing.count_inits() == 1


def test_a_publish_id_that_tiktok_has_forgotten_before_the_last_chunk_is_replaced(trouble_at, publishing):
    post = trouble_at("status", nth=3, status=500)
    publishing.tiktok.mischief("status", "status", status=400, code="invalid_publish_id")

    publishing.pass_time(10)
    publishing.run()

    waiting = publishing.shown(post)
    assert (waiting["state"], waiting["reason"]) == ("due", "invalid_publish_id")
    published = publishing.run_until_published(post)
    assert [each["state"] for each in published["attempts"]] == ["dead", "succeeded"]
    assert (publishing.count_inits(), len(publishing.live())) == (2, 1)


def test_an_upload_url_that_no_key_opens_any_more_costs_the_attempt(trouble_at, app, publishing):
    post = trouble_at("status", nth=3, status=500)
    with app.app_context(), transaction() as session:  # as if a key that has left the ring had encrypted it
        session.execute(update(Attempt).values(upload_url_encrypted=b"gone:" + bytes(40)))

    publishing.pass_time(10)
    publishing.run()

    waiting = publishing.shown(post)
    assert (waiting["state"], waiting["reason"]) == ("due", "upload_url_lost")
    publishing.run_until_published(post)
    assert (publishing.count_inits(), len(publishing.live())) == (2, 1)


def test_an_upload_that_tiktok_gives_up_itself_is_made_anew(trouble_at, simulator, publishing, big_video_bytes):
    post = trouble_at("status", nth=3, status=500)
    with simulator.world.moment() as now:
        [theirs] = simulator.world.publications.values()
        processing.fail(simulator.world, theirs, "internal", now)

    publishing.pass_time(10)
    publishing.run()

    waiting = publishing.shown(post)
    assert (waiting["state"], waiting["reason"]) == ("due", "internal")
    published = publishing.run_until_published(post)
    assert [attempt["state"] for attempt in published["attempts"]] == ["dead", "succeeded"]
    assert publishing.count_inits() == 2
    assert publishing.live() == the_right_one(big_video_bytes)
