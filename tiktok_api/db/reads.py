"""Reads: queries written in SQLAlchemy's language, compiled once for each shape, and run on the driver.

    @reading
    def _posts(given: Given) -> Select[Any]:
        query = select(Post.id, Post.caption).where(Post.owner_id == given["owner_id"])
        if "status" in given:
            query = query.where(is_any(Post.status, given["status"]))
        return query

    _posts.all(owner_id=owner_id, status=["draft"])

The shape of a query is which values it is given: the function is called once for each, since to build and compile a statement
costs more than to run it. A row is a named tuple of the values that the ORM would give, but enums are plain text.

Inside `transaction()` a read is part of it and sees what was written; elsewhere each stands alone, without BEGIN, and is tried
again if its connection turns out to be dead.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ARRAY, JSON, Boolean, DateTime, Select, Uuid, bindparam, func, select
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import BindParameter, FunctionElement
from sqlalchemy.types import NullType, TypeDecorator, TypeEngine

from tiktok_api.db import db, in_transaction

Convert = Callable[[Any], Any]
Build = Callable[["Given"], Select[Any]]


_LIMITS = (1, 6, 11, 21, 51, 101)


class Given(Mapping[str, BindParameter[Any]]):
    """The values that a query is given, as parameters of its statement.

    `limit` is a number of the statement itself, since PostgreSQL would plan one that it does not know for a tenth of the table.
    """

    def __init__(self, names: Iterable[str], *, dialect: str, limit: int | None = None) -> None:
        self._names = frozenset(names)
        self.dialect, self.limit = dialect, limit

    def __getitem__(self, name: str) -> BindParameter[Any]:
        if name not in self._names:
            raise KeyError(name)
        return bindparam(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class is_any(FunctionElement[Any]):  # noqa: N801  # it reads as a condition
    """`column` equals any value of a list; the list is one parameter, so that its length is no part of the statement."""

    type = NullType()  # of a Boolean, SQLAlchemy compares the result with 1 on SQLite, which then uses no index
    inherit_cache = True

    def __init__(self, column: Any, values: BindParameter[Any]) -> None:
        super().__init__(column, values)


@compiles(is_any, "postgresql")
def _is_any_on_postgresql(element: is_any, compiler: SQLCompiler, **kwargs: Any) -> str:
    column, values = (compiler.process(part, **kwargs) for part in element.clauses)
    return f"{column} = ANY({values})"


@compiles(is_any, "sqlite")
def _is_any_on_sqlite(element: is_any, compiler: SQLCompiler, **kwargs: Any) -> str:
    column, values = (compiler.process(part, **kwargs) for part in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608  # of compiled parts


class list_of(FunctionElement[Any]):  # noqa: N801  # it reads as a column
    """The one column of a subquery as a list, in the subquery's order."""

    inherit_cache = True

    def __init__(self, subquery: Select[Any]) -> None:
        column = subquery.selected_columns[0]
        self.type = ARRAY(column.type)
        self.name = column.name
        super().__init__(subquery.scalar_subquery())


@compiles(list_of, "postgresql")
def _list_on_postgresql(element: list_of, compiler: SQLCompiler, **kwargs: Any) -> str:
    [subquery] = element.clauses
    return f"ARRAY{compiler.process(subquery, **kwargs)}"


@compiles(list_of, "sqlite")
def _list_on_sqlite(element: list_of, compiler: SQLCompiler, **kwargs: Any) -> str:
    [subquery] = element.clauses
    return f"(SELECT json_group_array({element.name}) FROM {compiler.process(subquery, **kwargs)})"  # noqa: S608  # of compiled parts


def contains(text: str) -> str:
    """The pattern of LIKE for a text anywhere; its ESCAPE is `/`."""
    return "%" + text.replace("/", "//").replace("%", "/%").replace("_", "/_") + "%"


class Read:
    """One query, and its statements by dialect and shape."""

    def __init__(self, build: Build) -> None:
        self._build = build
        self._statements: dict[tuple[Any, ...], _Statement] = {}

    def all(self, limit: int | None = None, **values: Any) -> list[Any]:
        """The rows, `limit` at most. A value that is None is not given."""
        given = {name: value for name, value in values.items() if value is not None}
        most = None if limit is None else next(step for step in _LIMITS if step >= limit)
        rows = self._run(given, most)
        return rows if limit is None else rows[:limit]

    def first(self, **values: Any) -> Any | None:
        """The only row, or None."""
        rows = self._run({name: value for name, value in values.items() if value is not None}, None)
        return rows[0] if rows else None

    def count(self, **values: Any) -> int:
        """How many rows there are."""
        given = {name: value for name, value in values.items() if value is not None}
        return int(self._run(given, None, is_counting=True)[0][0])

    def _run(self, given: dict[str, Any], limit: int | None, *, is_counting: bool = False) -> list[Any]:
        if in_transaction():
            session = db.session()
            session.flush()
            connection = session.connection()
            statement = self._statement(connection.dialect, given, limit, is_counting)
            if is_watched(connection.engine):
                return statement.run_watched(connection, given)
            return statement.run(connection.connection, given)
        engine = db.engine
        statement = self._statement(engine.dialect, given, limit, is_counting)
        try:
            return _run_alone(engine, statement, given)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            return _run_alone(engine, statement, given)

    def _statement(
        self, dialect: Dialect, given: Mapping[str, Any], limit: int | None, is_counting: bool
    ) -> "_Statement":
        shape = (dialect.name, limit, is_counting, *given)
        statement = self._statements.get(shape)
        if statement is None:
            query = self._build(Given(given, dialect=dialect.name, limit=limit))
            if is_counting:
                query = select(func.count().label("count")).select_from(query.order_by(None).subquery())
            statement = self._statements[shape] = _compile(query, dialect)
        return statement


