"""POST /accounts/{id}/reconnect: the creator who is meant comes back, or the connection says who came instead."""

from uuid import uuid4

import pytest

from tests import oauth_consent


@pytest.fixture
def reconnect(simulator):
    """The connection after `creator` has consented to reconnecting the account, and the page that was shown."""

    def reconnect(person, account_id, creator, **wish):
        begun = person.post(f"/accounts/{account_id}/reconnect", json=wish)
        assert begun.status_code == 201, begun.json
        page = oauth_consent.come_back(person, simulator.control.consent(begun.json["authorize_url"], creator))
        return person.get(f"/accounts/connections/{begun.json['id']}").json, page

    return reconnect


@pytest.fixture
def lost_account(owner, connect_account, simulator):
    """Ada's account, whose authorisation has ended."""
    account_id = connect_account(owner, "ada")
    simulator.control.disconnect("ada")
    return account_id


def test_the_expected_creator_brings_the_account_back(owner, lost_account, reconnect):
    connection, page = reconnect(owner, lost_account, "ada")

    assert (connection["status"], connection["account_id"]) == ("connected", lost_account)
    assert connection["expected_account_id"] == lost_account
    assert page.status_code == 200
    assert owner.get(f"/accounts/{lost_account}/creator-info").status_code == 200


def test_another_creator_is_named_and_adds_no_account(owner, lost_account, reconnect, simulator, run_jobs):
    connection, page = reconnect(owner, lost_account, "grace")

    assert (connection["status"], connection["reason"]) == ("failed", "another_creator")
    assert connection["account_id"] is None
    assert connection["other_creator"] == simulator.control.creator("grace")["nickname"]
    assert page.status_code == 400
    assert f"TikTok was signed in as {connection['other_creator']}, not as Ada L." in page.text
    assert [account["id"] for account in owner.get("/accounts").json["data"]] == [lost_account]
    run_jobs()
    assert len(simulator.control.requests(endpoint="revoke")) == 1


def test_another_creator_who_is_connected_here_stays_connected(owner, connect_account, reconnect, simulator, run_jobs):
    ada, grace = connect_account(owner, "ada"), connect_account(owner, "grace")

    connection, _ = reconnect(owner, ada, "grace")

    assert connection["reason"] == "another_creator"
    run_jobs()
    assert simulator.control.requests(endpoint="revoke") == []
    for account_id in (ada, grace):
        assert owner.get(f"/accounts/{account_id}").json["status"] == "active"
        assert owner.get(f"/accounts/{account_id}/creator-info").status_code == 200


def test_the_client_is_told_by_its_return_url(owner, lost_account, reconnect):
    connection, page = reconnect(owner, lost_account, "grace", return_url="http://127.0.0.1:8080/done")

    assert page.location == f"http://127.0.0.1:8080/done?connection_id={connection['id']}&status=failed"


def test_an_account_that_is_disconnected_meanwhile_is_not_added_again(owner, connect_account, simulator, run_jobs):
    account_id = connect_account(owner, "ada")
    begun = owner.post(f"/accounts/{account_id}/reconnect", json={}).json
    location = simulator.control.consent(begun["authorize_url"], "ada")
    owner.delete(f"/accounts/{account_id}")

    page = oauth_consent.come_back(owner, location)

    assert page.status_code == 400
    assert owner.get("/accounts").json["data"] == []


def test_a_key_that_reaches_the_account_may_reconnect_it_and_no_other(owner, connect_account):
    ada, grace = connect_account(owner, "ada"), connect_account(owner, "grace")
    wish = {"name": "server", "scopes": ["read", "write"], "account_ids": [ada]}
    key = owner.post("/auth/api-keys", json=wish).json["token"]
    headers = {"Authorization": f"Bearer {key}"}

    allowed = owner.post(f"/accounts/{ada}/reconnect", json={}, headers=headers)

    assert allowed.status_code == 201
    shown = owner.get(f"/accounts/connections/{allowed.json['id']}", headers=headers)
    assert shown.json["expected_account_id"] == ada
    assert owner.post(f"/accounts/{grace}/reconnect", json={}, headers=headers).status_code == 404


def test_what_is_not_yours_cannot_be_reconnected(owner, stranger, connect_account):
    theirs = connect_account(owner, "ada")

    for account_id in (theirs, uuid4(), "ada"):
        assert stranger.post(f"/accounts/{account_id}/reconnect", json={}).status_code == 404
