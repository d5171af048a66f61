"""tiktok-api users"""

import os
import pty
import sys
import threading

import pytest

from tests.conftest import API, PASSWORD, Person
from tests.databases import on_each_database
from tests.servers import wait_until
from tiktok_api.extensions import services_of
from tiktok_api.settings import Settings

EMAIL = "ada@example.com"


@pytest.fixture
def app(make_app, simulator, each_database_url):
    """A server that takes no registrations."""
    return make_app(database_url=each_database_url, registration="closed", tiktok_api_url=simulator.url)


@pytest.fixture
def elsewhere(app, make_app):
    """Another process of the same server."""
    return make_app(database_url=services_of(app)[Settings].database_url, registration="closed")


def sign_in(app, password, email=EMAIL):
    return app.test_client().post(f"{API}/auth/login", json={"email": email, "password": password})


@on_each_database
def test_the_first_user_of_a_closed_server_is_created_and_signs_in(app, operator):
    created = operator("users", "create", EMAIL, "--name", "Ada", "--password-stdin", stdin=f"{PASSWORD}\n")

    assert created.exit_code == 0, created.output
    assert PASSWORD not in created.output
    assert sign_in(app, PASSWORD).status_code == 200


def test_a_generated_password_is_printed_and_works(app, operator):
    created = operator.read("users", "create", EMAIL, "--generate")

    assert sign_in(app, created["password"]).status_code == 200


def test_a_person_at_a_terminal_is_asked_twice(tmp_path, app):
    settings = services_of(app)[Settings]
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["DATABASE_URL"] = settings.database_url
        os.execv(sys.executable, [sys.executable, "-m", "tiktok_api", "users", "create", EMAIL])  # noqa: S606  # no shell is wanted
    shown = b""

    def read_until(words: bytes) -> None:
        nonlocal shown
        while words not in shown:
            shown += os.read(terminal, 1024)

    read_until(b"Password: ")
    os.write(terminal, f"{PASSWORD}\n".encode())
    read_until(b"Repeat for confirmation: ")
    os.write(terminal, f"{PASSWORD}\n".encode())
    read_until(b"active")
    _, status = os.waitpid(pid, 0)
    os.close(terminal)

    assert os.waitstatus_to_exitcode(status) == 0
    assert PASSWORD.encode() not in shown
    assert sign_in(app, PASSWORD).status_code == 200


@pytest.mark.parametrize(
    ("arguments", "password", "reason"),
    [
        ([EMAIL], "short", "password"),
        ([EMAIL], "password123", "harder to guess"),
        (["no address"], PASSWORD, "email"),
        ([EMAIL, "--timezone", "Mars/Olympus"], PASSWORD, "timezone"),
    ],
    ids=["short", "common", "address", "zone"],
)
def test_creating_refuses_what_registering_refuses(operator, arguments, password, reason):
    refused = operator("users", "create", *arguments, "--password-stdin", stdin=f"{password}\n")

    assert refused.exit_code == 1
    assert reason in refused.stderr
    assert operator.read("users", "list") == []


def test_an_address_is_taken_once(operator):
    operator("users", "create", EMAIL, "--generate")

    refused = operator("users", "create", EMAIL.upper(), "--generate")

    assert refused.exit_code == 1
    assert "There is an account with this e-mail address already" in refused.stderr


def test_without_a_terminal_the_way_of_the_password_must_be_named(operator):
    refused = operator("users", "create", EMAIL)

    assert refused.exit_code == 2
    assert "--password-stdin" in refused.stderr


def test_the_list_counts_sessions_and_keys(app, operator):
    owner = Person(app, "owner@example.com")
    owner.post("/auth/api-keys", json={"name": "nightly", "scopes": ["read"]})

    (row,) = operator.read("users", "list")

    assert (row["email"], row["status"], row["sessions"], row["api_keys"]) == ("owner@example.com", "active", 1, 1)
    assert "owner@example.com" in operator("users", "list").output


@on_each_database
def test_disabling_ends_sessions_and_keys_at_once_in_every_process(app, elsewhere, operator):
    owner = Person(app, EMAIL)
    key = owner.post("/auth/api-keys", json={"name": "nightly", "scopes": ["read"]}).json["token"]
    with_key = {"headers": {"Authorization": f"Bearer {key}"}}
    owner.client = elsewhere.test_client()  # it has verified both tokens before
    assert owner.get("/accounts").status_code == 200
    assert owner.client.get(f"{API}/accounts", **with_key).status_code == 200

    done = operator("users", "disable", EMAIL)

    assert done.exit_code == 0, done.output
    assert "1 sessions and 1 API keys" in done.output
    assert owner.get("/accounts").json["code"] == "session_ended"
    assert owner.client.get(f"{API}/accounts", **with_key).json["code"] == "invalid_token"
    refreshed = owner.client.post(f"{API}/auth/refresh", json={"refresh_token": owner.tokens["refresh_token"]})
    assert refreshed.json["code"] == "session_ended"