def reading(build: Build) -> Read:
    """Make a query of the function that builds its statement."""
    return Read(build)


@dataclass(frozen=True, slots=True)
class _Statement:
    """A statement as the driver takes it."""

    sql: str
    dialect: Dialect
    constants: Mapping[str, Any]
    order: Sequence[str] | None
    """The names of the parameters, where the driver takes them by position."""
    make_rows: Callable[[Iterable[tuple[Any, ...]]], list[Any]]

    def run(self, connection: PoolProxiedConnection, given: Mapping[str, Any]) -> list[Any]:
        """The rows. Raises DBAPIError, as SQLAlchemy does."""
        parameters = self._parameters(given)
        try:
            if self.dialect.name == "postgresql":
                cursor = connection.dbapi_connection.cursor(binary=True)  # type: ignore[union-attr]
            else:
                cursor = connection.dbapi_connection.cursor()  # type: ignore[union-attr]
            cursor.execute(self.sql, parameters)
            return self.make_rows(cursor.fetchall())
        except self.dialect.loaded_dbapi.Error as error:
            raise explained(error, self.sql, self.dialect, connection) from error

    def run_watched(self, connection: Connection, given: Mapping[str, Any]) -> list[Any]:
        """The rows, by way of SQLAlchemy's events."""
        return self.make_rows(connection.exec_driver_sql(self.sql, self._parameters(given)))

    def _parameters(self, given: Mapping[str, Any]) -> Any:
        values = {**self.constants, **{name: _to_driver(value, self.dialect) for name, value in given.items()}}
        return values if self.order is None else tuple(values[name] for name in self.order)


def is_watched(engine: Engine) -> bool:
    """Returns True if statements must be shown to a listener of SQLAlchemy's events: a tracer, or a test."""
    return bool(engine.dispatch.before_cursor_execute or engine.dispatch.after_cursor_execute)


def _run_alone(engine: Engine, statement: _Statement, given: Mapping[str, Any]) -> list[Any]:
    if is_watched(engine):
        with engine.connect() as watched:
            return statement.run_watched(watched, given)
    connection = engine.raw_connection()
    try:
        return statement.run(connection, given)
    except DBAPIError as error:
        if error.connection_invalidated:
            connection.invalidate(error)
        raise
    finally:
        connection.close()


def explained(error: Exception, sql: str, dialect: Dialect, connection: PoolProxiedConnection) -> BaseException:
    """The driver's error as SQLAlchemy would raise it."""
    is_dead = dialect.is_disconnect(error, connection, None)  # type: ignore[arg-type]
    options: dict[str, Any] = {"hide_parameters": True, "connection_invalidated": is_dead, "dialect": dialect}
    found: BaseException = DBAPIError.instance(sql, None, error, dialect.loaded_dbapi.Error, **options)
    return found


def _compile(query: Select[Any], dialect: Dialect) -> _Statement:
    compiled = query.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    constants = {
        bound: _to_driver(value, dialect)
        for bound, value in compiled.construct_params(_check=False).items()
        if value is not None
    }
    row = namedtuple("Row", [column.key for column in query.selected_columns])  # type: ignore[misc]
    converters = [_from_driver(column.type, dialect) for column in query.selected_columns]
    order = compiled.positiontup if compiled.positional else None
    return _Statement(compiled.string, dialect, constants, order, _row_maker(row, converters))


def _row_maker(
    row: type[Any], converters: Sequence[Convert | None]
) -> Callable[[Iterable[tuple[Any, ...]]], list[Any]]:
    """A function, made as source because it runs for every value, from the driver's tuples to rows."""
    if not any(converters):
        return lambda found: list(map(row._make, found))
    parts = [
        f"None if r[{place}] is None else c{place}(r[{place}])" if convert else f"r[{place}]"
        for place, convert in enumerate(converters)
    ]
    known = {f"c{place}": convert for place, convert in enumerate(converters)} | {"row": row}
    function: Callable[[Iterable[tuple[Any, ...]]], list[Any]] = eval(  # noqa: S307  # of nothing but numbers
        f"lambda found: [row({', '.join(parts)}) for r in found]", known
    )
    return function


def _to_driver(value: Any, dialect: Dialect) -> Any:
    """A parameter as the driver takes it."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (list, tuple, set, frozenset)):
        items = [_to_driver(item, dialect) for item in value]
        return orjson.dumps(items).decode() if dialect.name == "sqlite" else items
    if dialect.name == "sqlite":
        if isinstance(value, UUID):
            return value.hex
        if isinstance(value, datetime):
            return value.astimezone(UTC).isoformat(" ", "microseconds")[:26]
    return value


def _from_driver(type_: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    """What turns the driver's value into the ORM's. psycopg knows our types by itself."""
    if dialect.name != "sqlite":
        return None
    if isinstance(type_, TypeDecorator):
        return _from_driver(type_.impl_instance, dialect)
    if isinstance(type_, ARRAY):
        convert = _from_driver(type_.item_type, dialect)
        return (lambda text: [convert(item) for item in orjson.loads(text)]) if convert else orjson.loads
    kinds: dict[type[TypeEngine[Any]], Convert] = {
        Uuid: lambda text: UUID(int=int(text, 16)),
        DateTime: lambda text: datetime.fromisoformat(f"{text}+00:00"),
        Boolean: bool,
        JSON: orjson.loads,
    }
    return next((convert for kind, convert in kinds.items() if isinstance(type_, kind)), None)
