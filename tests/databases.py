"""On which databases a test runs, and how one is made without running every migration."""

from pathlib import Path
from typing import Any

import pytest
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Engine

from tiktok_api.db import Model

MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations"

_BOTH = ["database_url", pytest.param("postgresql_url", marks=pytest.mark.postgres)]

on_each_database = pytest.mark.parametrize("each_database_url", _BOTH, indirect=True, ids=["sqlite", "postgresql"])
"""For what SQLite and PostgreSQL do differently: locks, conflicts, types."""
on_postgresql = pytest.mark.parametrize("each_database_url", _BOTH[1:], indirect=True, ids=["postgresql"])
"""For what there is on PostgreSQL alone: on SQLite no other request writes meanwhile."""


def execute(url: str, *statements: str, **values: Any) -> None:
    """Change a database by hand, past everything that the product would have to say."""
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement), values)
    engine.dispose()


def new_database(server_url: str, name: str) -> str:
    """The URL of a PostgreSQL database without a table; what a test before has left of it is gone."""
    engine = create_engine(server_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"drop database if exists {name} with (force)"))
        connection.execute(text(f"create database {name}"))
    engine.dispose()
    return engine.url.set(database=name).render_as_string(hide_password=False)


def make_tables(engine: Engine) -> None:
    """Every table of the models, at the newest revision; that migrations make the same is a test of its own."""
    Model.metadata.create_all(engine)
    with engine.begin() as connection:
        scripts = ScriptDirectory(str(MIGRATIONS))
        MigrationContext.configure(connection).stamp(scripts, "head")
