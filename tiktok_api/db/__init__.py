"""The database: engine and sessions, the base model, and the only place that commits."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

import uuid_utils
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, DateTime, Dialect, Enum, Float, MetaData, Select, String, literal
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import Insert as PostgresqlInsert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import FunctionElement
from sqlalchemy.types import TypeDecorator

from tiktok_api import clock
from tiktok_api.db import postgresql, sqlite


def in_utc(moment: datetime) -> datetime:
    """The same instant as the database gets it. Raises ValueError for a naive time, which is always a mistake."""
    if moment.tzinfo is None:
        raise ValueError("a naive time was given to the database")
    return moment.astimezone(UTC)


class UTCDateTime(TypeDecorator[datetime]):
    """Aware times in and out, UTC in the database: SQLite forgets zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        """The type of values; a decorator says `object` by default, and cursors could not be read back."""
        return datetime

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else in_utc(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562): ids made later sort later."""
    return UUID(int=uuid_utils.uuid7().int)


class Model(DeclarativeBase):
    """The columns of every table: a UUIDv7 as its key and the time of creation."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012  # SQLAlchemy reads it from the class
        datetime: UTCDateTime(),
        str: String(),
        dict[str, Any]: JSON().with_variant(JSONB(), "postgresql"),
        list[Any]: JSON().with_variant(JSONB(), "postgresql"),
        list[str]: JSON().with_variant(JSONB(), "postgresql"),
    }

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id, sort_order=-2)
    created_at: Mapped[datetime] = mapped_column(default=clock.now, sort_order=99)


def enum_column(enum: type[StrEnum]) -> Enum:
    """The column type of a state, stored by value as text, so that a new state does not change the column's type."""
    return Enum(enum, native_enum=False, length=32, create_constraint=False, values_callable=_values)


def _values(enum: type[StrEnum]) -> list[str]:
    return [member.value for member in enum]


db = SQLAlchemy(metadata=Model.metadata, session_options={"expire_on_commit": False, "autoflush": True})


class DatabaseNow(FunctionElement[datetime]):
    """The database's own clock plus some seconds, so that machines whose clocks differ agree on leases and due times."""

    type = UTCDateTime()
    inherit_cache = True  # the seconds are a parameter, so that a statement is compiled once
    name = "database_now"

    def __init__(self, after: timedelta = timedelta(0)) -> None:
        super().__init__(*([literal(after.total_seconds(), Float())] if after else []))


@compiles(DatabaseNow, "sqlite")
def _now_on_sqlite(element: DatabaseNow, compiler: SQLCompiler, **kwargs: Any) -> str:
    # The same 26 characters in which SQLAlchemy stores a DateTime, so that text compares as time does. A subquery: it is read
    # once, and an index can seek it.
    moved = "".join(f", printf('%+.3f seconds', {compiler.process(each, **kwargs)})" for each in element.clauses)
    return f"(SELECT strftime('%Y-%m-%d %H:%M:%f', 'now'{moved}) || '000')"


@compiles(DatabaseNow, "postgresql")
def _now_on_postgresql(element: DatabaseNow, compiler: SQLCompiler, **kwargs: Any) -> str:
    # Not now(), which stands still during a transaction; nor clock_timestamp(), for which no index is used.
    parts = (
        f" + make_interval(secs => CAST({compiler.process(each, **kwargs)} AS double precision))"
        for each in element.clauses
    )
    return f"(statement_timestamp(){''.join(parts)})"


def database_now(after: timedelta = timedelta(0)) -> DatabaseNow:
    """The real clock of the database, for leases."""
    return DatabaseNow(after)


def business_now(after: timedelta = timedelta(0)) -> DatabaseNow:
    """The database's clock moved as `clock.now()` is, for due times."""
    return DatabaseNow(after + clock.offset())


Row = TypeVar("Row", bound=Model)

_OPEN = "tiktok_api.transaction"
_LOCKED = "tiktok_api.locked"
_AFTER = "tiktok_api.after_commit"


@contextmanager
def transaction() -> Iterator[Session]:
    """One unit of work: committed at the end, rolled back on an exception; inside an open one, it joins.

    An open reading transaction ends first and its objects expire, so decisions inside are made on rows read inside. On
    SQLite the write lock is taken at once: a deferred read that is upgraded later fails at once with "database is locked",
    whatever the timeout.
    """
    session = db.session()
    if session.info.get(_OPEN):
        yield session
        return
    session.rollback()
    session.info[_OPEN] = True
    try:
        session.connection(execution_options={"begin_immediate": True})
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        session.info.pop(_AFTER, None)
        raise
    finally:
        session.info.pop(_OPEN, None)
        session.info.pop(_LOCKED, None)
    for act in session.info.pop(_AFTER, ()):
        act()


