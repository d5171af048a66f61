"""An application with a small domain of things: one for all who only talk to it, or one of its own for a test."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from tests.conftest import Person
from tests.web import things
from tiktok_api.app import create_app
from tiktok_api.settings import Settings


@pytest.fixture
def make_things(make_app: Callable[..., Flask]) -> Iterator[Callable[..., Flask]]:
    """An application with things, and settings of its own."""
    things.arrived.clear()
    things.may_go_on.clear()
    yield lambda **changes: things.add_to(make_app(**changes))
    things.may_go_on.set()


_shared: dict[str, Flask] = {}


@pytest.fixture
def app(sqlite_template: Path, base_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """One application for every test that needs no other: what they make belongs to people of their own."""
    if "app" not in _shared:
        file = tmp_path_factory.mktemp("shared") / "shared.sqlite3"
        shutil.copy(sqlite_template, file)
        _shared["app"] = things.add_to(create_app(replace(base_settings, database_url=f"sqlite:///{file}")))
        _shared["app"].config["PROPAGATE_BUGS"] = True
    return _shared["app"]


@pytest.fixture
def fresh_app(make_things: Callable[..., Flask], each_database_url: str) -> Flask:
    """An application on a database of its own, in turn on each kind if the test says so."""
    return make_things(database_url=each_database_url)


@pytest.fixture
def owner(app: Flask) -> Person:
    return Person(app, f"{uuid4()}@example.com")


@pytest.fixture
def stranger(app: Flask) -> Person:
    return Person(app, f"{uuid4()}@example.com")


@pytest.fixture
def bugs_are_answered(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in production: a bug is a 500, not the test's own traceback."""
    monkeypatch.setitem(app.config, "PROPAGATE_BUGS", False)


@pytest.fixture
def count_things() -> Callable[[Person], int]:
    """How many things a person really has."""

    def count(person: Person) -> int:
        answer: Any = person.get("/things?include_total=true").json
        return int(answer["total"])

    return count
