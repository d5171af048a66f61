"""An application with a small domain of things, on each database."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from tests.conftest import Person
from tests.web import things


@pytest.fixture
def make_things(make_app: Callable[..., Flask]) -> Iterator[Callable[..., Flask]]:
    """An application with things, and settings of its own."""
    things.arrived.clear()
    things.may_go_on.clear()
    yield lambda **changes: things.add_to(make_app(**changes))
    things.may_go_on.set()


@pytest.fixture
def app(make_things: Callable[..., Flask], each_database_url: str) -> Flask:
    """The usual application here: things on SQLite; tests that say so run on PostgreSQL too."""
    return make_things(database_url=each_database_url)


@pytest.fixture
def count_things(app: Flask) -> Callable[[Person], int]:
    """How many things a person really has."""

    def count(person: Person) -> int:
        answer: Any = person.get("/things?include_total=true").json
        return int(answer["total"])

    return count
