"""What goes wrong while the bytes are on their way, before and after the commit point."""

import hashlib

import pytest
from sqlalchemy import update

from tests.posts.test_trouble_before_upload import UNUSABLE, name
from tiktok_api.db import transaction
from tiktok_api.posts.models import Attempt
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
    trouble_at, rule, publication_of, work_until_published, count_inits, live_videos, big_video_bytes
):
    post = trouble_at(nth=3, **rule)

    waiting = publication_of(post)
    assert (waiting["state"], waiting["attempts"][0]["state"]) == ("uploading", "open")
    assert waiting["attempts"][0]["uploaded_bytes"] == 2 * plan_chunks(len(big_video_bytes)).chunk_size
    assert waiting["reason"] in ("tiktok_unreachable", "tiktok_busy")
    assert waiting["next_try_at"]
    work_until_published(post)
    assert count_inits() == 1
    assert live_videos() == the_right_one(big_video_bytes)


def test_an_upload_that_cannot_be_gone_on_with_because_tiktok_does_not_say_how_far_it_is_waits(
    trouble_at, simulator, run_jobs, pass_time, publication_of, work_until_published, count_inits
):
    post = trouble_at("status", nth=3, status=500)
    simulator.control.mischief("status", "status", status=429)

    pass_time(10)
    run_jobs()

    waiting = publication_of(post)
    assert (waiting["state"], waiting["reason"]) == ("uploading", "tiktok_busy")
    work_until_published(post)
    assert count_inits() == 1


def test_a_chunk_out_of_step_is_no_reason_to_begin_again(
    trouble_at, publication_of, work_until_published, count_inits, live_videos, big_video_bytes
):
    post = trouble_at("status", nth=2, status=416)
    waiting = publication_of(post)
    work_until_published(post)

    assert (waiting["state"], waiting["reason"]) == ("uploading", "upload_out_of_step")
    assert count_inits() == 1
    assert live_videos() == the_right_one(big_video_bytes)


@pytest.mark.parametrize("status", REFUSED)
def test_an_upload_that_tiktok_closes_early_is_made_anew(
    trouble_at, status, publication_of, work_until_published, count_inits, live_videos, big_video_bytes
):
    post = trouble_at("status", nth=2, status=status, envelope=False)
    waiting = publication_of(post)
    published = work_until_published(post)

    assert waiting["state"] == "due"
    assert waiting["reason"] == "upload_refused"
    assert waiting["next_try_at"]
    assert [attempt["state"] for attempt in published["attempts"]] == ["dead", "succeeded"]
    assert count_inits() == 2
    assert live_videos() == the_right_one(big_video_bytes)


def test_three_uploads_that_tiktok_closes_are_enough(
    simulator, make_big_post, begin, work_until, publication_of, count_inits, owner
):
    post = make_big_post()
    simulator.control.mischief("upload", "status", status=404, every=True, envelope=False)

    begin(post)
    work_until(lambda: publication_of(post)["state"] == "failed", step=60)

    failed = publication_of(post)
    assert [attempt["state"] for attempt in failed["attempts"]] == ["dead"] * 3
    assert "3 attempts" in failed["detail"]
    assert count_inits() == 3
    simulator.control.clear_mischief()
    assert owner.post(f"/posts/{post['id']}/retry").status_code == 202
    work_until(lambda: publication_of(post)["state"] == "published", step=60)


def test_an_upload_url_that_lapses_before_the_last_chunk_costs_the_attempt(
    trouble_at, run_jobs, pass_time, publication_of, work_until_published, count_inits, live_videos, big_video_bytes
):
    post = trouble_at("status", nth=4, status=500)

    pass_time(3601)
    run_jobs()

    assert publication_of(post)["attempts"][0]["reason"] == "upload_url_expired"
    published = work_until_published(post)
    assert [attempt["state"] for attempt in published["attempts"]] == ["dead", "succeeded"]
    assert count_inits() == 2
    assert live_videos() == the_right_one(big_video_bytes)


@pytest.mark.parametrize(
    "rule", [*UNUSABLE, {"effect": "status", "status": 429}, {"effect": "status", "status": 416}], ids=name
)
def test_what_became_of_the_last_chunk_is_asked_and_never_guessed(
    rule,
    simulator,
    make_post,
    begin,
    run_jobs,
    publication_of,
    work_until_published,
    count_inits,
    live_videos,
    video_bytes,
):
    post = make_post()
    simulator.control.mischief("upload", **rule)

    begin(post)
    run_jobs()

    waiting = publication_of(post)
    assert (waiting["state"], waiting["attempts"][0]["state"]) == ("processing", "final")
    work_until_published(post)
    assert count_inits() == 1
    assert live_videos() == the_right_one(video_bytes)


def test_a_last_chunk_that_was_lost_is_not_sent_again_for_a_publish_id_that_tiktok_does_not_know(
    simulator, make_post, begin, run_jobs, pass_time, publication_of, work_until_published, live_videos
):
    post = make_post()
    simulator.control.mischief("upload", "drop_before")
    begin(post)
    run_jobs()
    simulator.control.mischief("status", "status", status=400, code="invalid_publish_id")
    simulator.control.clear_requests()

    pass_time(10)
    run_jobs()

    asked = [entry["status"] for entry in simulator.control.requests(endpoint="status")]
    assert (asked, simulator.control.requests(endpoint="upload")) == ([400], [])
    assert publication_of(post)["reason"] == "invalid_publish_id"
    work_until_published(post)
    assert len(live_videos()) == 1


