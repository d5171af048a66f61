"""The database: engine and sessions, the base model, and the only place that commits."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

import uuid_utils
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, DateTime, Dialect, Enum, Float, MetaData, Select, String, event, literal
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import FunctionElement
from sqlalchemy.types import TypeDecorator

from tiktok_api import clock


class UTCDateTime(TypeDecorator[datetime]):
    """Aware times in and out, UTC in the database: SQLite forgets zones, and a naive time is always a mistake."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        """The type of values; a decorator says `object` by default, and cursors could not be read back."""
        return datetime

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive time was given to the database")
        return value.astimezone(UTC)

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
        dict[str, Any]: JSON().with_variant(postgresql.JSONB(), "postgresql"),
        list[Any]: JSON().with_variant(postgresql.JSONB(), "postgresql"),
        list[str]: JSON().with_variant(postgresql.JSONB(), "postgresql"),
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
        super().__init__(literal(after.total_seconds(), Float()))


@compiles(DatabaseNow, "sqlite")
def _now_on_sqlite(element: DatabaseNow, compiler: SQLCompiler, **kwargs: Any) -> str:
    # The same 26 characters in which SQLAlchemy stores a DateTime, so that text compares as time does.
    seconds = compiler.process(element.clauses, **kwargs)
    return f"(strftime('%Y-%m-%d %H:%M:%f', 'now', printf('%+.3f seconds', {seconds})) || '000')"


@compiles(DatabaseNow, "postgresql")
def _now_on_postgresql(element: DatabaseNow, compiler: SQLCompiler, **kwargs: Any) -> str:
    # clock_timestamp(), because now() stands still during a transaction.
    seconds = compiler.process(element.clauses, **kwargs)
    return f"(clock_timestamp() + make_interval(secs => CAST({seconds} AS double precision)))"


def database_now(after: timedelta = timedelta(0)) -> DatabaseNow:
    """The real clock of the database, for leases."""
    return DatabaseNow(after)


def business_now(after: timedelta = timedelta(0)) -> DatabaseNow:
    """The database's clock moved as `clock.now()` is, for due times."""
    return DatabaseNow(after + clock.offset())


Row = TypeVar("Row", bound=Model)

_OPEN = "tiktok_api.transaction"
_LOCKED = "tiktok_api.locked"


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
        raise
    finally:
        session.info.pop(_OPEN, None)
        session.info.pop(_LOCKED, None)


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


def end_reading() -> None:
    """End a reading transaction before something slow, so that no snapshot is held open."""
    session = db.session()
    if not session.info.get(_OPEN):
        session.rollback()


def in_transaction() -> bool:
    """Returns True inside `transaction()`, where no network call is allowed."""
    return bool(db.session().info.get(_OPEN))


def configure_engine(engine: Engine) -> None:
    """Configure an SQLite engine for foreign keys, the write-ahead log and explicit transactions.

    On PostgreSQL, a process that stops in the middle of a transaction loses its session, and so its locks, about when it
    loses its leases; and times are told in UTC, because those near the year 9999 have no reading in zones to the east.
    """
    if engine.dialect.name != "sqlite":
        event.listen(engine, "connect", _configure_connection)
        return

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin transactions of its own
        for pragma in ("foreign_keys=ON", "journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("begin_immediate")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _configure_connection(connection: Any, _record: Any) -> None:
    connection.autocommit = True
    connection.execute(f"SET idle_in_transaction_session_timeout = '{_LONGEST_IDLE_SECONDS}s'")
    connection.execute("SET TIME ZONE 'UTC'")
    connection.autocommit = False


_LONGEST_IDLE_SECONDS = 60


def explain(error: Exception) -> str:
    """What an error says, or the driver's error in it, in one line, for people."""
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:300]


def engine_options(database_url: str) -> dict[str, Any]:
    """Pool settings by database: threads wait for a connection rather than fail."""
    common = {"hide_parameters": True, "max_overflow": 20}  # an error that is logged must not quote a password's hash
    if database_url.startswith("sqlite"):
        return common | {"connect_args": {"timeout": 30, "check_same_thread": False}, "pool_size": 20}
    return common | {"pool_size": 10, "pool_pre_ping": True, "connect_args": {"connect_timeout": 5}}


def insert_into(model: type[Model]) -> postgresql.Insert | sqlite.Insert:
    """An INSERT in the words of the session's database, with `on_conflict_do_update` and `on_conflict_do_nothing`."""
    is_postgresql = db.session.get_bind().dialect.name == "postgresql"
    return postgresql.insert(model) if is_postgresql else sqlite.insert(model)


def set_changes(row: Model, changes: Mapping[str, Any]) -> list[str]:
    """Set what differs; returns the names of the columns that changed, in alphabetical order."""
    changed = sorted(name for name, value in changes.items() if getattr(row, name) != value)
    for name in changed:
        setattr(row, name, changes[name])
    return changed
