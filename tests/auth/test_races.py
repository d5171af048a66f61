"""What happens elsewhere between two steps of a request."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import event, text

from tests import shared_app
from tests.auth.devices import log_in
from tests.auth.outbox import log_in as try_to_log_in
from tests.auth.outbox import register
from tests.conftest import PASSWORD
from tests.databases import on_each_database
from tests.web.problems import assert_problem
from tiktok_api.auth.tokens import make_authenticator
from tiktok_api.db import db

PROVEN_ELSEWHERE = (
    "INSERT INTO users (id, email, email_key, password_hash, display_name, timezone, awaits_verification, created_at) "
    "SELECT id, email, email_key, 'another', '', 'UTC', false, created_at FROM registrations"
)


@pytest.fixture
def meanwhile(app) -> Iterator[Callable[[str, str], None]]:
    """Once a statement with those words has been answered, another connection runs another one: once."""

    def arrange(words: str, statement: str) -> None:
        with app.app_context():
            engine = db.engine

        waiting = [statement]

        def meddle(_c, _cursor, seen: str, *_) -> None:
            if words in seen and waiting:
                with engine.begin() as elsewhere:
                    elsewhere.execute(text(waiting.pop()))

        event.listen(engine, "after_cursor_execute", meddle)
        arranged.append((engine, meddle))

    arranged: list[tuple[Any, Any]] = []
    yield arrange
    for engine, meddle in arranged:
        event.remove(engine, "after_cursor_execute", meddle)


def test_a_password_that_was_changed_while_it_was_checked_opens_nothing(client, owner, meanwhile):
    meanwhile("SELECT users.id, users.password_hash", "UPDATE users SET password_hash = 'another'")

    response = try_to_log_in(client, owner.email)

    assert_problem(response, 401, "wrong_credentials")


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("PATCH", {"display_name": "Ada"})])
def test_a_user_who_was_just_deleted_has_no_profile(owner, meanwhile, method, body):
    meanwhile("FROM sessions", "DELETE FROM users")

    response = owner.open("/auth/me", method=method, json=body)

    assert_problem(response, 401, "session_ended")


@on_each_database
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/auth/api-keys", {"name": "x", "scopes": ["read"]}),
        ("POST", "/accounts/connect", {}),
        ("POST", "/posts", {}),
        ("DELETE", "/auth/sessions", None),
    ],
)
def test_a_user_who_was_just_deleted_can_do_nothing(owner, meanwhile, method, path, body):
    meanwhile("FROM sessions", "DELETE FROM users")

    response = owner.open(path, method=method, json=body)

    assert_problem(response, 401, "session_ended")


@on_each_database
@pytest.mark.parametrize(
    "request_",
    [
        ("POST", "/auth/api-keys", {"name": "x", "scopes": ["read"]}),
        ("POST", "/auth/password", {"current_password": PASSWORD, "new_password": "a longer horse battery"}),
        ("DELETE", "/auth/me", None),
    ],
)
def test_a_request_whose_session_ended_while_it_ran_leaves_nothing_behind(client, owner, meanwhile, request_):
    method, path, body = request_
    meanwhile("FROM sessions", "UPDATE sessions SET ended_at = '2026-01-01 00:00:00.000000'")

    response = owner.open(path, method=method, json=body)

    assert_problem(response, 401, "session_ended")
    owner.tokens = try_to_log_in(client, owner.email).json
    assert owner.get("/auth/api-keys").json["data"] == []


@pytest.mark.parametrize("act", ["DELETE FROM registrations", PROVEN_ELSEWHERE])
def test_a_registration_that_ended_while_its_password_was_checked_opens_nothing(
    base_settings, database_url, client, meanwhile, act
):
    settings = base_settings.replace(email_verification=True)
    verifying = shared_app.application(database_url, settings, kind="verifying")
    register(verifying.test_client(), "ada@example.com")
    meanwhile("FROM registrations", act)

    response = try_to_log_in(client, "ada@example.com")

    assert_problem(response, 401, "wrong_credentials")


def test_signing_out_a_session_that_just_ended_succeeds(owner, meanwhile):
    meanwhile("FROM sessions", "UPDATE sessions SET ended_at = '2026-01-01 00:00:00.000000'")

    response = owner.post("/auth/logout")

    assert response.status_code == 204


def test_a_token_that_left_the_cache_is_verified_again(app, client, owner):
    authenticate = make_authenticator(most_remembered=1)
    tokens = [owner.tokens["access_token"], log_in(client, owner)["access_token"]]

    with app.test_request_context():
        found = [authenticate(f"Bearer {token}") for token in tokens * 2]

    assert found[:2] == found[2:]
    assert found[0] != found[1]
