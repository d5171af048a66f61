"""The real worker in a process of its own that dies, or stands still, at a chosen step.

The product knows nothing of it: commits are caught where SQLAlchemy hands them to the driver, calls where httpx2 hands
them to the sockets, bytes where the transport reads a body. The heartbeats of leases and of the worker are left out of
the count, because they beat when they like.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
from flask import Flask
from sqlalchemy import event
from werkzeug.serving import make_server

from tiktok_api.app import create_app
from tiktok_api.cli.commands.worker import worker
from tiktok_api.db import db
from tiktok_api.tiktok import DeadlineTransport

HEARTBEATS = {"lease-heartbeat", "heartbeat"}


@dataclass(frozen=True, slots=True)
class Fate:
    """What befalls a worker: `before` or `after` its `number`th commit or call, or `at` that many bytes of a body."""

    kind: str
    number: int
    when: str
    blow: signal.Signals = signal.SIGKILL

    def __str__(self) -> str:
        return f"{self.blow.name} {self.when} {self.kind} {self.number}"


class Watcher:
    """Counts the steps of this process, writes them down, and lets fate strike once."""

    def __init__(self, trace: Path, fate: Fate | None) -> None:
        self._trace = os.open(trace, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._fate = fate
        self._counts = {"commit": 0, "call": 0, "byte": 0}
        self._lock = threading.Lock()
        self._gate, self._here = threading.RLock(), threading.local()

    def around(self, kind: str, act: Callable[[], Any], note: str = "") -> Any:
        """One step, and whatever befalls us before or after it."""
        if threading.current_thread().name in HEARTBEATS:
            return act()
        with self._lock:
            self._counts[kind] += 1
            number = self._counts[kind]
        self._meet(kind, number, "before", note)
        result = act()
        self._meet(kind, number, "after", note)
        return result

    def watched(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """A body on its way out; what follows the fatal byte never leaves."""
        for piece in pieces:
            with self._lock:
                self._counts["byte"] += len(piece)
                is_fatal = self._fate is not None and self._fate.kind == "byte"
                excess = self._counts["byte"] - self._fate.number if self._fate and is_fatal else -1
            if excess < 0:
                yield piece
                continue
            yield piece[: len(piece) - excess]
            self._strike()
            yield piece[len(piece) - excess :]

    def _meet(self, kind: str, number: int, when: str, note: str) -> None:
        os.write(self._trace, f"{kind} {number} {when} {note}\n".encode())
        if self._fate and (self._fate.kind, self._fate.number, self._fate.when) == (kind, number, when):
            self._strike()

    def begins(self) -> None:
        """A session takes a connection: one after the other here, so that no other thread is stopped inside one of its own.

        A process that stands still with the database locked holds every other up, but proves nothing.
        """
        self._gate.acquire()
        self._here.depth = getattr(self._here, "depth", 0) + 1

    def ends(self) -> None:
        """It is over."""
        if getattr(self._here, "depth", 0):
            self._here.depth -= 1
            self._gate.release()

    def _strike(self) -> None:
        fate, self._fate = self._fate, None
        if fate is None:
            return
        with self._gate:
            os.kill(os.getpid(), fate.blow)
            time.sleep(0.05)  # a stop takes hold of each thread in its own time; this one must go no further


class _WatchedBody(httpx2.SyncByteStream):
    def __init__(self, inner: Any, watcher: Watcher) -> None:
        self._inner, self._watcher = inner, watcher

    def __iter__(self) -> Iterator[bytes]:
        return self._watcher.watched(iter(self._inner))


def run_worker(environment: Mapping[str, str], trace: Path, fate: Fate | None) -> None:
    """`flask --app wsgi worker` with these settings, watched; the body of a process."""
    app, watcher = _watched_app(environment, trace, fate)
    handle = DeadlineTransport.handle_request

    def watched_call(self: DeadlineTransport, request: httpx2.Request) -> httpx2.Response:
        if request.method == "PUT":
            request.stream = _WatchedBody(request.stream, watcher)
        return watcher.around("call", lambda: handle(self, request), f"{request.method} {request.url.path}")

    DeadlineTransport.handle_request = watched_call  # type: ignore[method-assign]
    with app.app_context():
        worker.main(args=[], standalone_mode=False)


def run_server(environment: Mapping[str, str], trace: Path, fate: Fate | None) -> None:
    """The web server at the port of PUBLIC_URL, watched; the body of a process."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    app, _ = _watched_app(environment, trace, fate)
    make_server("127.0.0.1", urlsplit(environment["PUBLIC_URL"]).port or 0, app, threaded=True).serve_forever()


def _watched_app(environment: Mapping[str, str], trace: Path, fate: Fate | None) -> tuple[Flask, Watcher]:
    os.environ.update(environment)
    watcher = Watcher(trace, fate)
    app = create_app()
    with app.app_context():
        dialect = db.engine.dialect
        event.listen(db.engine, "checkout", lambda *_: watcher.begins())
        event.listen(db.engine, "checkin", lambda *_: watcher.ends())
    commit = dialect.do_commit

    def watched_commit(connection: Any) -> None:
        watcher.around("commit", lambda: commit(connection))

    dialect.do_commit = watched_commit  # type: ignore[method-assign]
    return app, watcher
