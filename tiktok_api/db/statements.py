"""Statements as the driver takes them: compiled once, with its parameters and its values turned into ours and back."""

import json
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ARRAY, JSON, Boolean, ColumnElement, DateTime, Select, Uuid, inspect
from sqlalchemy import Enum as EnumType
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.types import TypeDecorator, TypeEngine

from tiktok_api.db import Model, in_utc
from tiktok_api.db.postgresql import is_outdated_plan

Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Statement:
    """A SELECT for one dialect."""

    sql: str
    dialect: Dialect
    constants: Mapping[str, Any]
    order: Sequence[str] | None
    """The names of the parameters, where the driver takes them by position."""
    make_rows: Callable[[Iterable[tuple[Any, ...]]], list[Any]]
    is_prepared: bool = True

    def run(self, connection: PoolProxiedConnection, given: Mapping[str, Any]) -> list[Any]:
        """The rows. Raises DBAPIError, as SQLAlchemy does."""
        parameters = self._parameters(given)
        is_postgresql = self.dialect.name == "postgresql"
        try:
            driver: Any = connection.dbapi_connection
            with closing(driver.cursor(binary=True) if is_postgresql else driver.cursor()) as cursor:
                if is_postgresql:
                    cursor.execute(self.sql, parameters, prepare=None if self.is_prepared else False)
                else:
                    cursor.execute(self.sql, parameters)
                return self.make_rows(cursor.fetchall())
        except self.dialect.loaded_dbapi.Error as error:
            raise explained(error, self.sql, self.dialect, connection) from error

    def run_within(self, connection: Connection, given: Mapping[str, Any]) -> list[Any]:
        """The rows, on a connection that a session holds. Raises DBAPIError."""
        if is_watched(connection.engine):
            return self._run_watched(connection, given)
        try:
            return self.run(connection.connection, given)
        except DBAPIError as error:
            forget_if_dead(connection, error)
            raise

    def run_alone(self, engine: Engine, given: Mapping[str, Any]) -> list[Any]:
        """The rows, on any connection, without a transaction; on another one if it was dead. Raises DBAPIError."""
        try:
            return self._run_once(engine, given)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            return self._run_once(engine, given)

    def _run_once(self, engine: Engine, given: Mapping[str, Any]) -> list[Any]:
        if is_watched(engine):
            with engine.connect() as watched:
                return self._run_watched(watched, given)
        try:
            connection = engine.raw_connection()
        except self.dialect.loaded_dbapi.Error as error:
            raise explained(error, None, self.dialect, None) from error
        try:
            return self.run(connection, given)
        except DBAPIError as error:
            if error.connection_invalidated:
                # As SQLAlchemy does: connections that are as old are made anew before they are used.
                engine.pool._invalidate(connection, error)
            raise
        finally:
            connection.close()

    def _run_watched(self, connection: Connection, given: Mapping[str, Any]) -> list[Any]:
        return self.make_rows(connection.exec_driver_sql(self.sql, self._parameters(given)))

    def _parameters(self, given: Mapping[str, Any]) -> Any:
        values = {**self.constants, **{name: _to_driver(value, self.dialect) for name, value in given.items()}}
        return values if self.order is None else tuple(values[name] for name in self.order)


def is_watched(engine: Engine) -> bool:
    """Returns True if statements must be shown to a listener of SQLAlchemy's events: a tracer, or a test."""
    return bool(engine.dispatch.before_cursor_execute or engine.dispatch.after_cursor_execute)


def explained(
    error: Exception, sql: str | None, dialect: Dialect, connection: PoolProxiedConnection | None
) -> DBAPIError:
    """The driver's error as SQLAlchemy would raise it; a connection whose prepared plans no longer fit is as good as dead."""
    is_dead = dialect.is_disconnect(error, connection, None)  # type: ignore[arg-type]  # its pool's proxy does
    options: dict[str, Any] = {
        "hide_parameters": True,
        "connection_invalidated": is_dead or is_outdated_plan(error),
        "dialect": dialect,
    }
    found: DBAPIError = DBAPIError.instance(sql, None, error, dialect.loaded_dbapi.Error, **options)
    return found


def forget_if_dead(connection: Connection, error: DBAPIError) -> None:
    """Let a session's connection go after an error of ours that ended it, so that the rollback that follows does not fail too."""
    if error.connection_invalidated:
        connection.invalidate(error)


