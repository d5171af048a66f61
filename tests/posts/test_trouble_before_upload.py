"""What goes wrong at TikTok before a byte has left, and what becomes of the publication."""

from datetime import datetime
from itertools import pairwise

import pytest

from tests.posts.failures import UNUSABLE, name
from tiktok_api import clock


@pytest.mark.parametrize("rule", UNUSABLE, ids=name)
def test_an_unusable_creator_info_is_asked_for_again(rule, publishing):
    post = publishing.make_post()
    publishing.tiktok.mischief("creator_info", **rule)

    publishing.begin(post)
    publishing.run()

    waiting = publishing.shown(post)
    assert (waiting["state"], waiting["reason"]) == ("preparing", "tiktok_unreachable")
    assert waiting["next_try_at"]
    published = publishing.run_until_published(post)
    assert [each["state"] for each in published["attempts"]] == ["succeeded"]
    assert (publishing.count_inits(), len(publishing.live())) == (1, 1)


@pytest.mark.parametrize("rule", UNUSABLE, ids=name)
def test_an_unusable_answer_to_an_init_costs_the_attempt_and_not_the_post(rule, publishing):
    post = publishing.make_post()
    publishing.tiktok.mischief("video_init", **rule)

    publishing.begin(post)
    publishing.run()

    waiting = publishing.shown(post)
    assert (waiting["state"], waiting["reason"]) == ("preparing", "tiktok_unreachable")
    published = publishing.run_until_published(post)
    assert [each["state"] for each in published["attempts"]] == ["abandoned", "succeeded"]
    assert (publishing.count_inits(), len(publishing.live())) == (2, 1)


@pytest.mark.parametrize("endpoint", ["creator_info", "video_init"])
def test_a_busy_tiktok_is_left_alone_for_its_minute(endpoint, publishing):
    post = publishing.make_post()
    publishing.tiktok.mischief(endpoint, "status", status=429)
    publishing.begin(post)
    publishing.run()
    asked = len(publishing.tiktok.requests(endpoint=endpoint))

    publishing.pass_time(30)
    publishing.run()

    waiting = publishing.shown(post)
    assert (waiting["state"], waiting["reason"]) == ("preparing", "tiktok_busy")
    assert len(publishing.tiktok.requests(endpoint=endpoint)) == asked
    publishing.run_until_published(post)
    assert len(publishing.live()) == 1


def test_a_busy_tiktok_is_left_alone_for_its_minute_whatever_wakes_the_job(publishing, owner, connect_account):
    post = publishing.make_post()
    publishing.tiktok.mischief("video_init", "status", status=429)
    publishing.begin(post)
    publishing.run()

    connect_account(owner, "ada")  # which has everything that is under way looked at again
    publishing.run()

    assert (publishing.shown(post)["reason"], publishing.count_inits()) == ("tiktok_busy", 1)
    publishing.run_until_published(post)
    assert publishing.count_inits() == 2


@pytest.mark.parametrize("endpoint", ["creator_info", "video_init"])
def test_an_access_token_that_tiktok_rejects_is_renewed_once(endpoint, publishing):
    post = publishing.make_post()
    publishing.tiktok.mischief(endpoint, "status", status=401, code="access_token_invalid")

    publishing.begin(post)
    published = publishing.run_until_published(post)

    assert published["attempts"][-1]["state"] == "succeeded"
    assert len(publishing.tiktok.requests(endpoint="refresh")) == 1
    assert len(publishing.live()) == 1


def test_rejected_tokens_without_end_never_fail_a_post_nor_ask_for_publish_ids_without_end(publishing):
    post = publishing.make_post()
    publishing.tiktok.mischief("video_init", "status", status=401, code="access_token_invalid", every=True)

    publishing.begin(post)
    for _ in range(60):
        publishing.run()
        publishing.pass_time(10)

    waiting = publishing.shown(post)
    # The renewal worked, and what it brought is not accepted either.
    assert (waiting["state"], waiting["reason"]) == ("preparing", "token_not_accepted")
    assert publishing.count_inits() < 12
    assert {each["state"] for each in waiting["attempts"]} == {"abandoned"}


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        ("spam_risk_too_many_posts", 403, "spam_risk_too_many_posts"),
        ("reached_active_user_cap", 403, "reached_active_user_cap"),
        ("unaudited_client_can_only_post_to_private_accounts", 403, "app_unaudited"),
        ("scope_not_authorized", 401, "scope_missing"),
    ],
)
@pytest.mark.parametrize("endpoint", ["creator_info", "video_init"])
def test_what_may_change_by_itself_holds_the_publication_until_it_does(endpoint, code, status, reason, publishing):
    post = publishing.make_post()
    publishing.tiktok.mischief(endpoint, "status", status=status, code=code)

    publishing.begin(post)
    publishing.run()

    held = publishing.shown(post)
    assert (held["state"], held["reason"]) == ("held", reason)
    assert held["detail"]
    assert held["next_try_at"]
    publishing.pass_time(3601)
    publishing.run()
    publishing.pass_time(10)
    publishing.run()
    assert publishing.shown(post)["state"] == "published"
    assert len(publishing.live()) == 1


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("spam_risk_user_banned_from_posting", 403),
        ("spam_risk", 403),
        ("privacy_level_option_mismatch", 403),
        ("invalid_params", 400),
        ("invalid_param", 400),
    ],
)
def test_a_refusal_that_would_be_repeated_fails_the_publication_at_once(code, status, publishing, owner):
    post = publishing.make_post()
    publishing.tiktok.mischief("video_init", "status", status=status, code=code, message="No.")

    publishing.begin(post)
    publishing.run()
    publishing.pass_time(86_400)
    publishing.run()

    failed = publishing.shown(post)
    assert (failed["state"], failed["reason"]) == ("failed", code)
    assert "No." in failed["detail"]
    assert failed["attempts"][0]["log_id"], "TikTok's support asks for it"
    assert owner.get(f"/posts/{post['id']}").json["status"] == "failed"
    assert publishing.count_inits() == 1


