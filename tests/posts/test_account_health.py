"""GET /accounts/{id}/health"""

from tests.conftest import Person
from tests.oauth_consent import connect


def test_a_connected_account_can_post(owner, connect_account):
    account_id = connect_account(owner)

    response = owner.get(f"/accounts/{account_id}/health")

    assert response.status_code == 200
    assert (response.json["can_post"], response.json["reasons"]) == (True, [])


def test_a_missing_scope_is_named(owner, simulator):
    account_id = connect(simulator, owner, "ada", ticked="user.info.basic")["account_id"]

    response = owner.get(f"/accounts/{account_id}/health")

    assert response.json["can_post"] is False
    assert [reason["code"] for reason in response.json["reasons"]] == ["scope_missing"]
    assert "video.publish" in response.json["missing_scopes"]


def test_a_strangers_account_has_no_health(owner, stranger, connect_account):
    account_id = connect_account(owner)

    response = stranger.get(f"/accounts/{account_id}/health")

    assert response.status_code == 404


def test_a_creator_who_may_not_post_cannot_post_until_tiktok_says_otherwise(
    owner, simulator, connect_account, run_jobs
):
    account_id = connect_account(owner)
    refusal = {"effect": "status", "status": 200, "code": "spam_risk_user_banned_from_posting"}
    simulator.control.mischief("creator_info", **refusal)
    run_jobs()

    banned = owner.get(f"/accounts/{account_id}/health").json
    owner.get(f"/accounts/{account_id}/creator-info")
    free = owner.get(f"/accounts/{account_id}/health").json

    assert (banned["can_post"], [reason["code"] for reason in banned["reasons"]]) == (False, [refusal["code"]])
    assert banned["needs_reconnection"] is False
    assert (free["can_post"], free["reasons"]) == (True, [])


def test_an_account_that_must_be_connected_again_says_so_and_why(
    owner, simulator, connect_account, run_jobs, pass_time
):
    account_id = connect_account(owner)
    run_jobs()
    simulator.control.disconnect("ada")
    pass_time(86_400)
    run_jobs()

    health = owner.get(f"/accounts/{account_id}/health").json

    assert (health["status"], health["can_post"], health["needs_reconnection"]) == ("expired", False, True)
    assert [reason["code"] for reason in health["reasons"]] == ["account_needs_reconnection"]
    connect_account(owner)
    assert owner.get(f"/accounts/{account_id}/health").json["needs_reconnection"] is False


def test_an_account_whose_tokens_cannot_be_read_cannot_post(make_app, simulator_urls, connect_account):
    mindful, forgetful = (make_app(vault_keys={name: bytes(32)}, **simulator_urls) for name in ("old", "new"))
    owner = Person(mindful, "owner@example.com")
    account_id = connect_account(owner)
    owner.client = forgetful.test_client()
    owner.get(f"/accounts/{account_id}/creator-info")

    health = owner.get(f"/accounts/{account_id}/health").json

    assert (health["status"], health["can_post"]) == ("error", False)
    assert [reason["code"] for reason in health["reasons"]] == ["token_unreadable"]


def test_an_authorisation_that_has_run_out_is_named(owner, connect_account, pass_time):
    account_id = connect_account(owner)
    pass_time(366 * 86_400)

    health = owner.get(f"/accounts/{account_id}/health").json

    assert (health["can_post"], health["needs_reconnection"]) == (False, True)
    assert "grant_expired" in [reason["code"] for reason in health["reasons"]]


def test_what_holds_a_post_of_the_account_is_named(owner, publishing):
    post = publishing.make_post()
    publishing.tiktok.mischief(
        "video_init", "status", status=403, code="unaudited_client_can_only_post_to_private_accounts"
    )
    publishing.begin(post)
    publishing.run()

    health = owner.get(f"/accounts/{publishing.shown(post)['account_id']}/health").json

    assert health["held_publications"] == 1
    assert [reason["code"] for reason in health["reasons"]] == [publishing.shown(post)["reason"]]


def test_what_holds_its_posts_is_told_once(owner, publishing, connect_account):
    post = publishing.make_post()
    account_id = post["targets"][0]["account_id"]
    publishing.tiktok.disconnect("ada")
    publishing.begin(post)
    publishing.run_until(lambda: publishing.shown(post)["state"] == "held")

    health = owner.get(f"/accounts/{account_id}/health").json

    assert publishing.shown(post)["reason"] == "account_needs_reconnection"
    assert [reason["code"] for reason in health["reasons"]] == ["account_needs_reconnection"]


def test_what_tiktok_says_of_a_creator_while_publishing_is_known_to_health_and_checks_at_once(
    owner, simulator, make_post, begin, run_jobs
):
    post = make_post()
    account_id, media_id = post["targets"][0]["account_id"], post["media_ids"][0]
    simulator.control.change_creator("ada", max_video_post_duration_sec=120)
    simulator.control.mischief("creator_info", "status", status=200, code="spam_risk_user_banned_from_posting")
    begin(post)
    run_jobs()

    banned = owner.get(f"/accounts/{account_id}/health").json

    codes = [reason["code"] for reason in banned["reasons"]]
    assert codes == ["spam_risk_user_banned_from_posting", "account_circuit_open"]
    assert owner.post(f"/posts/{post['id']}/retry").status_code == 202
    run_jobs()
    asked = len(simulator.control.requests(endpoint="creator_info"))
    free = owner.get(f"/accounts/{account_id}/health").json
    checks = owner.get(f"/media/{media_id}/checks?account_id={account_id}").json
    assert (free["can_post"], free["reasons"]) == (True, [])
    [longest] = [check["allowed"] for check in checks["checks"] if check["code"] == "video_duration"]
    assert longest == 120
    assert len(simulator.control.requests(endpoint="creator_info")) == asked
