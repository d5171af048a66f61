"""Rows written on the driver: stored as the ORM stores them, with the same defaults and the same errors."""

import json
from datetime import datetime, timedelta, timezone
from functools import reduce
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, inspect, select, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.sql.elements import ClauseElement

from tests.databases import execute, on_each_database
from tests.db.seeds import ROWS, seed
from tests.db.statements import driver_statements
from tiktok_api.auth.models import AuditEntry, User
from tiktok_api.db import Model, db, transaction
from tiktok_api.db.writes import insert_rows, make_row
from tiktok_api.jobs.models import Job


@pytest.fixture
def app(make_app: Any, each_database_url: str) -> Flask:
    return make_app(database_url=each_database_url, allow_test_clock=False)


def user(name: str) -> User:
    return make_row(User, email=name, email_key=name, password_hash="-")


def job(owner: User, name: str) -> Job:
    return make_row(Job, kind=name, lane="sync", owner_id=owner.id, unique_key=name, due_at=owner.created_at)


def stored() -> dict[str, list[Any]]:
    """Every row of every table as the driver reads it; JSON's null, as which the ORM stores None, reads as the database's."""
    with db.engine.connect() as connection:
        tables = {
            table.name: connection.execute(select(text("*")).select_from(table).order_by(table.c.id))
            for table in TABLES
        }
        return {
            name: [[None if value == "null" else value for value in row] for row in rows]
            for name, rows in tables.items()
        }


TABLES = Model.metadata.sorted_tables


def plain(row: Model) -> dict[str, Any]:
    values = {each.key: getattr(row, each.key) for each in inspect(type(row)).column_attrs}
    return {name: None if isinstance(value, ClauseElement) else value for name, value in values.items()}


@on_each_database
def test_rows_of_every_model_are_stored_as_the_orm_stores_them(context):
    rows = [(type(row), plain(row)) for rows in seed().values() for row in rows]
    by_orm = stored()
    db.session.remove()
    with transaction() as session:
        for table in reversed(TABLES):
            session.execute(table.delete())

    with transaction():
        insert_rows(*(make_row(model, **values) for model, values in rows))

    assert stored() == by_orm
    assert {name: len(rows) for name, rows in by_orm.items()} == {table.name: ROWS for table in TABLES}


@on_each_database
def test_what_is_not_given_has_its_default(context):
    row = user("a")
    with transaction():
        insert_rows(row)

    with transaction() as session:
        found = session.get(User, row.id)
        assert found is not row
        assert (found.timezone, found.awaits_verification, found.disabled_at) == ("UTC", False, None)
        assert found.created_at == row.created_at


@on_each_database
def test_rows_of_one_table_are_one_statement_after_what_the_session_has_pending(context):
    """A row may refer to one that the session still holds."""
    with transaction() as session:
        session.add(User(id=(first := user("a")).id, email="a", email_key="a", password_hash="-"))
        insert_rows(
            *(job(first, name) for name in "xy"),
            user("b"),
        )

    with db.engine.connect() as connection:
        assert connection.scalar(text("select count(*) from jobs")) == 2
        assert connection.scalar(text("select count(*) from users")) == 2


@on_each_database
def test_postgresql_gets_the_rows_of_all_tables_in_one_statement(context):
    with driver_statements(db.engine) as seen, transaction():
        insert_rows(first := user("a"), user("b"), job(first, "x"), user("c"))

    statements = 1 if db.engine.dialect.name == "postgresql" else 4
    assert seen == ["BEGIN", *["INSERT"] * statements, "COMMIT"]


@on_each_database
@pytest.mark.parametrize(
    "detail", [{"n": 2**70}, {7: "seven"}, {"deep": reduce(lambda inner, _: [inner], range(300), [])}]
)
def test_what_orjson_does_not_write_is_stored_all_the_same(context, detail):
    with transaction():
        insert_rows(owner := user("a"), entry := make_row(AuditEntry, user_id=owner.id, action="x", detail=detail))

    with transaction() as session:
        assert session.get(AuditEntry, entry.id).detail == json.loads(json.dumps(detail))


@on_each_database
def test_a_time_is_stored_as_the_instant_that_it_is(context):
    zone = timezone(timedelta(hours=1, seconds=61))
    row = make_row(User, email="a", email_key="a", password_hash="-", created_at=datetime(1900, 1, 1, 12, tzinfo=zone))
    with transaction():
        insert_rows(row)

    with transaction() as session:
        assert session.get(User, row.id, populate_existing=True).created_at == row.created_at
    with pytest.raises(ValueError, match="naive"), transaction():
        insert_rows(make_row(User, email="b", email_key="b", password_hash="-", created_at=datetime(2030, 1, 1)))  # noqa: DTZ001


@on_each_database
def test_what_is_rolled_back_was_never_there(context):
    with transaction() as session:
        insert_rows(user("a"), user("b"))
        session.rollback()

    with driver_statements(db.engine) as seen, transaction():
        insert_rows(user("a"))

    assert seen == ["BEGIN", "INSERT", "COMMIT"]


@on_each_database
def test_a_row_that_is_there_already_is_sqlalchemys_error(context):
    with transaction():
        insert_rows(user("a"))

    with pytest.raises(IntegrityError) as error, transaction():
        insert_rows(user("a"))

    assert not error.value.connection_invalidated
    with pytest.raises(IntegrityError), transaction():
        insert_rows(user("b"), user("b"))


@on_each_database
def test_watched_by_a_tracer_it_writes_the_same_and_is_seen(context):
    seen: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *facts: seen.append(facts[2]))

    with transaction():
        insert_rows(user("a"))
        insert_rows(user("b"), user("c"))

    assert len([statement for statement in seen if statement.startswith("INSERT INTO users")]) == 2
    with db.engine.connect() as connection:
        assert connection.scalar(text("select count(*) from users")) == 3


def insert_after_the_end_of(connection: Any, url: str) -> None:
    execute(url, f"select pg_terminate_backend({connection.connection.dbapi_connection.info.backend_pid})")
    insert_rows(user("a"))


@pytest.mark.postgres
def test_a_transaction_whose_connection_died_ends_with_that_error(make_app, postgresql_url):
    with make_app(database_url=postgresql_url).app_context():
        with pytest.raises(OperationalError, match=r"terminat|closed") as error, transaction() as session:
            insert_after_the_end_of(session.connection(), postgresql_url)

        assert error.value.connection_invalidated
        with transaction():
            insert_rows(user("a"))
