"""What TikTok says of a publish_id, and what a publication becomes by it."""

import pytest

from tests.posts.failures import UNUSABLE, name
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
def test_a_status_that_cannot_be_had_is_asked_for_again_and_never_leads_back_to_init(rule, publishing):
    post = publishing.make_post()
    publishing.tiktok.mischief("status", **rule)
    publishing.begin(post)
    publishing.run()

    publishing.pass_time(10)
    publishing.run()

    assert publishing.shown(post)["state"] in ("processing", "published")
    publishing.run_until_published(post, step=120)
    assert (publishing.count_inits(), len(publishing.live())) == (1, 1)


def test_a_status_in_words_that_tiktok_has_added_since_is_no_end(publishing):
    post = publishing.make_post()
    publishing.tiktok.knobs(processing_seconds=120.0)

    publishing.begin(post)
    publishing.run()
    publishing.pass_time(60)
    publishing.run()

    processing = publishing.shown(post)
    assert processing["state"] == "processing"
    assert processing["next_try_at"]


@pytest.mark.parametrize("reason", FINAL)
def test_a_reason_that_would_return_fails_the_publication(reason, publishing, owner):
    post = publishing.make_post()
    publishing.tiktok.change_creator("ada", fail_reason=reason)

    publishing.begin(post)
    publishing.run_until(lambda: publishing.shown(post)["state"] == "failed")

    failed = publishing.shown(post)
    assert failed["reason"] == reason
    assert failed["attempts"][0]["state"] == "dead"
    assert owner.get(f"/posts/{post['id']}").json["status"] == "failed"
    assert publishing.count_inits() == 1


def test_a_reason_that_may_pass_is_tried_three_times(publishing):
    post = publishing.make_post()
    publishing.tiktok.change_creator("ada", fail_reason="internal")

    publishing.begin(post)
    publishing.run_until(lambda: publishing.shown(post)["state"] == "failed")

    failed = publishing.shown(post)
    assert (failed["reason"], publishing.count_inits()) == ("internal", 3)
    assert [attempt["state"] for attempt in failed["attempts"]] == ["dead"] * 3


def test_a_reason_that_has_passed_leaves_one_video(publishing):
    post = publishing.make_post()
    publishing.tiktok.change_creator("ada", fail_reason="internal")
    publishing.begin(post)
    publishing.run_until(
        lambda: publishing.shown(post)["attempts"] and publishing.shown(post)["attempts"][-1]["state"] == "dead"
    )

    publishing.tiktok.change_creator("ada", fail_reason=None)
    publishing.run_until_published(post)

    assert len(publishing.live()) == 1


def test_a_daily_cap_found_out_late_holds_and_does_not_count_as_a_failure(publishing):
    post = publishing.make_post()
    publishing.tiktok.change_creator("ada", fail_reason="spam_risk_too_many_posts")

    publishing.begin(post)
    publishing.run_until(lambda: len(publishing.shown(post)["attempts"]) == 4, step=1800, most=20)

    assert publishing.shown(post)["state"] in ("held", "processing")
    publishing.tiktok.change_creator("ada", fail_reason=None)
    publishing.run_until_published(post, step=1800)
    assert len(publishing.live()) == 1


def test_no_verdict_for_a_day_is_said_and_hourly_asked_about_until_the_third(publishing, owner):
    post = publishing.make_post()
    publishing.tiktok.knobs(processing_seconds=10**7)
    publishing.begin(post)

    publishing.run_until(lambda: publishing.shown(post)["state"] == "unconfirmed", step=1800, most=60)
    asked = len(publishing.tiktok.requests(endpoint="status"))
    for _ in range(10):
        publishing.pass_time(3660)
        publishing.run()

    assert len(publishing.tiktok.requests(endpoint="status")) == asked + 10
    assert publishing.shown(post)["next_try_at"]
    assert owner.get(f"/posts/{post['id']}").json["status"] == "publishing"
    publishing.pass_time(24 * 3600)  # it is the third day
    publishing.run()
    assert len(publishing.tiktok.requests(endpoint="status")) == asked + 11
    assert publishing.shown(post)["next_try_at"]
    publishing.pass_time(48 * 3600)
    publishing.run()
    asked = len(publishing.tiktok.requests(endpoint="status"))
    publishing.pass_time(48 * 3600)
    publishing.run()
    assert len(publishing.tiktok.requests(endpoint="status")) == asked
    assert publishing.shown(post)["next_try_at"] is None
    assert publishing.count_inits() == 1


