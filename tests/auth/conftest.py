"""Tokens taken apart and put together wrongly, applications on each database, emails, and the sweep."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jwt
import pytest
import time_machine
from flask import Flask
from sqlalchemy import update

from tests import shared_app
from tests.auth.outbox import Outbox
from tests.conftest import Person
from tests.due_jobs import run_due_jobs
from tiktok_api.auth.emails import messages
from tiktok_api.auth.emails.mailer import Mailer
from tiktok_api.db import transaction
from tiktok_api.extensions import services_of
from tiktok_api.jobs import queue
from tiktok_api.jobs.models import Job
from tiktok_api.settings import Settings


@pytest.fixture
def database_url(sqlite_template: Path, stage_file: Path) -> str:
    return shared_app.restore(stage_file, sqlite_template)


@pytest.fixture
def app(base_settings: Settings, each_database_url: str) -> Flask:
    """The usual application on an empty database, in turn on each kind if the test says so."""
    return shared_app.application(each_database_url, base_settings)


@pytest.fixture
def signing_key(app: Flask) -> bytes:
    return next(iter(services_of(app)[Settings].jwt_keys.values()))


@pytest.fixture
def claims(owner: Person) -> dict[str, Any]:
    """What the owner's access token says."""
    return jwt.decode(owner.tokens["access_token"], options={"verify_signature": False})


@pytest.fixture
def header(owner: Person) -> dict[str, Any]:
    return jwt.get_unverified_header(owner.tokens["access_token"])


@pytest.fixture
def sweep(app: Flask, run_jobs: Callable[[], int]) -> Callable[[], None]:
    """Have what is over forgotten, as the worker does every hour."""

    def sweep_now() -> None:
        with app.app_context(), transaction():
            queue.enqueue("auth.sweep", owner_id=None, due_at=datetime(2026, 1, 1, tzinfo=UTC))
        run_jobs()

    return sweep_now


@pytest.fixture
def outbox(app: Flask) -> Iterator[Outbox]:
    """Where the application's emails arrive, from now on."""
    box, usual = Outbox(), services_of(app)[Mailer]
    services_of(app)[Mailer] = box
    yield box
    services_of(app)[Mailer] = usual


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Moves only when told to, from now on."""
    with time_machine.travel("2027-03-02T12:00:00Z", tick=False) as traveller:
        yield traveller


@pytest.fixture
def deliver(app: Flask) -> Callable[[], None]:
    """Have queued emails sent, whatever the time is."""

    def deliver_now() -> None:
        with app.app_context(), transaction() as session:
            session.execute(
                update(Job).where(Job.kind == messages.SEND).values(due_at=datetime(2026, 1, 1, tzinfo=UTC))
            )
        run_due_jobs(app)

    return deliver_now
