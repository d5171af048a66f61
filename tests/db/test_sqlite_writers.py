"""Writers of one process are served in the order in which they came, and each ends its turn in whatever way it ends."""

import gc
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from tests.servers import wait_until
from tiktok_api.db import db, standalone_transaction, transaction
from tiktok_api.db.sqlite import FairConnection
from tiktok_api.db.writer_queue import WriterQueue

_HOLD = """
import sqlite3, sys
with sqlite3.connect(sys.argv[1], isolation_level=None) as connection:
    connection.execute("BEGIN IMMEDIATE")
    print("held", flush=True)
    sys.stdin.read()
"""


class Writers:
    """Threads that write to one application's database."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.order: list[int] = []
        self.errors: list[OperationalError] = []
        self.threads: list[threading.Thread] = []

    @property
    def queue(self) -> WriterQueue:
        """The queue of this application."""
        with db.engine.connect() as connection:
            driver: Any = connection.connection.dbapi_connection
            return driver.queue

    def start(self, number: int) -> None:
        """Begin a thread that writes its number down once it is the writer."""
        self.threads.append(thread := threading.Thread(target=self._write, args=[number]))
        thread.start()

    def join(self) -> None:
        for thread in self.threads:
            thread.join(timeout=30)

    def can_write(self) -> bool:
        """Returns True if another thread becomes the writer."""
        self.start(-1)
        self.join()
        return self.order[-1:] == [-1]

    def _write(self, number: int) -> None:
        try:
            with self.app.app_context(), transaction():
                self.order.append(number)
        except OperationalError as error:
            self.errors.append(error)


@pytest.fixture
def writers(make_app: Callable[..., Flask], database_url: str) -> Iterator[Writers]:
    app = make_app(database_url=f"{database_url}?timeout=5")
    with app.app_context():
        db.engine.connect().close()  # the write-ahead log is there from now on
        yield Writers(app)


@pytest.fixture
def impatient(make_app: Callable[..., Flask], database_url: str) -> Iterator[Writers]:
    app = make_app(database_url=f"{database_url}?timeout=0.1")
    with app.app_context():
        db.engine.connect().close()  # the write-ahead log is there from now on
        yield Writers(app)


def test_writers_are_served_in_the_order_in_which_they_came(writers):
    with transaction():
        for number in range(12):
            writers.start(number)
            wait_until(lambda number=number: writers.queue.waiting == number + 1, every=0.001)

    writers.join()
    assert writers.order == list(range(12))


def test_one_who_comes_later_does_not_overtake(writers):
    with transaction():
        writers.start(1)
        wait_until(lambda: writers.queue.waiting == 1, every=0.001)

    with transaction():
        writers.order.append(2)

    writers.join()
    assert writers.order == [1, 2]


def test_an_exception_ends_the_turn(writers):
    with pytest.raises(ValueError, match="broken"), transaction():
        raise ValueError("broken")

    assert writers.can_write()


def test_a_rollback_ends_the_turn(writers):
    with db.engine.connect() as connection:
        connection.execution_options(begin_immediate=True)
        connection.begin().rollback()

        assert writers.can_write()


def test_a_connection_that_is_lost_ends_the_turn(writers):
    with db.engine.connect() as connection:
        connection.execution_options(begin_immediate=True)
        connection.begin()
        connection.invalidate()

        assert writers.can_write()


def test_a_connection_that_is_forgotten_ends_the_turn(writers, database_url):
    queue = writers.queue
    forgotten = FairConnection(database_url.removeprefix("sqlite:///"), isolation_level=None)
    forgotten.queue = queue
    forgotten.begin_writing()

    del forgotten
    gc.collect()

    assert writers.can_write()


def test_a_thread_that_ends_in_the_middle_ends_its_turn(writers):
    def begin() -> None:
        connection = db.engine.connect()
        connection.execution_options(begin_immediate=True)
        connection.begin()

    def work() -> None:
        with writers.app.app_context():
            begin()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    gc.collect()

    assert writers.can_write()


def test_a_writer_waits_no_longer_than_the_timeout(impatient):
    with transaction():
        impatient.start(1)
        impatient.join()

    assert [str(error.orig) for error in impatient.errors] == ["database is locked"]
    assert impatient.can_write()


def test_a_second_connection_of_the_same_thread_fails_and_nothing_hangs(impatient):
    with transaction() as session:
        session.execute(text("update users set display_name = 'x'"))
        with db.engine.connect() as second:
            second.execution_options(begin_immediate=True)
            with pytest.raises(OperationalError, match="database is locked"):
                second.begin()

    assert impatient.can_write()


def test_book_keeping_inside_a_transaction_joins_it(impatient):
    with transaction(), standalone_transaction() as connection:
        connection.execute(text("update users set display_name = 'x'"))

    assert impatient.can_write()


def test_a_writer_waits_for_another_process_and_its_death_lets_it_through(writers, database_url):
    file = database_url.removeprefix("sqlite:///")
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD, file], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout.readline() == "held\n"
        writers.start(1)
        writers.start(2)
        wait_until(lambda: writers.queue.waiting == 1, every=0.001)

        assert writers.order == []
        holder.send_signal(signal.SIGKILL)
        writers.join()

    assert sorted(writers.order) == [1, 2]


def test_another_process_that_writes_too_long_is_an_error(impatient, database_url):
    with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(OperationalError, match="database is locked"), transaction():
            pass

    assert impatient.can_write()


def test_a_failed_begin_ends_the_turn(writers, tmp_path: Path):
    broken = FairConnection(str(tmp_path / "no database"), isolation_level=None)
    broken.queue = writers.queue
    Path(tmp_path / "no database").write_bytes(b"not a database" * 100)

    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        broken.begin_writing()

    assert writers.can_write()
    broken.close()


def test_a_failed_commit_keeps_the_turn_until_the_rollback(writers):
    with db.engine.connect() as connection:
        connection.execution_options(begin_immediate=True)
        open_one = connection.begin()
        connection.execute(text("create table parents (id integer primary key)"))
        connection.execute(text("create table children (id integer references parents deferrable initially deferred)"))
        connection.execute(text("insert into children values (1)"))
        with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
            connection.connection.dbapi_connection.commit()

        writers.start(1)
        wait_until(lambda: writers.queue.waiting == 1, every=0.001)
        open_one.rollback()
        writers.join()

    assert writers.order == [1]


def test_a_forked_process_begins_with_an_empty_queue():
    queue = WriterQueue()
    assert queue.enter(0)

    child = os.fork()
    if child == 0:
        os._exit(0 if queue.enter(0) else 1)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
