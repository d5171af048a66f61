"""The cast and the stage: an application on a fresh database, an owner, a stranger, and TikTok played by the simulator."""

import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, has_request_context
from flask.testing import FlaskClient
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine, create_engine, event, text
from werkzeug.test import TestResponse

from tests import oauth_consent, servers, storages
from tests.databases import make_tables
from tests.due_jobs import run_due_jobs
from tiktok_api.app import create_app
from tiktok_api.auth.models import User
from tiktok_api.auth.passwords import hash_password
from tiktok_api.auth.services import start_session
from tiktok_api.auth.tokens import mint
from tiktok_api.cli import flask_commands
from tiktok_api.db import Model, db, transaction
from tiktok_api.extensions import services_of
from tiktok_api.settings import Settings, load
from tiktok_api.simulator import running
from tiktok_api.tiktok import TikTokClient
from tiktok_api.web.monitoring.health import Readiness

pytest_plugins = ("tests.groups", "tests.selection", "tests.posts.fixtures", "tests.outbound.fixtures")
"""Hooks, and fixtures that several folders share."""

API = "/api/v1"
PASSWORD = "correct horse battery"


@event.listens_for(Engine, "checkout")  # the product sets it when it connects
def _do_not_wait_for_the_disk(connection: Any, _record: Any, _proxy: Any) -> None:
    """As for PostgreSQL in `tests.servers`: no database of this process outlives the machine."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous=OFF")


@event.listens_for(Engine, "before_execute")
def _writes_are_in_transactions(connection: Connection, statement: Any, *_: Any) -> None:
    """On PostgreSQL a lock that is taken outside a transaction is gone at once, and half a change would stay."""
    is_locking = getattr(statement, "_for_update_arg", None) is not None
    is_writing = has_request_context() and getattr(statement, "is_dml", False)  # tests write as they like
    if (is_locking or is_writing) and connection.dialect.name == "postgresql":
        driver: Any = connection.connection.dbapi_connection
        assert not driver.autocommit or driver.info.transaction_status != TransactionStatus.IDLE, str(statement)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Spare a run that uses no hypothesis the half second in which the plug-in's summary would import it."""
    if "hypothesis" not in sys.modules and not session.config.getoption("numprocesses", None):
        session.config.pluginmanager.unregister(name="hypothesispytest")


@pytest.fixture(scope="session")
def simulator_server() -> Iterator[Any]:
    with running(allow_http=True) as simulator:
        yield simulator


@pytest.fixture
def simulator(simulator_server: Any) -> Any:
    """TikTok, as it was at its birth."""
    simulator_server.control.reset()
    return simulator_server


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    with servers.postgresql() as url:
        yield url


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    with servers.redis() as url:
        yield url


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    with servers.s3() as url:
        yield url


@pytest.fixture
def storage_environment(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """The settings of local files, or in turn whatever `tests.storages.on_each_storage` names."""
    if getattr(request, "param", "files") == "s3":
        return storages.s3(request.getfixturevalue("s3_server"))
    return storages.files(tmp_path)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database with every table, to be copied for each test."""
    file = tmp_path_factory.mktemp("template") / "empty.sqlite3"
    engine = create_engine(f"sqlite:///{file}")
    make_tables(engine)
    engine.dispose()
    return file


@pytest.fixture(scope="session")
def stage_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The SQLite database of `tests.shared_app`."""
    return tmp_path_factory.mktemp("stage") / "stage.sqlite3"


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """SQLite by default; tests of what differs ask for `postgresql_url`."""
    shutil.copy(sqlite_template, tmp_path / "test.sqlite3")
    return f"sqlite:///{tmp_path / 'test.sqlite3'}"


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str) -> str:
    """A PostgreSQL database with every table."""
    engine = create_engine(postgresql_server)
    make_tables(engine)
    engine.dispose()
    return postgresql_server


@pytest.fixture
def postgresql_url(postgresql_template: str) -> str:
    """A PostgreSQL database with every table, all of them empty."""
    engine = create_engine(postgresql_template)
    with engine.begin() as connection:
        tables = ", ".join(f'"{name}"' for name in Model.metadata.tables)
        connection.execute(text(f"truncate {tables} cascade"))
    engine.dispose()
    return postgresql_template


@pytest.fixture
def each_database_url(request: pytest.FixtureRequest) -> str:
    """SQLite, or in turn whatever `tests.databases.on_each_database` names."""
    return str(request.getfixturevalue(getattr(request, "param", "database_url")))


