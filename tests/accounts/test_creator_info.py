"""GET /accounts/{id}/creator-info"""

import pytest


@pytest.fixture
def account_id(owner, connect_account):
    return connect_account(owner)


def asked(simulator):
    return len(simulator.control.requests(endpoint="creator_info"))


def test_it_says_what_the_creator_may_choose(owner, connect_account):
    response = owner.get(f"/accounts/{connect_account(owner, 'margaret')}/creator-info")

    assert response.status_code == 200
    assert response.json["privacy_level_options"] == ["PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"]
    assert response.json["duet_disabled"] is True
    assert response.json["max_video_post_duration_sec"] == 300
    assert response.json["creator_username"] == "margaret"
    assert response.json["captured_at"].endswith("Z")


def test_within_a_minute_tiktok_is_not_asked_again(owner, account_id, simulator, pass_time):
    first = owner.get(f"/accounts/{account_id}/creator-info")
    simulator.control.change_creator("ada", private=True)

    second = owner.get(f"/accounts/{account_id}/creator-info")
    pass_time(seconds=61)
    third = owner.get(f"/accounts/{account_id}/creator-info")

    assert second.json == first.json
    assert "FOLLOWER_OF_CREATOR" in third.json["privacy_level_options"]
    assert asked(simulator) == 2


REFUSALS = [
    (
        {"effect": "status", "status": 200, "code": "spam_risk_too_many_posts"},
        409,
        "creator_not_allowed_to_post",
        "spam_risk_too_many_posts",
    ),
    (
        {"effect": "status", "status": 401, "code": "scope_not_authorized"},
        409,
        "scope_not_granted",
        "scope_not_authorized",
    ),
    ({"effect": "status", "status": 429}, 503, "upstream_busy", "rate_limit_exceeded"),
    ({"effect": "status", "status": 500}, 502, "upstream_unreachable", "internal_error"),
    ({"effect": "garbage"}, 502, "upstream_unreachable", None),
    ({"effect": "drop_before"}, 502, "upstream_unreachable", None),
    ({"effect": "status", "status": 400, "code": "invalid_params"}, 502, "upstream_refused", "invalid_params"),
    (
        {"effect": "status", "status": 401, "code": "access_token_invalid", "times": 2},
        502,
        "upstream_unreachable",
        "access_token_invalid",
    ),
]


def test_tiktoks_refusals_are_problems_with_tiktoks_own_words(owner, account_id, simulator, subtests):
    for mischief, status, code, upstream in REFUSALS:
        with subtests.test(**mischief):
            simulator.control.mischief("creator_info", **mischief)

            response = owner.get(f"/accounts/{account_id}/creator-info")

            assert (response.status_code, response.json["code"]) == (status, code)
            assert response.json["upstream"]["code"] == upstream
            assert ("Retry-After" in response.headers) is (status == 503)
    assert owner.get(f"/accounts/{account_id}").json["status"] == "active"


def test_a_scope_that_was_not_granted_is_named_as_the_reason(owner, connect_account):
    account_id = connect_account(owner, "ada", scopes=["user.info.basic"])

    response = owner.get(f"/accounts/{account_id}/creator-info")

    assert (response.status_code, response.json["code"]) == (409, "scope_not_granted")


def test_a_rejected_token_is_renewed_once(owner, account_id, simulator):
    simulator.world.access_tokens.clear()

    response = owner.get(f"/accounts/{account_id}/creator-info")

    assert response.status_code == 200
    assert len(simulator.control.requests(endpoint="refresh")) == 1


def test_reconnecting_clears_the_stored_creator_info(owner, account_id, connect_account, simulator):
    owner.get(f"/accounts/{account_id}/creator-info")
    connect_account(owner, "ada")

    owner.get(f"/accounts/{account_id}/creator-info")

    assert asked(simulator) == 2
