"""The document that the server answers, and its operations one by one."""

from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests import shared_app
from tests.contract.operations import Operation, operations_of
from tiktok_api.settings import Settings


@pytest.fixture
def database_url(sqlite_template: Path, stage_file: Path) -> str:
    return shared_app.restore(stage_file, sqlite_template)


@pytest.fixture
def app(base_settings: Settings, database_url: str) -> Flask:
    return shared_app.application(database_url, base_settings)


@pytest.fixture
def document(app: Flask) -> dict[str, Any]:
    return dict(app.test_client().get("/openapi.json").json)


@pytest.fixture
def operations(document: dict[str, Any]) -> list[Operation]:
    return operations_of(document)
