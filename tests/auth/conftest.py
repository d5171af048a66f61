"""Tokens taken apart and put together wrongly, applications on each database, and the sweep."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jwt
import pytest
from flask import Flask

from tests import stage
from tests.conftest import Person
from tiktok_api.db import transaction
from tiktok_api.jobs import queue
from tiktok_api.settings import Settings


@pytest.fixture
def database_url(sqlite_template: Path, stage_file: Path) -> str:
    return stage.restore(stage_file, sqlite_template)


@pytest.fixture
def app(base_settings: Settings, each_database_url: str) -> Flask:
    """The usual application on an empty database, in turn on each kind if the test says so."""
    return stage.application(each_database_url, base_settings)


@pytest.fixture
def signing_key(app: Flask) -> bytes:
    return next(iter(app.extensions["tiktok_api.settings"].jwt_keys.values()))


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
            queue.promise("auth.sweep", due_at=datetime(2026, 1, 1, tzinfo=UTC))
        run_jobs()

    return sweep_now
