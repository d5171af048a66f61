"""What goes wrong at TikTok before a byte has left, and what becomes of the publication."""

from datetime import datetime
from itertools import pairwise

import pytest

from tiktok_api import clock

UNUSABLE = [
    {"effect": "status", "status": 500},
    {"effect": "status", "status": 502, "envelope": False},
    {"effect": "garbage"},
    {"effect": "drop_before"},
    {"effect": "drop_after"},
]


def name(rule):
    return "_".join(str(value) for value in rule.values())


@pytest.mark.parametrize("rule", UNUSABLE, ids=name)
def test_an_unusable_creator_info_is_asked_for_again(
    rule, simulator, make_post, begin, run_jobs, publication_of, work_until_published, count_inits, live_videos
):
    post = make_post()
    simulator.control.mischief("creator_info", **rule)

    begin(post)
    run_jobs()

    waiting = publication_of(post)
    assert (waiting["state"], waiting["reason"]) == ("preparing", "tiktok_unreachable")
    assert waiting["next_try_at"]
    published = work_until_published(post)
    assert [each["state"] for each in published["attempts"]] == ["succeeded"]
    assert (count_inits(), len(live_videos())) == (1, 1)


@pytest.mark.parametrize("rule", UNUSABLE, ids=name)
def test_an_unusable_answer_to_an_init_costs_the_attempt_and_not_the_post(
    rule, simulator, make_post, begin, run_jobs, publication_of, work_until_published, count_inits, live_videos
):
    post = make_post()
    simulator.control.mischief("video_init", **rule)

    begin(post)
    run_jobs()

    waiting = publication_of(post)
    assert (waiting["state"], waiting["reason"]) == ("preparing", "tiktok_unreachable")
    published = work_until_published(post)
    assert [each["state"] for each in published["attempts"]] == ["abandoned", "succeeded"]
    assert (count_inits(), len(live_videos())) == (2, 1)


@pytest.mark.parametrize("endpoint", ["creator_info", "video_init"])
def test_a_busy_tiktok_is_left_alone_for_its_minute(
    endpoint, simulator, make_post, begin, run_jobs, pass_time, publication_of, work_until_published, live_videos
):
    post = make_post()
    simulator.control.mischief(endpoint, "status", status=429)
    begin(post)
    run_jobs()
    asked = len(simulator.control.requests(endpoint=endpoint))

    pass_time(30)
    run_jobs()

    waiting = publication_of(post)
    assert (waiting["state"], waiting["reason"]) == ("preparing", "tiktok_busy")
    assert len(simulator.control.requests(endpoint=endpoint)) == asked
    work_until_published(post)
    assert len(live_videos()) == 1


def test_a_busy_tiktok_is_left_alone_for_its_minute_whatever_wakes_the_job(
    simulator, owner, connect_account, make_post, begin, run_jobs, publication_of, count_inits, work_until_published
):
    post = make_post()
    simulator.control.mischief("video_init", "status", status=429)
    begin(post)
    run_jobs()

    connect_account(owner, "ada")  # which has everything that is under way looked at again
    run_jobs()

    assert (publication_of(post)["reason"], count_inits()) == ("tiktok_busy", 1)
    work_until_published(post)
    assert count_inits() == 2


@pytest.mark.parametrize("endpoint", ["creator_info", "video_init"])
def test_an_access_token_that_tiktok_rejects_is_renewed_once(
    endpoint, simulator, make_post, begin, work_until_published, live_videos
):
    post = make_post()
    simulator.control.mischief(endpoint, "status", status=401, code="access_token_invalid")

    begin(post)
    published = work_until_published(post)

    assert published["attempts"][-1]["state"] == "succeeded"
    assert len(simulator.control.requests(endpoint="refresh")) == 1
    assert len(live_videos()) == 1