@contextmanager
def savepoint() -> Iterator[None]:
    """A part of the open transaction: if its block raises, its changes, locks and what was to follow the commit are undone."""
    session = db.session()
    locked_before, to_follow = set(session.info.get(_LOCKED, ())), list(session.info.get(_AFTER, ()))
    try:
        with session.begin_nested():
            yield
    except BaseException:
        session.info[_LOCKED], session.info[_AFTER] = locked_before, to_follow
        raise


def after_commit(act: Callable[[], None]) -> None:
    """Call `act` once the open transaction is committed, before its block is left; not at all if it is rolled back."""
    db.session().info.setdefault(_AFTER, []).append(act)


def locked(statement: Select[Row], *, key_share: bool = False) -> Row | None:
    """The one row of a select, locked until the transaction ends, and as it is once it is locked.

    With `key_share`, others may go on making rows that refer to it. Call it inside `transaction()`; `is_locked` knows its id.
    """
    session = db.session()
    fresh = statement.with_for_update(key_share=key_share).execution_options(populate_existing=True)
    row = session.scalar(fresh)
    if row is not None and in_transaction():
        session.info.setdefault(_LOCKED, set()).add(row.id)
    return row


def is_locked(row_id: UUID) -> bool:
    """Returns True if this transaction has loaded the row by `locked`, so that no other one changes it meanwhile."""
    return row_id in db.session().info.get(_LOCKED, ())


@contextmanager
def standalone_transaction(*, is_writing: bool = True) -> Iterator[Connection]:
    """A unit of work on its own connection, so that the session's objects do not expire; inside `transaction()`, it joins.

    For the book-keeping of adapters, whose callers hold objects that must not change under them.
    """
    if in_transaction():
        yield db.session().connection()
        return
    with db.engine.connect() as connection:
        connection.execution_options(begin_immediate=is_writing)
        with connection.begin():
            yield connection


@contextmanager
def snapshot() -> Iterator[Session]:
    """One consistent view of the database for all that is read inside, even while others write."""
    session = db.session()
    session.rollback()
    session.connection(execution_options={"begin_immediate": False, "sees_one_moment": True})
    try:
        yield session
    finally:
        session.rollback()


def end_reading() -> None:
    """End a reading transaction before something slow, so that no snapshot is held open."""
    session = db.session()
    if not session.info.get(_OPEN):
        session.rollback()


def in_transaction() -> bool:
    """Returns True inside `transaction()`, where no network call is allowed."""
    return bool(db.session().info.get(_OPEN))


def configure_engine(engine: Engine) -> None:
    """Configure an engine: on PostgreSQL only `transaction()` and what sets `begin_immediate` are transactions.

    What is read elsewhere stands alone, each statement with a snapshot of its own, as it has in a transaction there.
    """
    database = sqlite if engine.dialect.name == "sqlite" else postgresql
    database.configure(engine)


_MOST_KEPT = 64
"""Connections of a process that stay open: as many as its threads have ever needed at once."""


def explain(error: Exception) -> str:
    """What an error says, or the driver's error in it, in one line, for people."""
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:300]


def engine_options(database_url: str) -> dict[str, Any]:
    """Pool settings by database: threads wait for a connection rather than fail."""
    common = {
        "hide_parameters": True,  # an error that is logged must not quote a password's hash
        "pool_size": _MOST_KEPT,
        "max_overflow": 20,
        "pool_use_lifo": True,
    }
    database = sqlite if database_url.startswith("sqlite") else postgresql
    return common | {"connect_args": database.CONNECT_ARGUMENTS}


def insert_into(model: type[Model]) -> PostgresqlInsert | SqliteInsert:
    """An INSERT in the words of the session's database, with `on_conflict_do_update` and `on_conflict_do_nothing`."""
    is_postgresql = db.session.get_bind().dialect.name == "postgresql"
    return PostgresqlInsert(model) if is_postgresql else SqliteInsert(model)


def set_changes(row: Model, changes: Mapping[str, Any]) -> list[str]:
    """Set what differs; returns the names of the columns that changed, in alphabetical order."""
    changed = sorted(name for name, value in changes.items() if getattr(row, name) != value)
    for name in changed:
        setattr(row, name, changes[name])
    return changed
