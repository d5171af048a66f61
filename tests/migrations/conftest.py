"""Empty databases, and the command that upgrades them."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import Migrate

from tests.databases import MIGRATIONS, new_database
from tests.media.server_process import environment_of
from tiktok_api.db import db

ROOT = MIGRATIONS.parent
Upgrade = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """A file without a table."""
    return f"sqlite:///{tmp_path / 'empty.sqlite3'}"


@pytest.fixture
def postgresql_url(postgresql_server: str) -> str:
    """A database of its own, without a table."""
    return new_database(postgresql_server, "upgrades")


@pytest.fixture
def app(make_app, each_database_url: str) -> Iterator[Flask]:
    app = make_app(database_url=each_database_url)
    Migrate(app, db, directory=str(MIGRATIONS))
    with app.app_context():
        yield app


@pytest.fixture
def start_upgrade(each_database_url: str, tmp_path: Path) -> Iterator[Upgrade]:
    """Start `flask db upgrade` as a person would, with more options and variables."""
    started: list[subprocess.Popen[str]] = []

    def start(*options: str, **variables: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade", *options],
            cwd=ROOT,
            env=environment_of(each_database_url, tmp_path, **variables) | {"COLUMNS": os.environ.get("COLUMNS", "80")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def run_upgrade(start_upgrade: Upgrade) -> Callable[..., tuple[int, str]]:
    """Exit code and everything that was printed, on one line."""

    def run(*options: str, **variables: str) -> tuple[int, str]:
        process = start_upgrade(*options, **variables)
        printed, _ = process.communicate(timeout=120)
        return process.returncode, " ".join(printed.split())

    return run
