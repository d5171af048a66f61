"""Reads: queries written in SQLAlchemy's language, compiled once for each shape, and run on the driver.

    @reading
    def _posts(given: Given) -> Select[Any]:
        query = select(Post.id, Post.caption).where(Post.owner_id == given["owner_id"])
        if "status" in given:
            query = query.where(is_any(Post.status, given["status"]))
        return query

    _posts.all(owner_id=owner_id, status=["draft"])

The shape of a query is which values it is given: the function is called once for each, since to build and compile a statement
costs more than to run it. A row of `select(Post)` is like the entity, with the model's properties, but bound to no session and
unchangeable; a row of columns has their values, and enums as plain text.

Where the session holds a connection, as inside `transaction()` and `snapshot()`, a read is part of that and sees what was
written; elsewhere each stands alone, without BEGIN, and is tried again if its connection turns out to be dead.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from threading import Lock
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Select, bindparam, func, literal_column, select
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import BindParameter, FunctionElement
from sqlalchemy.types import NullType

from tiktok_api.db import db
from tiktok_api.db.statements import Statement, compile_select
from tiktok_api.errors import NotFound

Build = Callable[["Given"], Select[Any]]

_LIMITS = (1, 6, 11, 21, 51, 101)
"""Sizes of pages for which statements are compiled: a page of another size is cut from the next larger one."""
_MOST_STATEMENTS = 512
"""Of one query. Clients choose the filters: all their combinations must not fill the memory."""


class Given(Mapping[str, BindParameter[Any]]):
    """The values that a query is given, as parameters of its statement.

    `limit` is a number of the statement itself, since PostgreSQL would plan one that it does not know for a tenth of the table.
    `is_counting`: the rows are only counted, so their order does not matter.
    """

    def __init__(
        self, names: Iterable[str], *, dialect: str, limit: int | None = None, is_counting: bool = False
    ) -> None:
        self._names = frozenset(names)
        self.dialect, self.limit, self.is_counting = dialect, limit, is_counting

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
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608  # nosec B608  # of compiled parts


def is_one_of(column: Any, values: Iterable[Enum]) -> ColumnElement[bool]:
    """`column` equals one of these values, which stand in the statement itself: a partial index that names them is used."""
    condition: ColumnElement[bool] = column.in_([literal_column(f"'{value.value}'") for value in values])
    return condition


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
    source = compiler.process(subquery, **kwargs)
    return f"(SELECT json_group_array({element.name}) FROM {source})"  # noqa: S608  # nosec B608  # of compiled parts


def contains(text: str) -> str:
    """The pattern of LIKE for a text anywhere; its ESCAPE is `/`."""
    return "%" + text.replace("/", "//").replace("%", "/%").replace("_", "/_") + "%"


class Read:
    """One query, and its statements by dialect and shape."""

    def __init__(self, build: Build) -> None:
        self.build = build
        self._statements: dict[tuple[Any, ...], Statement] = {}
        self._lock = Lock()

    def all(self, limit: int | None = None, **values: Any) -> list[Any]:
        """The rows, `limit` at most. A value that is None is not given; an empty list is, and equals nothing."""
        most = None if limit is None else next((step for step in _LIMITS if step >= limit), limit)
        rows = self._run(values, most)
        return rows if limit is None else rows[:limit]

    def first(self, **values: Any) -> Any | None:
        """The first row, or None."""
        rows = self._run(values, None)
        return rows[0] if rows else None

    def one(self, **values: Any) -> Any:
        """The first row. Raises NotFound."""
        found = self.first(**values)
        if found is None:
            raise NotFound
        return found

    def count(self, most: int | None = None, **values: Any) -> int:
        """How many rows there are; with `most`, no more than that and one are counted."""
        return int(self._run(values, None if most is None else most + 1, is_counting=True)[0][0])

    def _run(self, values: dict[str, Any], limit: int | None, *, is_counting: bool = False) -> list[Any]:
        given = {name: value for name, value in values.items() if value is not None}
        session = db.session() if db.session.registry.has() else None  # to make one costs more than to run a statement
        if session is not None and session.in_transaction():
            session.flush()
            connection = session.connection()
            return self._statement(connection.dialect, given, limit, is_counting).run_within(connection, given)
        engine = db.engine
        return self._statement(engine.dialect, given, limit, is_counting).run_alone(engine, given)

    def _statement(self, dialect: Dialect, given: Mapping[str, Any], limit: int | None, is_counting: bool) -> Statement:
        shape = (dialect.name, limit, is_counting, *given)
        statement = self._statements.get(shape)
        if statement is None:
            query = self.build(Given(given, dialect=dialect.name, limit=limit, is_counting=is_counting))
            if is_counting:
                query = _counted(query, limit)
            statement = compile_select(query, dialect)
            with self._lock:
                if len(self._statements) >= _MOST_STATEMENTS:
                    self._statements.pop(next(iter(self._statements)))
                self._statements[shape] = statement
        return statement


def _counted(query: Select[Any], limit: int | None) -> Select[Any]:
    # Of nothing but numbers: SQLite would make every column of the rows that it counts.
    rows: Select[Any] = query.order_by(None).with_only_columns(
        literal_column("1").label("one"), maintain_column_froms=True
    )
    if limit is not None:
        rows = rows.limit(literal_column(str(limit)))
    return select(func.count().label("count")).select_from(rows.subquery())


def planned_anew(query: Select[Any]) -> Select[Any]:
    """Have PostgreSQL plan a query for the values of each call: how many rows these let through differs by far."""
    return query.execution_options(is_planned_anew=True)


READS: list[Read] = []
"""Every query that was made by `reading`, as modules are imported."""


def reading(build: Build) -> Read:
    """Make a query of the function that builds its statement."""
    READS.append(read := Read(build))
    return read