@on_each_database
def test_only_the_right_password_reveals_that_a_user_is_disabled(app, operator):
    Person(app, EMAIL)
    operator("users", "disable", EMAIL)

    right, wrong = sign_in(app, PASSWORD), sign_in(app, "not the password")

    assert (right.status_code, right.json["code"]) == (403, "user_disabled")
    assert (wrong.status_code, wrong.json["code"]) == (401, "wrong_credentials")
    assert operator.read("users", "list")[0]["status"] == "disabled"


def test_an_enabled_user_signs_in_again_but_old_keys_stay_revoked(app, operator):
    owner = Person(app, EMAIL)
    key = owner.post("/auth/api-keys", json={"name": "nightly", "scopes": ["read"]}).json["token"]
    operator("users", "disable", EMAIL)

    operator("users", "enable", EMAIL)

    assert sign_in(app, PASSWORD).status_code == 200
    with_key = {"headers": {"Authorization": f"Bearer {key}"}}
    assert owner.client.get(f"{API}/accounts", **with_key).status_code == 401


def test_a_disabled_user_gets_in_by_no_other_door(app, operator):
    Person(app, EMAIL)
    token = operator("users", "reset", EMAIL).output.partition('"token": "')[2].partition('"')[0]
    operator("users", "disable", EMAIL)

    app.test_client().post(f"{API}/auth/password/reset", json={"token": token, "password": "another good one"})
    created = operator("keys", "create", "--user", EMAIL, "--name", "x")

    assert sign_in(app, "another good one").json["code"] == "user_disabled"
    assert created.exit_code == 1
    assert "disabled" in created.stderr


def test_a_reset_is_offered_as_a_token_that_works_once(app, operator):
    Person(app, EMAIL)

    offered = operator("users", "reset", EMAIL)

    token = offered.output.partition('"token": "')[2].partition('"')[0]
    choice = {"token": token, "password": "another good one"}
    assert app.test_client().post(f"{API}/auth/password/reset", json=choice).status_code == 200
    assert app.test_client().post(f"{API}/auth/password/reset", json=choice).status_code == 422
    assert sign_in(app, "another good one").status_code == 200


def test_setting_a_password_ends_sessions_and_keys(app, operator):
    owner = Person(app, EMAIL)

    done = operator("users", "reset", EMAIL, "--password-stdin", stdin="another good one\n")

    assert done.exit_code == 0, done.output
    assert owner.get("/accounts").json["code"] == "session_ended"
    assert sign_in(app, "another good one").status_code == 200


@pytest.mark.parametrize("command", ["disable", "enable", "reset"])
def test_an_unknown_address_is_a_sentence(operator, command):
    refused = operator("users", command, "unknown@example.com")

    assert refused.exit_code == 1
    assert "There is no user with the address unknown@example.com." in refused.stderr


def test_acts_of_the_operator_are_in_the_users_audit_trail(app, operator):
    operator("users", "create", EMAIL, "--password-stdin", stdin=f"{PASSWORD}\n")
    operator("users", "disable", EMAIL)
    operator("users", "enable", EMAIL)
    tokens = sign_in(app, PASSWORD).json

    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    entries = app.test_client().get(f"{API}/audit", headers=headers).json["data"]

    actions = [(entry["action"], entry["detail"].get("by")) for entry in entries if entry["address"] == "console"]
    assert actions == [("user.enabled", "operator"), ("user.disabled", "operator"), ("user.created", "operator")]


def test_disabling_while_a_sign_in_is_on_its_way_leaves_no_session(app, operator):
    """However the two meet, there is a refusal or a session that has ended."""
    Person(app, EMAIL)
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(sign_in(app, PASSWORD))) for _ in range(4)]
    for thread in threads:
        thread.start()
    operator("users", "disable", EMAIL)
    for thread in threads:
        thread.join()

    assert len(answers) == 4
    assert {answer.status_code for answer in answers} <= {200, 403}
    assert operator.read("users", "list")[0]["sessions"] == 0
    wait_until(lambda: sign_in(app, PASSWORD).status_code == 403)
