"""What a journey through signing in leaves behind: no secret in the logs, nor in the database."""

import base64
import logging
import re
from pathlib import Path

import pytest
import structlog
from sqlalchemy import text

from tests.conftest import API, Person
from tiktok_api.db import transaction
from tiktok_api.extensions import services_of
from tiktok_api.settings import Settings

PASSWORD, WRONG, CLIENT_SECRET = "planted-password-1f9e", "planted-wrong-password-77", "planted-tiktok-secret-5c"


@pytest.fixture
def app(make_app):
    app = make_app(log_level="DEBUG", tiktok_client_secret=CLIENT_SECRET, allow_test_clock=False)
    app.config["PROPAGATE_BUGS"] = False
    yield app
    make_app()  # which sets the level of the others again


@pytest.fixture
def left_behind(capsys, tmp_path: Path):
    """Everything that was logged and everything that is in the database's files."""

    def collect() -> bytes:
        files = [file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()]
        return capsys.readouterr().err.encode() + b"\0".join(files)

    return collect


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    (tmp_path / "test.sqlite3").write_bytes(sqlite_template.read_bytes())
    return f"sqlite:///{tmp_path / 'test.sqlite3'}"


def test_a_journey_leaves_no_secret_behind(left_behind, app):
    client = app.test_client()
    credentials = {"email": "ada@example.com", "password": PASSWORD}
    pairs = [client.post(f"{API}/auth/register", json=credentials).json]
    pairs.append(client.post(f"{API}/auth/login", json=credentials).json)
    client.post(f"{API}/auth/login", json=credentials | {"password": WRONG})
    client.post(f"{API}/auth/login?password={WRONG}", data=f'{{"password": "{WRONG}"', content_type="application/json")
    client.post(f"{API}/auth/register", json=credentials)
    pairs.append(client.post(f"{API}/auth/refresh", json={"refresh_token": pairs[1]["refresh_token"]}).json)
    headers = {"Authorization": f"Bearer {pairs[2]['access_token']}"}
    client.patch(f"{API}/auth/me", json={"timezone": PASSWORD, "password": PASSWORD}, headers=headers)
    client.get(f"{API}/auth/me", headers=headers | {"X-Request-ID": pairs[2]["access_token"]})
    client.post(f"{API}/auth/logout", headers=headers)

    found = left_behind()

    secrets = [PASSWORD, WRONG, CLIENT_SECRET, services_of(app)[Settings].secret_key]
    secrets += [token for pair in pairs for name, token in pair.items() if name.endswith("_token")]
    secrets += [secret.split(".")[-1] for secret in secrets if secret.startswith("eyJ")]
    secrets += [base64.b64encode(secret.encode()).decode() for secret in secrets]
    assert [secret for secret in secrets if secret.encode() in found] == []
    assert b"ada@example.com" in found  # so we did look where things are kept


def test_keys_emails_and_stored_answers_leave_no_secret_behind(left_behind, app, outbox, run_jobs):
    owner, new = Person(app, "ada@example.com"), "planted-new-password-3a"
    wish = {"json": {"name": "server", "scopes": ["read"]}, "headers": {"Idempotency-Key": "once"}}
    keys = [owner.post("/auth/api-keys", **wish).json["token"] for _ in range(2)]
    owner.client.get(f"{API}/accounts?key={keys[0]}", headers={"Authorization": f"Bearer {keys[0]}"})
    owner.client.get(f"{API}/accounts", headers={"Authorization": f"Bearer {keys[0]}x"})
    owner.post("/auth/password", json={"current_password": "not that", "new_password": new})
    owner.client.post(f"{API}/auth/password/forgot", json={"email": "ada@example.com"})
    run_jobs()
    token = outbox.take().token
    owner.client.post(f"{API}/auth/password/reset?token={token}", json={"token": token, "password": new})
    owner.client.post(f"{API}/auth/password/reset", json={"token": token, "password": new})
    run_jobs()

    found = left_behind()

    assert keys[0] == keys[1]
    assert [secret for secret in (keys[0], token, new) if secret.encode() in found] == []
    assert b"api_key.created" in found


def test_a_bug_that_holds_secrets_logs_none(capsys, app):
    @app.get("/broken")
    def broken():
        raise RuntimeError(
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl and act.planted!4567 and code=planted-code"
        )

    app.test_client().get("/broken")

    logged = capsys.readouterr().err
    assert "request.failed" in logged
    assert not re.search(r"eyJhb|act\.planted|planted-code", logged)


def test_secrets_are_hidden_by_their_names_wherever_they_lie(capsys, app):
    headers = [{"Authorization": f"Bearer {PASSWORD}"}]
    structlog.get_logger("test").warning("something", password=PASSWORD, headers=headers)
    logging.getLogger("another").warning("calling https://tiktok.example/?access_token=%s&scope=x", PASSWORD)

    logged = capsys.readouterr().err
    assert logged.count('"event"') == 2
    assert PASSWORD not in logged


def test_database_errors_are_logged_without_values(capsys, app):
    @app.get("/clash")
    def clash():
        with transaction() as session:
            session.execute(text("insert into users (id, email) values (:a, :b)"), {"a": PASSWORD, "b": PASSWORD})

    app.test_client().get("/clash")

    logged = capsys.readouterr().err
    assert "IntegrityError" in logged
    assert PASSWORD not in logged


def test_a_password_cannot_be_guessed_from_what_an_idempotency_key_keeps(make_app):
    wish = {"name": "x", "scopes": ["read"], "current_password": "correct horse battery"}
    kept = set()
    for number, secret in enumerate(
        ("one secret, forty letters and more, so long", "another one that is as long as that")
    ):
        person = Person(make_app(secret_key=secret), f"ada{number}@example.com")
        assert person.post("/auth/api-keys", json=wish, headers={"Idempotency-Key": "one"}).status_code == 201
        with person.app.app_context(), transaction() as session:
            kept |= set(session.scalars(text("select fingerprint from idempotency_keys")))

    assert len(kept) == 2  # the same request: without the server's secret no guess can be tried