def test_a_worker_that_comes_back_after_four_days_without_a_verdict_says_so(publishing):
    post = publishing.make_post()
    publishing.tiktok.knobs(processing_seconds=10**7)
    publishing.begin(post)
    publishing.run()

    publishing.pass_time(4 * 86_400)
    publishing.run()

    assert publishing.shown(post)["state"] == "unconfirmed"


def test_a_verdict_that_comes_after_all_is_taken(publishing):
    post = publishing.make_post()
    publishing.tiktok.knobs(processing_seconds=26 * 3600)
    publishing.begin(post)

    publishing.run_until(lambda: publishing.shown(post)["state"] == "unconfirmed", step=1800, most=60)
    published = publishing.run_until_published(post, step=1800)

    assert [attempt["state"] for attempt in published["attempts"]] == ["succeeded"]


def test_media_that_tiktok_finds_wrong_after_all_fail_with_its_reason(
    simulator, make_post, begin, work_until, publication_of
):
    post = make_post()
    simulator.control.change_creator("ada", fail_reason="frame_rate_check_failed")

    begin(post)
    work_until(lambda: publication_of(post)["state"] == "failed")

    assert publication_of(post)["reason"] == "frame_rate_check_failed"


def test_a_public_post_becomes_publicly_available_with_its_id_and_address(publishing, owner):
    post = publishing.make_post(privacy_level="PUBLIC_TO_EVERYONE")

    publishing.begin(post)
    publishing.run_until(lambda: publishing.shown(post)["state"] == "publicly_available")

    [theirs] = publishing.tiktok.publications()
    available = publishing.shown(post)
    assert available["tiktok_post_ids"] == theirs["public_post_ids"]
    assert available["url"] == f"https://www.tiktok.com/@ada/video/{theirs['public_post_ids'][0]}"
    assert owner.get(f"/posts/{post['id']}").json["status"] == "published"


def test_a_post_whose_id_never_comes_is_published_and_asked_about_for_a_day(publishing):
    post = publishing.make_post(privacy_level="PUBLIC_TO_EVERYONE")
    publishing.tiktok.knobs(post_id_never=True)
    publishing.begin(post)
    publishing.run_until_published(post)

    for _ in range(30):
        publishing.pass_time(3600)
        publishing.run()
    asked = len(publishing.tiktok.requests(endpoint="status"))
    publishing.pass_time(86_400)
    publishing.run()

    assert len(publishing.tiktok.requests(endpoint="status")) == asked


def test_a_private_post_is_published_and_not_asked_about_any_more(publishing):
    post = publishing.make_post()
    publishing.begin(post)
    publishing.run_until_published(post)
    asked = len(publishing.tiktok.requests(endpoint="status"))

    publishing.pass_time(3600)
    publishing.run()

    assert len(publishing.tiktok.requests(endpoint="status")) == asked


def test_a_status_that_cannot_be_had_after_the_verdict_is_asked_for_again(publishing):
    post = publishing.make_post(privacy_level="PUBLIC_TO_EVERYONE")
    publishing.tiktok.knobs(post_id_never=True)
    publishing.begin(post)
    publishing.run_until_published(post)
    publishing.tiktok.knobs(post_id_never=False)
    publishing.tiktok.mischief("status", "status", status=500)

    publishing.run_until(lambda: publishing.shown(post)["state"] == "publicly_available")

    assert 500 in [entry["status"] for entry in publishing.tiktok.requests(endpoint="status")]
    assert len(publishing.shown(post)["tiktok_post_ids"]) == 1
