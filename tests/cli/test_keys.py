"""tiktok-api keys"""

import base64

import pytest

from tests.conftest import API, Person
from tiktok_api.settings import load

EMAIL = "owner@example.com"


def ask(app, token, path="/accounts", method="GET"):
    return app.test_client().open(f"{API}{path}", method=method, headers={"Authorization": f"Bearer {token}"})


def test_a_key_does_what_its_scopes_say(app, owner, operator):
    key = operator.read("keys", "create", "--user", EMAIL, "--name", "nightly", "--scope", "accounts:read")

    assert ask(app, key["token"]).status_code == 200
    assert ask(app, key["token"], "/posts").json["code"] == "scope_too_narrow"


def test_keys_are_listed_without_their_tokens(owner, stranger, operator):
    key = operator.read("keys", "create", "--user", EMAIL, "--name", "nightly")
    operator("keys", "create", "--user", "stranger@example.com", "--name", "theirs")

    everything, mine = operator("keys", "list"), operator.read("keys", "list", "--user", EMAIL)

    assert "theirs" in everything.output
    assert key["token"] not in everything.output
    assert [(row["name"], row["user"], row["hint"]) for row in mine] == [("nightly", EMAIL, key["token"][:9])]


def test_a_revoked_key_is_refused(app, owner, operator):
    key = operator.read("keys", "create", "--user", EMAIL, "--name", "nightly")
    assert ask(app, key["token"]).status_code == 200

    operator("keys", "revoke", key["id"])

    assert ask(app, key["token"]).status_code == 401
    assert operator("keys", "revoke", key["id"]).exit_code == 1


def test_a_key_is_confined_to_accounts_of_its_user_alone(owner, stranger, connect_account, operator):
    account_id = connect_account(stranger, "ada")

    refused = operator("keys", "create", "--user", EMAIL, "--name", "x", "--account", account_id)

    assert refused.exit_code == 1
    assert "account_ids/0: You have no account with this id." in refused.stderr


def test_a_key_that_would_have_ended_already_is_refused(owner, operator):
    refused = operator("keys", "create", "--user", EMAIL, "--name", "x", "--expires", "2020-01-01")

    assert refused.exit_code == 1
    assert "expires_at" in refused.stderr


def test_a_generated_key_fits_into_both_rings(operator, monkeypatch, base_settings):
    entry = operator("keys", "generate", "--id", "spring").output.strip()

    monkeypatch.setenv("JWT_KEYS", entry)
    monkeypatch.setenv("VAULT_KEYS", entry)
    settings = load(env_file=None)
    assert next(iter(settings.jwt_keys)) == next(iter(settings.vault_keys)) == "spring"
    assert settings.jwt_keys["spring"] == base64.b64decode(entry.partition(":")[2])


@pytest.mark.parametrize("name", ["two words", "a:b", "x" * 33])
def test_a_name_that_no_ring_takes_is_refused(operator, name):
    assert operator("keys", "generate", "--id", name).exit_code == 2


def test_no_key_for_an_unknown_user(app, operator):
    refused = operator("keys", "create", "--user", "unknown@example.com", "--name", "x")

    assert refused.exit_code == 1
    assert "There is no user" in refused.stderr


def test_a_key_for_a_person_is_in_their_audit_trail(app, operator):
    owner = Person(app, EMAIL)
    operator("keys", "create", "--user", EMAIL, "--name", "nightly")

    entries = owner.get("/audit?action=api_key").json["data"]

    assert [(entry["action"], entry["address"]) for entry in entries] == [("api_key.created", "console")]
