"""Times from outside are in the years 1970 to 9998, in every zone, on every operation that takes one."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from tests.conftest import Person
from tests.contract.operations import MISSING, Operation, some
from tests.databases import execute, make_tables, new_database
from tiktok_api.db import db

INSTANTS = [
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "1969-12-31T23:59:59Z",
    "1970-01-01T00:00:00+00:01",
    "9998-12-31T23:59:59-00:01",
    "9999-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-14:00",
]
DAYS = ["0001-01-01", "1969-12-31", "9999-01-01", "9999-12-31"]


def _formats(schema: dict[str, Any]) -> set[str]:
    """What times a field or parameter may be: `date` or `date-time`."""
    return {each.get("format", "") for each in [schema, *schema.get("anyOf", [])]} & {"date", "date-time"}


def _values(formats: set[str]) -> list[str]:
    return (INSTANTS if "date-time" in formats else []) + (DAYS if "date" in formats else [])


def _in_queries(operations: list[Operation]) -> Iterator[tuple[Operation, str, str]]:
    for operation in operations:
        for parameter in operation.parameters:
            for value in _values(_formats(parameter["schema"])):
                yield operation, parameter["name"], value


def _in_bodies(operations: list[Operation], document: dict[str, Any]) -> Iterator[tuple[Operation, str, str]]:
    for operation in operations:
        content = operation.document.get("requestBody", {}).get("content", {}).get("application/json")
        if content is not None:
            component = document["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
            for name, schema in component["properties"].items():
                yield from ((operation, name, value) for value in _values(_formats(schema)))


def _path(operation: Operation) -> str:
    return re.sub(r"{\w+}", MISSING, operation.path).removeprefix("/api/v1")


def test_no_query_takes_a_year_before_1970_or_after_9998(owner, operations):
    asked = some(_in_queries(operations))
    taken = []
    for operation, name, value in asked:
        answer = owner.get(_path(operation), query_string={name: value})
        faults = (answer.json or {}).get("errors", [])
        if answer.status_code not in (404, 422) or (answer.status_code == 422 and faults[0]["parameter"] != name):
            taken.append((str(operation), name, value, answer.status_code, answer.json))

    assert {name for _, name, _ in asked} >= {"from", "to"}
    assert taken == []


def test_no_body_takes_a_year_before_1970_or_after_9998(owner, operations, document):
    asked = some(_in_bodies(operations, document))
    taken = []
    for operation, name, value in asked:
        answer = owner.open(_path(operation), method=operation.method.upper(), json={name: value})
        if answer.status_code != 422 or f"/{name}" not in {fault["pointer"] for fault in answer.json["errors"]}:
            taken.append((str(operation), name, value, answer.status_code, answer.json))

    assert {name for _, name, _ in asked} >= {"expires_at", "publish_at"}
    assert taken == []


@pytest.mark.parametrize(
    ("local_time", "timezone"),
    [
        ("9998-12-31T23:59", "Etc/GMT+12"),
        ("9998-12-31T20:00", "America/New_York"),
        ("1970-01-01T00:00", "Asia/Tokyo"),
        ("9999-01-01T00:00", "Pacific/Kiritimati"),
    ],
)
def test_no_local_time_is_an_instant_before_1970_or_after_9998(owner, local_time, timezone):
    slot = {"local_time": local_time, "timezone": timezone}
    for method, path in (("POST", "/posts"), ("PATCH", f"/posts/{MISSING}"), ("POST", f"/posts/{MISSING}/schedule")):
        answer = owner.open(path, method=method, json=slot)

        assert answer.status_code == 422
        assert ("/local_time", "invalid") in {(fault["pointer"], fault["code"]) for fault in answer.json["errors"]}


@pytest.fixture(params=["Asia/Tokyo", "Pacific/Kiritimati", "Etc/GMT+12"])
def person_far_away(request: pytest.FixtureRequest, make_app: Any, postgresql_server: str) -> Person:
    """A user of a PostgreSQL database whose own zone is not UTC."""
    url = new_database(postgresql_server, "far_away")
    execute(postgresql_server, f"alter database far_away set timezone to '{request.param}'")
    engine = create_engine(url)
    make_tables(engine)
    engine.dispose()
    return Person(make_app(database_url=url), "owner@example.com")


@pytest.mark.postgres
@pytest.mark.parametrize("moment", ["1970-01-01T00:00:00Z", "9998-12-31T23:59:59Z", "9999-12-31T23:59:59Z"])
def test_the_zone_of_the_database_matters_to_nothing(person_far_away, moment):
    person_far_away.post("/auth/api-keys", json={"name": "last", "scopes": ["read"]})
    with person_far_away.app.app_context():
        url = db.engine.url.render_as_string(hide_password=False)
    execute(url, "update api_keys set expires_at = :moment", moment=moment)

    listed = person_far_away.get("/auth/api-keys")

    assert [key["expires_at"] for key in listed.json["data"]] == [moment]


@pytest.mark.postgres
def test_what_the_database_tells_of_times_is_in_utc(person_far_away):
    with person_far_away.app.app_context():
        with db.engine.connect() as another:
            zones = {connection.scalar(text("show timezone")) for connection in (db.session, another)}
        told = db.session.scalar(text("select created_at::text from users"))

    assert zones == {"UTC"}
    assert told.endswith("+00")
