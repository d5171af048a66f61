"""Connecting an account that is connected already."""

from tests import oauth_consent
from tiktok_api.events import subscribe


def test_the_same_owner_keeps_the_account_and_gets_new_tokens(owner, simulator, connect_account, vault):
    account_id = connect_account(owner, "ada", scopes=["user.info.stats"])
    owner.patch(f"/accounts/{account_id}", json={"label": "mine"})
    old_token = vault.token(account_id)

    again = connect_account(owner, "ada")

    assert again == account_id
    account = owner.get(f"/accounts/{account_id}").json
    assert account["label"] == "mine"
    assert account["username"] == "ada"
    assert "video.publish" in account["scopes"]
    assert vault.token(account_id) != old_token


def test_what_the_person_does_not_grant_any_more_is_unknown(owner, connect_account):
    account_id = connect_account(owner, "ada")

    connect_account(owner, "ada", ticked="user.info.basic")

    account = owner.get(f"/accounts/{account_id}").json
    assert account["scopes"] == ["user.info.basic"]
    assert account["follower_count"] is None
    assert account["display_name"] == "Ada L."


def test_it_never_moves_to_another_user(owner, stranger, simulator, connect_account, vault):
    account_id = connect_account(owner, "ada")
    token = vault.token(account_id)

    connection = oauth_consent.connect(simulator, stranger, "ada")

    assert (connection["status"], connection["reason"]) == ("failed", "account_already_connected")
    assert connection["account_id"] is None
    assert stranger.get("/accounts").json["data"] == []
    assert owner.get(f"/accounts/{account_id}").json["status"] == "active"
    assert vault.token(account_id) == token
    assert simulator.control.requests(endpoint="revoke") == []


def test_an_expired_account_is_active_again_and_announced(owner, simulator, connect_account, vault, pass_time):
    account_id = connect_account(owner, "ada")
    simulator.control.disconnect("ada")
    assert owner.post(f"/accounts/{account_id}/sync").status_code == 202
    pass_time(days=1)
    heard = []
    subscribe("account.reconnected", lambda account: heard.append(str(account.id)))
    assert owner.get(f"/accounts/{account_id}/creator-info").status_code == 409
    assert owner.get(f"/accounts/{account_id}").json["status"] == "expired"

    connect_account(owner, "ada")

    account = owner.get(f"/accounts/{account_id}").json
    assert (account["status"], account["status_reason"]) == ("active", None)
    assert owner.get(f"/accounts/{account_id}/creator-info").status_code == 200
    assert heard == [account_id]


def test_a_pending_revocation_does_not_end_the_new_grant(owner, connect_account, run_jobs, simulator):
    owner.delete(f"/accounts/{connect_account(owner, 'ada')}")

    account_id = connect_account(owner, "ada")

    run_jobs()
    assert simulator.control.requests(endpoint="revoke") == []
    assert owner.get(f"/accounts/{account_id}/creator-info").status_code == 200
