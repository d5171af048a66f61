"""What a database is really asked, as its driver sees it: with every BEGIN and ROLLBACK, of the library too."""

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg.pq import Trace
from sqlalchemy import Engine

from tests.listening import listening

_DONE = re.compile(r'^B\t\d+\tCommandComplete\t "(.*)"$', re.MULTILINE)


@contextmanager
def driver_statements(engine: Engine) -> Iterator[list[str]]:
    """Yields a list that is filled at the end of the block: the first words of what this engine's connections did, in order.

    SQLite calls back for each statement; PostgreSQL names each command that it has completed, and libpq writes that down.
    """
    seen: list[str] = []
    watch = _watch_sqlite if engine.dialect.name == "sqlite" else _watch_postgresql
    with watch(engine, seen):
        yield seen


@contextmanager
def _watch_sqlite(engine: Engine, seen: list[str]) -> Iterator[None]:
    watched: list[Any] = []

    def look(connection: Any, _record: Any, _proxy: Any) -> None:
        watched.append(connection)
        connection.set_trace_callback(seen.append)

    try:
        with listening(engine, "checkout", look):
            yield
    finally:
        for connection in watched:
            connection.set_trace_callback(None)
    seen[:] = [word for each in seen if (word := each.split()[0].upper()) != "PRAGMA"]  # those are of the tests


@contextmanager
def _watch_postgresql(engine: Engine, seen: list[str]) -> Iterator[None]:
    watched: list[Any] = []
    with tempfile.TemporaryFile() as written:

        def look(connection: Any, _record: Any, _proxy: Any) -> None:
            if connection not in watched:
                watched.append(connection)
                connection.pgconn.trace(os.dup(written.fileno()))
                connection.pgconn.set_trace_flags(Trace.SUPPRESS_TIMESTAMPS)

        try:
            with listening(engine, "checkout", look):
                yield
        finally:
            for connection in watched:
                connection.pgconn.untrace()
        written.seek(0)
        seen += [done.split()[0] for done in _DONE.findall(written.read().decode(errors="replace"))]
