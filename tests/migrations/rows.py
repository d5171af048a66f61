"""Rows for tables that are only known by looking at them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, MetaData, Table, select
from sqlalchemy.engine import Connection
from sqlalchemy.sql.sqltypes import CHAR
from sqlalchemy.types import TypeEngine

from tiktok_api.db.search_indexes import is_search_table

ROWS = 3
Rows = dict[str, list[dict[str, Any]]]


def fill(connection: Connection) -> Rows:
    """Put rows into every table, each referring to rows that are there. Returns what every table holds."""
    tables = _reflect(connection)
    for table in tables:
        for number in range(ROWS):
            connection.execute(table.insert().values(_row(connection, table, number)))
    connection.commit()
    return read(connection)


def read(connection: Connection) -> Rows:
    """Everything that every table holds, by its primary key."""
    return {
        table.name: [
            dict(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
        ]
        for table in _reflect(connection)
    }


def _reflect(connection: Connection) -> list[Table]:
    metadata = MetaData()
    metadata.reflect(connection, only=lambda name, _: not is_search_table(name))  # triggers fill those
    return [table for table in metadata.sorted_tables if table.name != "alembic_version"]


def _row(connection: Connection, table: Table, number: int) -> dict[str, Any]:
    values = {column.name: _value(column.type, column.name, number) for column in table.columns}
    for key in table.foreign_key_constraints:
        columns = [column.name for column in key.columns]
        if key.referred_table is table and number == 0:  # there is no row yet to refer to
            values |= dict.fromkeys(columns)
            continue
        at = number - 1 if key.referred_table is table else number
        referred = [element.column for element in key.elements]
        order = key.referred_table.primary_key.columns
        found = connection.execute(select(*referred).order_by(*order).offset(at).limit(1)).one()
        values |= dict(zip(columns, found, strict=True))
    return values


def _value(kind: TypeEngine[Any], name: str, number: int) -> Any:
    """A value that no other row has in that column, where the type has so many."""
    if isinstance(kind, JSON):
        return {"number": number, "kept": [name, None, True]}
    if isinstance(kind, CHAR):  # what SQLite stores a UUID as
        return UUID(int=number + 1).hex
    made: dict[type, Any] = {
        bool: number % 2 == 0,
        int: number + 1,
        float: number + 0.5,
        Decimal: Decimal(number),
        str: f"{name[:20]} {number}",
        bytes: bytes([number]) * 8,
        UUID: UUID(int=number + 1),
        date: date(2026, 11, 1 + number),
        datetime: datetime(2026, 11, 1 + number, 12, tzinfo=UTC),
        timedelta: timedelta(days=number),
    }
    return made[kind.python_type]
