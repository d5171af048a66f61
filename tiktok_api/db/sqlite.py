"""SQLite: foreign keys, the write-ahead log, and writers in a fair order."""

import sqlite3
import time
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import OperationalError

from tiktok_api.db.writer_queue import WriterQueue

BUSY_SECONDS = 30.0
"""How long a writer waits for others, unless the database's URL has a `timeout`."""
_POLL_SECONDS = 0.001
"""How often a writer that has its turn in this process tries again while another process writes."""


class FairConnection(sqlite3.Connection):
    """A connection that waits for its turn before it writes, and hands it over however its transaction ends.

    `queue` is set once it is made; all connections of an engine have the same.
    """

    def __init__(self, database: str, *, timeout: float = BUSY_SECONDS, **more: Any) -> None:
        super().__init__(database, timeout=timeout, **more)
        self.queue: WriterQueue | None = None
        self._timeout = timeout
        self._has_turn = False

    def begin_writing(self) -> None:
        """Begin a transaction as the only writer. Raises sqlite3.OperationalError if others wrote for too long."""
        ends_at = time.monotonic() + self._timeout
        if self.queue is not None and not self.queue.enter(self._timeout):
            raise sqlite3.OperationalError("database is locked")
        self._has_turn = True
        try:
            self._begin(ends_at)
        except BaseException:
            self._hand_over()
            raise

    def commit(self) -> None:
        """Commit. If that fails, the transaction is still there and keeps the turn."""
        try:
            if self.in_transaction:
                self.execute("COMMIT")
        finally:
            if not self.in_transaction:
                self._hand_over()

    def rollback(self) -> None:
        """Roll back."""
        try:
            super().rollback()
        finally:
            if not self.in_transaction:
                self._hand_over()

    def close(self) -> None:
        """Close; what is not committed is rolled back."""
        try:
            super().close()
        finally:
            self._hand_over()

    def __del__(self) -> None:
        if getattr(self, "_has_turn", False):  # forgotten by a thread that has ended
            self.close()

    def _begin(self, ends_at: float) -> None:
        # Not by SQLite's own waiting, whose sleeps grow to 100 ms, in which other processes come and go.
        self.execute("PRAGMA busy_timeout = 0")
        try:
            while True:
                try:
                    self.execute("BEGIN IMMEDIATE")
                except sqlite3.OperationalError as error:
                    if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= ends_at:
                        raise
                    time.sleep(_POLL_SECONDS)
                else:
                    return
        finally:
            self.execute(f"PRAGMA busy_timeout = {int(self._timeout * 1000)}")

    def _hand_over(self) -> None:
        if self._has_turn:
            self._has_turn = False
            if self.queue is not None:
                self.queue.leave()


def configure(engine: Engine) -> None:
    """Configure the connections of an engine that were made with CONNECT_ARGUMENTS."""
    queue = WriterQueue()

    def begin_connection(connection: FairConnection, _record: Any) -> None:
        connection.queue = queue
        connection.isolation_level = None  # the driver must not begin transactions of its own
        for pragma in ("foreign_keys=ON", "journal_mode=WAL", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")

    event.listen(engine, "connect", begin_connection)
    event.listen(engine, "begin", _begin)


CONNECT_ARGUMENTS: dict[str, Any] = {"factory": FairConnection, "check_same_thread": False}


def _begin(connection: Connection) -> None:
    if not connection.get_execution_options().get("begin_immediate"):
        connection.exec_driver_sql("BEGIN")
        return
    driver: Any = connection.connection.dbapi_connection
    try:
        driver.begin_writing()
    except sqlite3.OperationalError as error:
        raise OperationalError("BEGIN IMMEDIATE", {}, error, hide_parameters=True) from error
