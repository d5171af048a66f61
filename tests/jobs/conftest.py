"""An application on an empty database, and jobs of kinds that do what a test says."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, update

from tests import shared_app
from tests.jobs import kinds
from tiktok_api import clock
from tiktok_api.db import db, end_reading, transaction
from tiktok_api.jobs import executor, queue
from tiktok_api.jobs.models import Job
from tiktok_api.jobs.registry import ClaimedJob
from tiktok_api.jobs.runner import TICK_SECONDS, Runner
from tiktok_api.settings import Settings

LEASE = timedelta(seconds=60)


@pytest.fixture
def database_url(sqlite_template: Path, stage_file: Path) -> str:
    return shared_app.restore(stage_file, sqlite_template)


@pytest.fixture
def app(base_settings: Settings, each_database_url: str) -> Iterator[Flask]:
    """Its context is open: jobs are not requests."""
    kinds.does.clear()
    app = shared_app.application(each_database_url, base_settings)
    with app.app_context():
        yield app


@pytest.fixture
def enqueue(app: Flask) -> Callable[..., UUID]:
    """Enqueue a job that is due. Returns its id."""

    def make(kind: str = "tests.anything", **details: Any) -> UUID:
        with transaction() as session:
            queue.enqueue(kind, **{"due_at": clock.now(), "owner_id": None, "unique_key": "the job"} | details)
            found = session.scalar(select(Job.id).where(Job.unique_key == details.get("unique_key", "the job")))
        assert found is not None
        return found

    return make


@pytest.fixture
def make_due(app: Flask) -> Callable[[], None]:
    """Let every waiting job come due now."""

    def move() -> None:
        with transaction() as session:
            session.execute(update(Job).values(due_at=clock.now()))

    return move


@pytest.fixture
def claim(app: Flask) -> Callable[..., ClaimedJob | None]:
    return lambda job_id, lease=LEASE: next(iter(executor.claim([job_id], lease)), None)


@pytest.fixture
def read_job(app: Flask) -> Callable[[UUID], Job | None]:
    """The job as the database has it now."""

    def find(job_id: UUID) -> Job | None:
        end_reading()
        return db.session.scalar(select(Job).where(Job.id == job_id).execution_options(populate_existing=True))

    return find


@pytest.fixture
def start_runner(app, base_settings) -> Iterator[Callable[..., tuple[Runner, threading.Thread]]]:
    """A runner in a thread; stopped with the test."""
    started: list[tuple[Runner, threading.Thread]] = []

    def start(*, tick_seconds: float = TICK_SECONDS, **changes: Any) -> tuple[Runner, threading.Thread]:
        runner = Runner(app, base_settings.replace(**changes), tick_seconds=tick_seconds)
        thread = threading.Thread(target=runner.run_forever)
        thread.start()
        started.append((runner, thread))
        return started[-1]

    yield start
    for runner, thread in started:
        runner.stop()
        thread.join(30)
        assert not thread.is_alive()


class Gate:
    """A point at which a job reports that it has begun and waits until it may continue."""

    def __init__(self) -> None:
        self.begun, self.may_end = threading.Event(), threading.Event()
        self.runs = 0

    def pass_through(self, _job: Any) -> None:
        self.runs += 1
        self.begun.set()
        assert self.may_end.wait(30)


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    kinds.does["tests.anything"] = gate.pass_through
    yield gate
    gate.may_end.set()
