"""An application with a small domain of things, on an empty database, and a server as in production."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests import shared_app
from tests.conftest import Person
from tests.media.server_process import Server, served
from tests.web import sample_domain
from tiktok_api.settings import Settings


@pytest.fixture
def make_things(make_app: Callable[..., Flask]) -> Iterator[Callable[..., Flask]]:
    """An application with things, and settings of its own."""
    sample_domain.arrived.clear()
    sample_domain.may_go_on.clear()
    yield lambda **changes: sample_domain.add_to(make_app(**changes))
    sample_domain.may_go_on.set()


@pytest.fixture
def database_url(sqlite_template: Path, stage_file: Path) -> str:
    return shared_app.restore(stage_file, sqlite_template)


@pytest.fixture
def app(base_settings: Settings, each_database_url: str) -> Flask:
    """An application with things on an empty database, in turn on each kind if the test says so."""
    sample_domain.arrived.clear()
    sample_domain.may_go_on.clear()
    return shared_app.application(each_database_url, base_settings, kind="things", add=sample_domain.add_to)


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


@pytest.fixture(scope="module")
def server(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The API in a process of its own; the tests of a module share it and form one xdist group."""
    with served(sqlite_template, tmp_path_factory.mktemp("served")) as running:
        yield running