def compile_select(query: Select[Any], dialect: Dialect) -> Statement:
    """Compile a query for a dialect.

    Of columns, a row is a named tuple of what the ORM would give, with enums as plain text. Of one model, it is that of its
    columns but the deferred ones, with its properties, and with enums as members, because properties compare them.
    """
    model = _model_of(query)
    if model is not None:
        loaded = [each for each in inspect(model).column_attrs if not each.deferred]
        query = query.with_only_columns(*(getattr(model, each.key) for each in loaded))
    compiled = query.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    constants = {
        bound: _to_driver(value, dialect)
        for bound, value in compiled.construct_params(_check=False).items()
        if value is not None
    }
    columns: Sequence[ColumnElement[Any]] = list(query.selected_columns)
    row = _row_class(model, tuple(str(column.key) for column in columns))
    converters = [_from_driver(column.type, dialect, has_members=model is not None) for column in columns]
    order = compiled.positiontup if compiled.positional else None
    is_prepared = not query.get_execution_options().get("is_planned_anew", False)
    return Statement(compiled.string, dialect, constants, order, _row_maker(row, converters), is_prepared)


def _model_of(query: Select[Any]) -> type[Model] | None:
    """The model that is selected whole, if any."""
    selected = [each["expr"] for each in query.column_descriptions]
    models = [each for each in selected if isinstance(each, type) and issubclass(each, Model)]
    if models and len(selected) > 1:
        raise TypeError("a read is of one model or of columns, not of both")
    return models[0] if models else None


@lru_cache(maxsize=512)
def _row_class(model: type[Model] | None, names: tuple[str, ...]) -> type[Any]:
    row: type[Any] = namedtuple("Row", names)  # type: ignore[misc]  # names known when it runs
    if model is None:
        return row
    properties = {
        name: value
        for parent in reversed(model.__mro__)
        for name, value in vars(parent).items()
        if isinstance(value, property)
    }
    return type(f"{model.__name__}Row", (row,), {"__slots__": (), **properties})


def _row_maker(
    row: type[Any], converters: Sequence[Convert | None]
) -> Callable[[Iterable[tuple[Any, ...]]], list[Any]]:
    """A function, made as source because it runs for every value, from the driver's tuples to rows."""
    if not any(converters):
        return lambda found: [tuple.__new__(row, values) for values in found]  # as `_make` does, which looks at each
    parts = [
        f"None if r[{place}] is None else c{place}(r[{place}])" if convert else f"r[{place}]"
        for place, convert in enumerate(converters)
    ]
    known = {f"c{place}": convert for place, convert in enumerate(converters)} | {"row": row}
    function: Callable[[Iterable[tuple[Any, ...]]], list[Any]] = eval(  # noqa: S307  # nosec B307  # of nothing but numbers
        f"lambda found: [row({', '.join(parts)}) for r in found]", known
    )
    return function


def _to_driver(value: Any, dialect: Dialect) -> Any:
    """A parameter as the driver takes it. Raises ValueError for a naive time."""
    if isinstance(value, UUID):
        return value.hex if dialect.name == "sqlite" else value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (list, tuple, set, frozenset)):
        if dialect.name == "sqlite":
            return orjson.dumps([_to_driver(item, dialect) for item in value]).decode()
        if all(isinstance(item, UUID) for item in value):  # as PostgreSQL reads an array: psycopg would adapt each
            return f"{{{','.join([item.hex for item in value])}}}"
        return [_to_driver(item, dialect) for item in value]
    if isinstance(value, datetime):
        value = in_utc(value)
        return value.isoformat(" ", "microseconds")[:26] if dialect.name == "sqlite" else value
    return value


def _from_driver(type_: TypeEngine[Any], dialect: Dialect, *, has_members: bool = False) -> Convert | None:
    """What turns the driver's value into the ORM's. psycopg knows our types by itself."""
    if has_members and isinstance(type_, EnumType):
        return {member.value: member for member in type_.enum_class or ()}.__getitem__
    if dialect.name != "sqlite":
        return None
    if isinstance(type_, TypeDecorator):
        return _from_driver(type_.impl_instance, dialect)
    if isinstance(type_, ARRAY):
        convert = _from_driver(type_.item_type, dialect)
        if convert is None:
            return orjson.loads
        return lambda text: [None if item is None else convert(item) for item in orjson.loads(text)]
    kinds: dict[type[TypeEngine[Any]], Convert] = {
        Uuid: lambda text: UUID(int=int(text, 16)),
        DateTime: lambda text: datetime.fromisoformat(f"{text}+00:00"),
        Boolean: bool,
        JSON: _parse_json,
    }
    return next((convert for kind, convert in kinds.items() if isinstance(type_, kind)), None)


def _parse_json(text: str) -> Any:
    """What a JSON column of SQLite holds. Half a surrogate pair, which TikTok may send, is no JSON for orjson."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text)
