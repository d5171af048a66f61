"""What people do to accounts and posts is in the audit trail."""

import pytest

from tests.auth.audit_trail import actions, trail


@pytest.fixture
def app(make_app, simulator_urls):
    """The usual application, with the simulator as TikTok."""
    return make_app(**simulator_urls)


def test_connecting_changing_and_disconnecting_an_account(owner, connect_account):
    account_id = connect_account(owner, "ada")
    owner.patch(f"/accounts/{account_id}", json={"label": "the first"})
    owner.delete(f"/accounts/{account_id}")

    entries = trail(owner, f"?subject_id={account_id}")

    assert [entry["action"] for entry in entries] == ["account.disconnected", "account.updated", "account.connected"]
    assert entries[1]["detail"] == {"changed": ["label"]}
    assert entries[0]["detail"] == {"username": "ada"}
    assert [entry["session_id"] is None for entry in entries] == [False, False, True]  # a browser brought the consent


def test_a_strangers_account_brings_no_entry(owner, stranger, connect_account, simulator):
    account_id = connect_account(owner, "ada")
    begun = stranger.post("/accounts/connect", json={}).json
    location = simulator.control.consent(begun["authorize_url"], "ada")
    stranger.client.get(location.removeprefix("http://127.0.0.1:8080"))

    assert stranger.get(f"/accounts/connections/{begun['id']}").json["status"] == "failed"
    assert actions(stranger) == ["session.started", "connection.started"]
    assert actions(owner, f"?subject_id={account_id}") == ["account.connected"]
