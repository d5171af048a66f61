"""What TikTok says of a publish_id, and what a publication becomes by it."""

import pytest

from tests.posts.test_trouble_before_upload import UNUSABLE, name
from tiktok_api.simulator.models.publications import FAIL_REASONS

RETRYABLE = {"internal", "video_pull_failed", "photo_pull_failed"}
FINAL = sorted(set(FAIL_REASONS) - RETRYABLE - {"spam_risk_too_many_posts"})


@pytest.mark.parametrize(
    "rule",
    [
        *UNUSABLE,
        {"effect": "status", "status": 429},
        {"effect": "status", "status": 401, "code": "access_token_invalid"},
        {"effect": "status", "status": 400, "code": "invalid_publish_id"},
        {"effect": "status", "status": 401, "code": "scope_not_authorized"},
    ],
    ids=name,
)
def test_a_status_that_cannot_be_had_is_asked_for_again_and_never_leads_back_to_init(
    rule,
    simulator,
    make_post,
    begin,
    run_jobs,
    pass_time,
    publication_of,
    work_until_published,
    count_inits,
    live_videos,
):
    post = make_post()
    simulator.control.mischief("status", **rule)
    begin(post)
    run_jobs()

    pass_time(10)
    run_jobs()

    assert publication_of(post)["state"] in ("processing", "published")
    work_until_published(post, step=120)
    assert (count_inits(), len(live_videos())) == (1, 1)


def test_a_status_in_words_that_tiktok_has_added_since_is_no_end(
    simulator, make_post, begin, run_jobs, pass_time, publication_of
):
    post = make_post()
    simulator.control.knobs(processing_seconds=120.0)

    begin(post)
    run_jobs()
    pass_time(60)
    run_jobs()

    processing = publication_of(post)
    assert processing["state"] == "processing"
    assert processing["next_try_at"]


@pytest.mark.parametrize("reason", FINAL)
def test_a_reason_that_would_return_fails_the_publication(
    reason, simulator, make_post, begin, work_until, publication_of, count_inits, owner
):
    post = make_post()
    simulator.control.change_creator("ada", fail_reason=reason)

    begin(post)
    work_until(lambda: publication_of(post)["state"] == "failed")

    failed = publication_of(post)
    assert failed["reason"] == reason
    assert failed["attempts"][0]["state"] == "dead"
    assert owner.get(f"/posts/{post['id']}").json["status"] == "failed"
    assert count_inits() == 1


def test_a_reason_that_may_pass_is_tried_three_times(
    simulator, make_post, begin, work_until, publication_of, count_inits
):
    post = make_post()
    simulator.control.change_creator("ada", fail_reason="internal")

    begin(post)
    work_until(lambda: publication_of(post)["state"] == "failed")

    failed = publication_of(post)
    assert (failed["reason"], count_inits()) == ("internal", 3)
    assert [attempt["state"] for attempt in failed["attempts"]] == ["dead"] * 3


def test_a_reason_that_has_passed_leaves_one_video(
    simulator, make_post, begin, work_until, publication_of, work_until_published, live_videos
):
    post = make_post()
    simulator.control.change_creator("ada", fail_reason="internal")
    begin(post)
    work_until(lambda: publication_of(post)["attempts"] and publication_of(post)["attempts"][-1]["state"] == "dead")

    simulator.control.change_creator("ada", fail_reason=None)
    work_until_published(post)

    assert len(live_videos()) == 1


def test_a_daily_cap_found_out_late_holds_and_does_not_count_as_a_failure(
    simulator, make_post, begin, work_until, publication_of, work_until_published, live_videos
):
    post = make_post()
    simulator.control.change_creator("ada", fail_reason="spam_risk_too_many_posts")

    begin(post)
    work_until(lambda: len(publication_of(post)["attempts"]) == 4, step=1800, most=20)

    assert publication_of(post)["state"] in ("held", "processing")
    simulator.control.change_creator("ada", fail_reason=None)
    work_until_published(post, step=1800)
    assert len(live_videos()) == 1


