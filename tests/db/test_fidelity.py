"""The rows of every read are those of the ORM for the same statement, on both databases."""

import json
from collections import Counter
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import inspect

from tests.databases import on_each_database
from tests.db.samples import Sample, reads, samples
from tests.db.seeds import seed
from tiktok_api.db import Model, db, transaction
from tiktok_api.db.reads import Given, Read


@pytest.fixture
def database_of_all(make_app: Any, each_database_url: str) -> Any:
    app = make_app(database_url=each_database_url)
    with app.app_context():
        yield seed()
        db.session.remove()


@on_each_database
def test_the_rows_of_every_read_are_those_of_the_orm(database_of_all):
    known = samples(database_of_all)
    assert set(known) == set(reads())
    different, rows = {}, Counter()
    for name, read in reads().items():
        for values, limit in shapes(known[name], name):
            found, expected = read.all(limit, **values), by_orm(read, values, limit)
            rows[name] += len(found)
            if [*map(described_row, found, found)] != [*map(described_row, expected, found)]:
                different[name, tuple(values), limit] = (found, expected)
            if len(found) != len(expected) or (limit is None and read.count(**values) != len(expected)):
                different[name, tuple(values), limit, "number"] = (found, expected)

    assert different == {}
    assert [name for name in known if not rows[name]] == []


def shapes(sample: Sample, name: str) -> list[tuple[dict[str, Any], int | None]]:
    if name != "posts.queries.publications._publications":
        return sample.shapes()
    return [(sample.always | group, None) for group in sample.sometimes]  # it is of a post or has an id


def by_orm(read: Read, values: dict[str, Any], limit: int | None) -> list[Any]:
    dialect = db.engine.dialect.name
    query = read.build(Given(values, dialect=dialect, limit=limit))
    parameters = {name: for_driver(name, value, dialect) for name, value in values.items()}
    is_of_model = isinstance(query.column_descriptions[0]["expr"], type)
    with transaction() as session:  # some lock what they read
        result = session.execute(query, parameters, execution_options={"populate_existing": True})
        return list(result.scalars() if is_of_model else result)


def for_driver(name: str, value: Any, dialect: str) -> Any:
    """A value whose type its parameter does not know, in the form of the database."""
    if isinstance(value, (list, frozenset)):
        items = [for_driver("after_", getattr(item, "value", item), dialect) for item in value]
        return json.dumps(items) if dialect == "sqlite" else items
    if not name.startswith("after_") or dialect != "sqlite":
        return value
    if isinstance(value, UUID):
        return value.hex
    return value.isoformat(" ", "microseconds")[:26] if isinstance(value, datetime) else value


def described_row(row: Any, read: Any) -> list[Any]:
    """Names, types and values of a row, and of its properties if it is of a whole model; `read` is the same row of the read."""
    names = [*read._fields, *properties_of(read)]
    if isinstance(row, Model):
        loaded = [each.key for each in inspect(type(row)).column_attrs if not each.deferred]
        assert sorted([*loaded, *properties_of(row)]) == sorted(names)
    return [(name, *described(getattr(row, name), getattr(read, name))) for name in names]


def properties_of(row: Any) -> list[str]:
    kind = type(row)
    return [name for name in dir(kind) if isinstance(getattr(kind, name, None), property)]


def described(value: Any, read: Any) -> tuple[type, Any]:
    if isinstance(read, list) and isinstance(value, str):  # of a list made by SQLite, the ORM knows no type
        value = [UUID(item) if isinstance(item, str) else item for item in json.loads(value)]
    if isinstance(value, Enum) and not isinstance(read, Enum):  # columns alone are plain text
        value = value.value
    return type(value), (value, value.utcoffset()) if isinstance(value, datetime) else value
