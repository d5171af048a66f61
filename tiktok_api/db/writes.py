"""New rows, written with their final values by one statement for each table, compiled once, on the driver.

The session does not hold them: for what is created and answered in one request, its unit of work costs more than the database.
"""

from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeVar

from sqlalchemy import Table, insert
from sqlalchemy.engine import Connection, Dialect

from tiktok_api.db import Model, db
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
    for model, same in groupby(rows, type):
        _statement_of(model, connection.dialect).run(connection, same)


@dataclass(frozen=True, slots=True)
class _Insert:
    """A statement as the driver takes it; `columns` in the order of its parameters, each with what the driver needs done."""

    sql: str
    columns: tuple[tuple[str, _Convert | None], ...]
    is_positional: bool

    def run(self, connection: Connection, rows: Iterable[Model]) -> None:
        parameters = [self._parameters(row) for row in rows]
        if is_watched(connection.engine):
            connection.exec_driver_sql(self.sql, parameters)
            return
        try:
            with closing(connection.connection.cursor()) as cursor:
                if len(parameters) == 1:
                    cursor.execute(self.sql, parameters[0])
                else:
                    cursor.executemany(self.sql, parameters)
        except connection.dialect.loaded_dbapi.Error as error:
            found = explained(error, self.sql, connection.dialect, connection.connection)
            forget_if_dead(connection, found)
            raise found from error

    def _parameters(self, row: Model) -> Any:
        values = {
            name: value if (value := getattr(row, name)) is None or convert is None else convert(value)
            for name, convert in self.columns
        }
        return tuple(values.values()) if self.is_positional else values


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
        found = _statements[model, dialect.name] = _compile(model.__table__, dialect)  # type: ignore[arg-type]  # a Table
    return found


def _compile(table: Table, dialect: Dialect) -> _Insert:
    names = [column.key for column in table.columns]
    compiled = insert(table).compile(dialect=dialect, column_keys=names)
    types = {column.key: column.type.dialect_impl(dialect) for column in table.columns}
    columns = tuple((name, types[name].bind_processor(dialect)) for name in compiled.positiontup or names)
    return _Insert(compiled.string, columns, compiled.positional)
