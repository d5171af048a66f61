"""Models and migrations agree, on both databases, all the way up and down."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import Migrate, downgrade, upgrade
from sqlalchemy import create_engine, inspect, text

from tests.databases import on_each_database
from tiktok_api.db import db

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """A file without a table."""
    return f"sqlite:///{tmp_path / 'empty.sqlite3'}"


@pytest.fixture
def postgresql_url(postgresql_server: str) -> Iterator[str]:
    """A database of its own, without a table."""
    engine = create_engine(postgresql_server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("drop database if exists migrations with (force)"))
        connection.execute(text("create database migrations"))
        url = engine.url.set(database="migrations").render_as_string(hide_password=False)
        yield url
    engine.dispose()


@pytest.fixture
def app(make_app, each_database_url: str) -> Iterator[Flask]:
    app = make_app(database_url=each_database_url)
    Migrate(app, db, directory=str(MIGRATIONS))
    with app.app_context():
        yield app


def test_there_is_one_head():
    scripts = ScriptDirectory(str(MIGRATIONS))

    assert len(scripts.get_heads()) == 1


@on_each_database
def test_the_newest_migration_has_everything_the_models_have(app):
    upgrade()

    result = app.test_cli_runner().invoke(args=["db", "check"])

    assert result.exit_code == 0, result.output


@on_each_database
def test_every_migration_can_be_taken_back(app):
    upgrade()

    downgrade(revision="base")

    assert set(inspect(db.engine).get_table_names()) == {"alembic_version"}


@on_each_database
def test_going_down_and_up_again_ends_where_it_was(app):
    upgrade()
    before = sorted(inspect(db.engine).get_table_names())
    downgrade(revision="base")

    upgrade()

    assert sorted(inspect(db.engine).get_table_names()) == before
