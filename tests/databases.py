"""On which databases a test runs, and how one is made without running every migration."""

from pathlib import Path

import pytest
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Engine

from tiktok_api.db import Model

MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations"

_BOTH = ["database_url", pytest.param("postgresql_url", marks=pytest.mark.postgres)]

on_each_database = pytest.mark.parametrize("each_database_url", _BOTH, indirect=True, ids=["sqlite", "postgresql"])
"""For what SQLite and PostgreSQL do differently: locks, conflicts, types."""


def make_tables(engine: Engine) -> None:
    """Every table of the models, at the newest revision; that migrations make the same is a test of its own."""
    Model.metadata.create_all(engine)
    with engine.begin() as connection:
        scripts = ScriptDirectory(str(MIGRATIONS))
        MigrationContext.configure(connection).stamp(scripts, "head")