def test_a_cap_that_creator_info_reports_with_a_200_holds_too(simulator, make_post, begin, run_jobs, publication_of):
    post = make_post()
    simulator.control.change_creator("ada", post_cap=0)

    begin(post)
    run_jobs()

    held = publication_of(post)
    assert (held["state"], held["reason"]) == ("held", "spam_risk_too_many_posts")
    assert held["attempts"] == []


def test_what_the_creator_does_not_allow_any_more_fails_with_the_first_reason_and_all_sentences(publishing):
    post = publishing.make_post(privacy_level="PUBLIC_TO_EVERYONE", allow_comment=True)
    publishing.tiktok.change_creator("ada", private=True, comment_disabled=True)

    publishing.begin(post)
    publishing.run()

    failed = publishing.shown(post)
    assert (failed["state"], failed["reason"]) == ("failed", "privacy_level_not_available")
    assert "privacy level" in failed["detail"]
    assert "do not allow comment" in failed["detail"]
    assert publishing.count_inits() == 0


def test_being_held_for_a_week_fills_no_timeline(publishing):
    post = publishing.make_post()
    publishing.tiktok.change_creator("ada", post_cap=0)
    publishing.begin(post)

    for _ in range(7):
        publishing.run()
        publishing.pass_time(86_400)

    events = [entry["event"] for entry in publishing.shown(post)["timeline"]]
    assert events == ["publish_now", "preparing", "held"]


def test_what_is_held_for_another_reason_meanwhile_says_the_new_one(publishing):
    post = publishing.make_post()
    publishing.tiktok.change_creator("ada", post_cap=0)
    publishing.begin(post)
    publishing.run()
    capped = publishing.shown(post)

    publishing.tiktok.mischief("creator_info", "status", status=401, code="scope_not_authorized", every=True)
    publishing.pass_time(3601)
    publishing.run()

    held = publishing.shown(post)
    assert (capped["state"], capped["reason"]) == ("held", "spam_risk_too_many_posts")
    assert (held["state"], held["reason"]) == ("held", "scope_missing")
    assert "scope" in held["detail"]
    assert [entry["event"] for entry in held["timeline"]].count("held") == 2


def test_setbacks_in_a_row_are_waited_out_longer_and_longer(publishing):
    post = publishing.make_post()
    publishing.tiktok.mischief("creator_info", "status", status=500, every=True)
    publishing.tiktok.clear_requests()
    publishing.begin(post)

    publishing.run_until(lambda: len(publishing.tiktok.requests(endpoint="creator_info")) >= 6, step=5, most=60)

    asked = [datetime.fromisoformat(entry["at"]) for entry in publishing.tiktok.requests(endpoint="creator_info")]
    gaps = [round((late - early).total_seconds() / 5) for early, late in pairwise(asked)]
    assert gaps == sorted(gaps)
    assert gaps[-1] > 4 * gaps[0]


def test_no_pause_between_two_tries_is_longer_than_ten_minutes(app, publishing):
    post = publishing.make_post()
    publishing.tiktok.mischief("creator_info", "status", status=500, every=True)
    publishing.begin(post)
    pauses = []
    for _ in range(10):
        with app.app_context():
            before = clock.now()
        publishing.run()
        with app.app_context():
            after = clock.now()
        next_try_at = datetime.fromisoformat(publishing.shown(post)["next_try_at"])
        pauses.append(((next_try_at - after).total_seconds(), (next_try_at - before).total_seconds()))
        publishing.pass_time(pauses[-1][1])

    for expected, (shortest, longest) in zip([5, 10, 20, 40, 80, 160, 320, 600, 600, 600], pauses, strict=True):
        assert shortest <= expected <= longest