def test_no_verdict_for_a_day_is_said_and_hourly_asked_about_until_the_third(
    simulator, make_post, begin, work_until, run_jobs, pass_time, publication_of, count_inits, owner
):
    post = make_post()
    simulator.control.knobs(processing_seconds=10**7)
    begin(post)

    work_until(lambda: publication_of(post)["state"] == "unconfirmed", step=1800, most=60)
    asked = len(simulator.control.requests(endpoint="status"))
    for _ in range(10):
        pass_time(3660)
        run_jobs()

    assert len(simulator.control.requests(endpoint="status")) == asked + 10
    assert publication_of(post)["next_try_at"]
    assert owner.get(f"/posts/{post['id']}").json["status"] == "publishing"
    pass_time(24 * 3600)  # it is the third day
    run_jobs()
    assert len(simulator.control.requests(endpoint="status")) == asked + 11
    assert publication_of(post)["next_try_at"]
    pass_time(48 * 3600)
    run_jobs()
    asked = len(simulator.control.requests(endpoint="status"))
    pass_time(48 * 3600)
    run_jobs()
    assert len(simulator.control.requests(endpoint="status")) == asked
    assert publication_of(post)["next_try_at"] is None
    assert count_inits() == 1


def test_a_worker_that_comes_back_after_four_days_without_a_verdict_says_so(
    simulator, make_post, begin, run_jobs, pass_time, publication_of
):
    post = make_post()
    simulator.control.knobs(processing_seconds=10**7)
    begin(post)
    run_jobs()

    pass_time(4 * 86_400)
    run_jobs()

    assert publication_of(post)["state"] == "unconfirmed"


def test_a_verdict_that_comes_after_all_is_taken(
    simulator, make_post, begin, work_until, publication_of, work_until_published
):
    post = make_post()
    simulator.control.knobs(processing_seconds=26 * 3600)
    begin(post)

    work_until(lambda: publication_of(post)["state"] == "unconfirmed", step=1800, most=60)
    published = work_until_published(post, step=1800)

    assert [attempt["state"] for attempt in published["attempts"]] == ["succeeded"]


def test_media_that_tiktok_finds_wrong_after_all_fail_with_its_reason(
    simulator, make_post, begin, work_until, publication_of
):
    post = make_post()
    simulator.control.change_creator("ada", fail_reason="frame_rate_check_failed")

    begin(post)
    work_until(lambda: publication_of(post)["state"] == "failed")

    assert publication_of(post)["reason"] == "frame_rate_check_failed"


def test_a_public_post_becomes_publicly_available_with_its_id_and_address(
    simulator, make_post, begin, work_until, publication_of, owner
):
    post = make_post(privacy_level="PUBLIC_TO_EVERYONE")

    begin(post)
    work_until(lambda: publication_of(post)["state"] == "publicly_available")

    [theirs] = simulator.control.publications()
    available = publication_of(post)
    assert available["tiktok_post_ids"] == theirs["public_post_ids"]
    assert available["url"] == f"https://www.tiktok.com/@ada/video/{theirs['public_post_ids'][0]}"
    assert owner.get(f"/posts/{post['id']}").json["status"] == "published"


def test_a_post_whose_id_never_comes_is_published_and_asked_about_for_a_day(
    simulator, make_post, begin, work_until_published, pass_time, run_jobs
):
    post = make_post(privacy_level="PUBLIC_TO_EVERYONE")
    simulator.control.knobs(post_id_never=True)
    begin(post)
    work_until_published(post)

    for _ in range(30):
        pass_time(3600)
        run_jobs()
    asked = len(simulator.control.requests(endpoint="status"))
    pass_time(86_400)
    run_jobs()

    assert len(simulator.control.requests(endpoint="status")) == asked


def test_a_private_post_is_published_and_not_asked_about_any_more(
    simulator, make_post, begin, work_until_published, pass_time, run_jobs
):
    post = make_post()
    begin(post)
    work_until_published(post)
    asked = len(simulator.control.requests(endpoint="status"))

    pass_time(3600)
    run_jobs()

    assert len(simulator.control.requests(endpoint="status")) == asked


def test_a_status_that_cannot_be_had_after_the_verdict_is_asked_for_again(
    simulator, make_post, begin, work_until, work_until_published, publication_of
):
    post = make_post(privacy_level="PUBLIC_TO_EVERYONE")
    simulator.control.knobs(post_id_never=True)
    begin(post)
    work_until_published(post)
    simulator.control.knobs(post_id_never=False)
    simulator.control.mischief("status", "status", status=500)

    work_until(lambda: publication_of(post)["state"] == "publicly_available")

    assert 500 in [entry["status"] for entry in simulator.control.requests(endpoint="status")]
    assert len(publication_of(post)["tiktok_post_ids"]) == 1
