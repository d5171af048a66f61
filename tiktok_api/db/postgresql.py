"""PostgreSQL: transactions begin when we say so, and dead connections are recognised without a round trip."""

import select
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import orjson
from psycopg.errors import FeatureNotSupported, LockNotAvailable
from psycopg.types.json import set_json_loads
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine, ExceptionContext
from sqlalchemy.exc import DisconnectionError, OperationalError

CONNECT_ARGUMENTS: dict[str, Any] = {"connect_timeout": 5}
_LONGEST_IDLE_SECONDS = 60
_PLAN_CHECK = "RevalidateCachedQuery"
"""PostgreSQL's function that refuses a prepared SELECT whose columns have another type since a migration ran."""


def configure(engine: Engine) -> None:
    """Configure the connections of an engine.

    A process that stops in the middle of a transaction loses its session, and so its locks, about when it loses its leases; and
    times are told in UTC, because those near the year 9999 have no reading in zones to the east.
    """
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    event.listen(engine, "checkout", _must_be_silent)
    event.listen(engine, "handle_error", _let_go_of_outdated_plans)


def _configure(connection: Any, _record: Any) -> None:
    connection.autocommit = True  # as on SQLite: a transaction begins when we say so
    connection.execute(f"SET idle_in_transaction_session_timeout = '{_LONGEST_IDLE_SECONDS}s'")
    connection.execute("SET TIME ZONE 'UTC'")
    set_json_loads(orjson.loads, connection)


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    if "begin_immediate" in options:
        connection.exec_driver_sql("BEGIN ISOLATION LEVEL REPEATABLE READ" if "sees_one_moment" in options else "BEGIN")


def _must_be_silent(connection: Any, _record: Any, _proxy: Any) -> None:
    """A connection on which the server has said something unasked is usually closed: another is taken, without a round trip."""
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    if waiting.poll(0):
        raise DisconnectionError


def is_outdated_plan(error: object) -> bool:
    """Returns True if a statement that was prepared before a migration does not fit any more."""
    return isinstance(error, FeatureNotSupported) and error.diag.source_function == _PLAN_CHECK


def _let_go_of_outdated_plans(context: ExceptionContext) -> None:
    """A connection whose prepared plans no longer fit is as good as dead."""
    context.is_disconnect = context.is_disconnect or is_outdated_plan(context.original_exception)


@contextmanager
def waiting_briefly(connection: Connection, longest: timedelta, refusal: type[Exception]) -> Iterator[None]:
    """Inside a transaction, wait no longer than that for each lock. Raises `refusal`. Elsewhere than on PostgreSQL it does nothing."""
    if connection.dialect.name != "postgresql":
        yield
        return
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {round(longest.total_seconds() * 1000)}")
    try:
        yield
    except OperationalError as error:
        if isinstance(error.orig, LockNotAvailable):
            raise refusal from error
        raise
    connection.exec_driver_sql("SET LOCAL lock_timeout TO DEFAULT")
