"""New rows, written with their final values by statements that are compiled once, on the driver.

The session does not hold them: for what is created and answered in one request, its unit of work costs more than the database.
PostgreSQL gets the rows of all tables as one JSON document in one statement, whose round trip and plan are paid for once.
"""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import groupby
from typing import Any, TypeVar

import orjson
from sqlalchemy import insert
from sqlalchemy.engine import Connection, Dialect

from tiktok_api.db import Model, db, in_utc
from tiktok_api.db.statements import explained, forget_if_dead, is_watched

Row = TypeVar("Row", bound=Model)
_Default = Callable[[], Any]
_Convert = Callable[[Any], Any]


def make_row(model: type[Row], **values: Any) -> Row:
    """A row that is not in the database yet, with the defaults of what is not given."""
    missing = {name: default() for name, default in _defaults_of(model).items() if name not in values}
    return model(**missing, **values)


def insert_rows(*rows: Model) -> None:
    """Insert rows of `make_row` in this order, inside the open transaction, after what the session has pending.

    Raises DBAPIError, as SQLAlchemy does.
    """
    session = db.session()
    session.flush()
    connection = session.connection()
    groups = [(model, list(same)) for model, same in groupby(rows, type)]
    if not groups:
        return
    if connection.dialect.name == "postgresql":
        together = _together(tuple(model for model, _ in groups))
        try:
            document = together.written([same for _, same in groups])
        except orjson.JSONEncodeError:
            pass  # what is no JSON for it, as an integer of 65 bits, may be something for a column
        else:
            _execute(connection, together.sql, {"document": document})
            return
    for model, same in groups:
        _statement_of(model, connection.dialect).run(connection, same)


@dataclass(frozen=True, slots=True)
class _Insert:
    """A statement for rows of one table; `columns` in the order of its parameters, each with what the driver needs done."""

    sql: str
    columns: tuple[tuple[str, _Convert | None], ...]
    is_positional: bool

    def run(self, connection: Connection, rows: Sequence[Model]) -> None:
        parameters = [self._parameters(row) for row in rows]
        _execute(connection, self.sql, parameters[0] if len(rows) == 1 else parameters)

    def _parameters(self, row: Model) -> Any:
        values = {
            name: value if (value := getattr(row, name)) is None or convert is None else convert(value)
            for name, convert in self.columns
        }
        return tuple(values.values()) if self.is_positional else values


@dataclass(frozen=True, slots=True)
class _InsertTogether:
    """A statement of PostgreSQL for rows of several tables: `columns` of each."""

    sql: str
    columns: tuple[tuple[str, ...], ...]

    def written(self, groups: Sequence[Sequence[Model]]) -> str:
        """Its parameter: rows of each table. Raises JSONEncodeError."""
        document = [
            [{name: _as_json(getattr(row, name)) for name in names} for row in same]
            for names, same in zip(self.columns, groups, strict=True)
        ]
        return orjson.dumps(document).decode()


def _as_json(value: Any) -> Any:
    """A value of which orjson makes what PostgreSQL reads as that again; but NaN is null. Raises ValueError for a naive time."""
    if isinstance(value, datetime):
        return in_utc(value)  # orjson rounds zones to minutes
    return f"\\x{value.hex()}" if isinstance(value, bytes) else value


def _execute(connection: Connection, sql: str, parameters: Any) -> None:
    """Run it for the parameters, or for each of a list of them. Raises DBAPIError."""
    if is_watched(connection.engine):
        connection.exec_driver_sql(sql, parameters)
        return
    try:
        with closing(connection.connection.cursor()) as cursor:
            if isinstance(parameters, list):
                cursor.executemany(sql, parameters)
            else:
                cursor.execute(sql, parameters)
    except connection.dialect.loaded_dbapi.Error as error:
        found = explained(error, sql, connection.dialect, connection.connection)
        forget_if_dead(connection, found)
        raise found from error


_defaults: dict[type[Model], dict[str, _Default]] = {}
_statements: dict[tuple[type[Model], str], _Insert] = {}


def _defaults_of(model: type[Model]) -> dict[str, _Default]:
    found = _defaults.get(model)
    if found is None:
        found = _defaults[model] = {
            column.key: _as_function(column.default) for column in model.__table__.columns if column.default is not None
        }
    return found


def _as_function(default: Any) -> _Default:
    if default.is_callable:
        return lambda: default.arg(None)
    return lambda: default.arg


def _statement_of(model: type[Model], dialect: Dialect) -> _Insert:
    found = _statements.get((model, dialect.name))
    if found is None:
        names = _names(model)
        compiled = insert(model).compile(dialect=dialect, column_keys=names)
        types = {column.key: column.type.dialect_impl(dialect) for column in model.__table__.columns}
        columns = tuple((name, types[name].bind_processor(dialect)) for name in compiled.positiontup or names)
        found = _statements[model, dialect.name] = _Insert(compiled.string, columns, compiled.positional)
    return found


@cache
def _together(models: tuple[type[Model], ...]) -> _InsertTogether:
    columns = tuple(tuple(_names(model)) for model in models)
    parts = [
        f"INSERT INTO {model.__tablename__} ({', '.join(names)}) SELECT {', '.join(names)} "  # noqa: S608  # nosec B608  # of nothing but names
        f"FROM jsonb_populate_recordset(NULL::{model.__tablename__}, CAST(%(document)s AS jsonb) -> {place})"
        for place, (model, names) in enumerate(zip(models, columns, strict=True))
    ]
    before = ", ".join(f"inserted_{place} AS ({part})" for place, part in enumerate(parts[:-1]))
    return _InsertTogether(f"WITH {before} {parts[-1]}" if before else parts[-1], columns)


def _names(model: type[Model]) -> list[str]:
    return [column.key for column in model.__table__.columns]