@pytest.mark.parametrize("status", [403, 404])
def test_an_upload_url_that_is_dead_after_the_commit_point_never_leads_back_to_init(
    status, simulator, make_post, begin, work_until, publication_of, count_inits, run_jobs, pass_time
):
    post = make_post()
    simulator.control.knobs(upload_lapse_seconds=10**7)
    simulator.control.mischief("upload", "status", status=status, envelope=False, every=True)

    begin(post)
    for _ in range(3):  # well within the hour for which it would be good
        run_jobs()
        pass_time(60)
    work_until(lambda: publication_of(post)["state"] == "unconfirmed", step=3600)

    unconfirmed = publication_of(post)
    assert unconfirmed["reason"] == "no_verdict"
    assert count_inits() == 1
    assert len(simulator.control.requests(endpoint="upload")) == 1


@pytest.mark.parametrize("lack", ["all of it", "its last byte"])
def test_a_file_that_has_left_the_storage_fails_the_post_with_that_reason(
    lack, make_post, begin, run_jobs, publication_of, count_inits, tmp_path
):
    post = make_post()
    for file in (tmp_path / "media").rglob("*"):
        if file.is_file() and lack == "all of it":
            file.unlink()
        elif file.is_file():
            file.write_bytes(file.read_bytes()[:-1])

    begin(post)
    run_jobs()

    failed = publication_of(post)
    assert (failed["state"], failed["reason"]) == ("failed", "media_content_missing")
    assert count_inits() == 0


def test_a_chunk_that_a_gateway_delivers_twice_is_no_reason_to_begin_again(
    transport,
    make_big_post,
    begin,
    run_jobs,
    publication_of,
    work_until_published,
    count_inits,
    live_videos,
    big_video_bytes,
):
    post = make_big_post()
    ranges = []

    def is_second_chunk(request):
        ranges.append(request.headers.get("Content-Range"))
        return request.method == "PUT" and sum(each is not None for each in ranges) == 2

    transport.delivers_twice = is_second_chunk
    begin(post)
    run_jobs()

    waiting = publication_of(post)
    assert (waiting["state"], waiting["attempts"][0]["state"]) == ("uploading", "open")
    work_until_published(post)
    sent = [each for each in ranges if each is not None]
    assert len(sent) == len(set(sent)), "what TikTok has is not sent again"
    assert count_inits() == 1
    assert live_videos() == the_right_one(big_video_bytes)


def test_a_chunk_that_tiktok_understands_and_refuses_fails_the_post(trouble_at, publication_of, count_inits):
    post = trouble_at("status", nth=3, status=422, code="invalid_params")

    failed = publication_of(post)
    assert (failed["state"], failed["reason"]) == ("failed", "invalid_params")
    assert failed["attempts"][0]["state"] == "dead"
    assert count_inits() == 1


def test_a_file_that_leaves_the_storage_while_it_is_sent_fails_the_post_with_that_reason(
    trouble_at, run_jobs, pass_time, publication_of, count_inits, tmp_path
):
    post = trouble_at("status", nth=3, status=500)
    for file in (tmp_path / "media").rglob("*"):
        if file.is_file():
            file.unlink()

    pass_time(30)
    run_jobs()

    failed = publication_of(post)
    assert (failed["state"], failed["reason"]) == ("failed", "media_content_missing")
    assert failed["attempts"][0]["state"] == "dead"
    assert count_inits() == 1


def test_a_publish_id_that_tiktok_has_forgotten_before_the_last_chunk_is_replaced(
    trouble_at, simulator, run_jobs, pass_time, publication_of, work_until_published, count_inits, live_videos
):
    post = trouble_at("status", nth=3, status=500)
    simulator.control.mischief("status", "status", status=400, code="invalid_publish_id")

    pass_time(10)
    run_jobs()

    waiting = publication_of(post)
    assert (waiting["state"], waiting["reason"]) == ("due", "invalid_publish_id")
    published = work_until_published(post)
    assert [each["state"] for each in published["attempts"]] == ["dead", "succeeded"]
    assert (count_inits(), len(live_videos())) == (2, 1)


def test_an_upload_url_that_no_key_opens_any_more_costs_the_attempt(
    trouble_at, app, run_jobs, pass_time, publication_of, work_until_published, count_inits, live_videos
):
    post = trouble_at("status", nth=3, status=500)
    with app.app_context(), transaction() as session:  # as if it had been sealed by a key that has left the ring
        session.execute(update(Attempt).values(upload_url_encrypted=b"gone:" + bytes(40)))

    pass_time(10)
    run_jobs()

    waiting = publication_of(post)
    assert (waiting["state"], waiting["reason"]) == ("due", "upload_url_lost")
    work_until_published(post)
    assert (count_inits(), len(live_videos())) == (2, 1)