def test_rejected_tokens_without_end_never_fail_a_post_nor_ask_for_publish_ids_without_end(
    simulator, make_post, begin, run_jobs, pass_time, publication_of, count_inits
):
    post = make_post()
    simulator.control.mischief("video_init", "status", status=401, code="access_token_invalid", every=True)

    begin(post)
    for _ in range(60):
        run_jobs()
        pass_time(10)

    waiting = publication_of(post)
    assert (waiting["state"], waiting["reason"]) == ("preparing", "token_renewed")
    assert count_inits() < 12
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
def test_what_may_change_by_itself_holds_the_publication_until_it_does(
    endpoint, code, status, reason, simulator, make_post, begin, run_jobs, pass_time, publication_of, live_videos
):
    post = make_post()
    simulator.control.mischief(endpoint, "status", status=status, code=code)

    begin(post)
    run_jobs()

    held = publication_of(post)
    assert (held["state"], held["reason"]) == ("held", reason)
    assert held["detail"]
    assert held["next_try_at"]
    pass_time(3601)
    run_jobs()
    pass_time(10)
    run_jobs()
    assert publication_of(post)["state"] == "published"
    assert len(live_videos()) == 1


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
def test_a_refusal_that_would_be_repeated_fails_the_publication_at_once(
    code, status, simulator, make_post, begin, run_jobs, pass_time, owner, publication_of, count_inits
):
    post = make_post()
    simulator.control.mischief("video_init", "status", status=status, code=code, message="No.")

    begin(post)
    run_jobs()
    pass_time(86_400)
    run_jobs()

    failed = publication_of(post)
    assert (failed["state"], failed["reason"]) == ("failed", code)
    assert "No." in failed["detail"]
    assert owner.get(f"/posts/{post['id']}").json["status"] == "failed"
    assert count_inits() == 1


def test_a_cap_that_creator_info_reports_with_a_200_holds_too(simulator, make_post, begin, run_jobs, publication_of):
    post = make_post()
    simulator.control.change_creator("ada", post_cap=0)

    begin(post)
    run_jobs()

    held = publication_of(post)
    assert (held["state"], held["reason"]) == ("held", "spam_risk_too_many_posts")
    assert held["attempts"] == []


def test_what_the_creator_does_not_allow_any_more_fails_with_the_first_reason_and_all_sentences(
    simulator, make_post, begin, run_jobs, publication_of, count_inits
):
    post = make_post(privacy_level="PUBLIC_TO_EVERYONE", allow_comment=True)
    simulator.control.change_creator("ada", private=True, comment_disabled=True)

    begin(post)
    run_jobs()

    failed = publication_of(post)
    assert (failed["state"], failed["reason"]) == ("failed", "privacy_level_not_available")
    assert "privacy level" in failed["detail"]
    assert "do not allow comment" in failed["detail"]
    assert count_inits() == 0


def test_being_held_for_a_week_fills_no_timeline(simulator, make_post, begin, run_jobs, pass_time, publication_of):
    post = make_post()
    simulator.control.change_creator("ada", post_cap=0)
    begin(post)

    for _ in range(7):
        run_jobs()
        pass_time(86_400)

    events = [entry["event"] for entry in publication_of(post)["timeline"]]
    assert events == ["publish_now", "preparing", "held"]


def test_what_is_held_for_another_reason_meanwhile_says_the_new_one(
    simulator, make_post, begin, run_jobs, pass_time, publication_of
):
    post = make_post()
    simulator.control.change_creator("ada", post_cap=0)
    begin(post)
    run_jobs()
    capped = publication_of(post)

    simulator.control.mischief("creator_info", "status", status=401, code="scope_not_authorized", every=True)
    pass_time(3601)
    run_jobs()

    held = publication_of(post)
    assert (capped["state"], capped["reason"]) == ("held", "spam_risk_too_many_posts")
    assert (held["state"], held["reason"]) == ("held", "scope_missing")
    assert "scope" in held["detail"]
    assert [entry["event"] for entry in held["timeline"]].count("held") == 2


def test_setbacks_in_a_row_are_waited_out_longer_and_longer(
    simulator, make_post, begin, run_jobs, work_until, publication_of
):
    post = make_post()
    simulator.control.mischief("creator_info", "status", status=500, every=True)
    simulator.control.clear_requests()
    begin(post)

    work_until(lambda: len(simulator.control.requests(endpoint="creator_info")) >= 6, step=5, most=60)

    asked = [datetime.fromisoformat(entry["at"]) for entry in simulator.control.requests(endpoint="creator_info")]
    gaps = [round((late - early).total_seconds() / 5) for early, late in pairwise(asked)]
    assert gaps == sorted(gaps)
    assert gaps[-1] > 4 * gaps[0]


def test_no_pause_between_two_tries_is_longer_than_ten_minutes(
    app, simulator, make_post, begin, run_jobs, pass_time, publication_of
):
    post = make_post()
    simulator.control.mischief("creator_info", "status", status=500, every=True)
    begin(post)
    pauses = []
    for _ in range(10):
        with app.app_context():
            before = clock.now()
        run_jobs()
        with app.app_context():
            after = clock.now()
        next_try_at = datetime.fromisoformat(publication_of(post)["next_try_at"])
        pauses.append(((next_try_at - after).total_seconds(), (next_try_at - before).total_seconds()))
        pass_time(pauses[-1][1])

    for expected, (shortest, longest) in zip([5, 10, 20, 40, 80, 160, 320, 600, 600, 600], pauses, strict=True):
        assert shortest <= expected <= longest
