"""An application on an empty database, and promises of kinds that do what a test says."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from tests import stage
from tests.jobs import kinds
from tiktok_api import clock
from tiktok_api.db import db, end_reading, transaction
from tiktok_api.jobs import executing, queue
from tiktok_api.jobs.models import Job
from tiktok_api.jobs.registry import Ticket
from tiktok_api.settings import Settings

LEASE = timedelta(seconds=60)


@pytest.fixture
def database_url(sqlite_template: Path, stage_file: Path) -> str:
    return stage.restore(stage_file, sqlite_template)


@pytest.fixture
def app(base_settings: Settings, each_database_url: str) -> Iterator[Flask]:
    """Its context is open: jobs are not requests."""
    kinds.does.clear()
    app = stage.application(each_database_url, base_settings)
    with app.app_context():
        yield app


@pytest.fixture
def promise(app: Flask) -> Callable[..., UUID]:
    """Promise something that is due; answers the job's id."""

    def make(kind: str = "tests.anything", **details: Any) -> UUID:
        with transaction() as session:
            queue.promise(kind, **{"due_at": clock.now(), "unique_key": "the job"} | details)
            found = session.scalar(select(Job.id).where(Job.unique_key == details.get("unique_key", "the job")))
        assert found is not None
        return found

    return make


@pytest.fixture
def claim(app: Flask) -> Callable[..., Ticket | None]:
    return lambda job_id, lease=LEASE: executing.claim(job_id, lease)


@pytest.fixture
def look(app: Flask) -> Callable[[UUID], Job | None]:
    """The job as the database has it now."""

    def find(job_id: UUID) -> Job | None:
        end_reading()
        return db.session.scalar(select(Job).where(Job.id == job_id).execution_options(populate_existing=True))

    return find