@pytest.fixture
def base_settings(tmp_path: Path, storage_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in {
        "SECRET_KEY": "a secret for tests, forty characters long",
        "TIKTOK_CLIENT_KEY": "awsimclient0001",
        "TIKTOK_CLIENT_SECRET": "sim-client-secret-0001",
        "TIKTOK_APP_TYPE": "desktop",
        "TIKTOK_ALLOW_HTTP": "true",
        **storage_environment,
        "MAIL_URL": f"file://{tmp_path / 'mail'}",
        "PUBLIC_URL": "http://127.0.0.1:8080",
        "RATE_LIMIT_ENABLED": "false",
        "ALLOW_TEST_CLOCK": "true",
        "LOG_LEVEL": "WARNING",
    }.items():
        monkeypatch.setenv(name, value)
    return load(env_file=None)


@pytest.fixture
def make_app(base_settings: Settings, database_url: str) -> Iterator[Callable[..., Flask]]:
    """An application with settings and parts of its own: `make_app(rate_limit_enabled=True, replaced={Fetcher: …})`."""
    made: list[Flask] = []

    def make(*, replaced: dict[type, Any] | None = None, **changes: Any) -> Flask:
        parts = {Readiness: Readiness(remembered_seconds=0.0)} | (replaced or {})
        app = create_app(base_settings.replace(**({"database_url": database_url} | changes)), parts)
        flask_commands.install(app)
        app.config["PROPAGATE_BUGS"] = True  # a bug must fail the test with its own traceback
        made.append(app)
        return app

    yield make
    for app in made:
        services_of(app)[TikTokClient].close()
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def simulator_urls(simulator: Any) -> dict[str, str]:
    """The settings that put the simulator in TikTok's place: `make_app(**simulator_urls)`."""
    return {"tiktok_api_url": simulator.url, "tiktok_authorize_url": f"{simulator.url}/v2/auth/authorize/"}


@pytest.fixture
def app(make_app: Callable[..., Flask], simulator_urls: dict[str, str]) -> Flask:
    """The usual application: SQLite, no limits, the simulator as TikTok."""
    return make_app(**simulator_urls)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client that is not signed in."""
    return app.test_client()


@cache
def _password_hash() -> str:
    return hash_password(PASSWORD)


class Person:
    """A signed-in user with a client of the API under its base path: `owner.get("/posts")`."""

    def __init__(self, app: Flask, email: str) -> None:
        self.email, self.app = email, app
        self.client = app.test_client()
        with app.app_context(), transaction() as session:  # as registering does, but hashing the password once for all
            user = User(email=email, email_key=email, password_hash=_password_hash())
            session.add(user)
            session.flush()
            signed_in = start_session(user, user_agent="tests", address="127.0.0.1")
            self.tokens = asdict(mint(signed_in))
        self.user_id = str(user.id)

    def elsewhere(self) -> "Person":
        """The same person with a client of their own, for another thread."""
        person = copy(self)
        person.client = self.app.test_client()
        return person

    def open(self, path: str, **options: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.tokens['access_token']}"} | dict(options.pop("headers", None) or {})
        return self.client.open(f"{API}{path}", headers=headers, **options)

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.open(path, method="GET", **options)

    def post(self, path: str, **options: Any) -> TestResponse:
        return self.open(path, method="POST", **options)

    def put(self, path: str, **options: Any) -> TestResponse:
        return self.open(path, method="PUT", **options)

    def patch(self, path: str, **options: Any) -> TestResponse:
        return self.open(path, method="PATCH", **options)

    def delete(self, path: str, **options: Any) -> TestResponse:
        return self.open(path, method="DELETE", **options)


@pytest.fixture
def make_person(app: Flask) -> Callable[[str], Person]:
    return lambda email: Person(app, email)


@pytest.fixture
def owner(app: Flask) -> Person:
    return Person(app, "owner@example.com")


@pytest.fixture
def stranger(app: Flask) -> Person:
    return Person(app, "stranger@example.com")


@pytest.fixture
def run_jobs(app: Flask) -> Callable[[], int]:
    """Run due jobs here and now until none is due. Returns how many ran."""
    return lambda: run_due_jobs(app)


@pytest.fixture
def connect_account(simulator: Any) -> Callable[..., str]:
    """Connect a creator of the simulator for a user: `connect_account(owner, "ada")` returns the account's id."""

    def connect(person: Person, creator: str = "ada", **wish: Any) -> str:
        connection = oauth_consent.connect(simulator, person, creator, **wish)
        assert connection["status"] == "connected", connection
        return str(connection["account_id"])

    return connect
