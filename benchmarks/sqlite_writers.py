"""How long a client waits that creates posts on SQLite while others do.

SQLite has one writer at a time. Clients are threads of this process, so the figures are those of an embedded server, with the
time of the clients in them.
"""

import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import latencies_ms
from benchmarks.stage import PASSWORD, make_app
from tiktok_api.cli.stack.settings import local_settings

API = "/api/v1"


@dataclass(frozen=True)
class WriterFigures:
    """Milliseconds that creates took, and how many of them a second there were; `failures` had another status than 201."""

    clients: int
    creates: int
    failures: int
    median_ms: float
    p99_ms: float
    worst_ms: float
    creates_per_second: float


def measure(*, clients: int = 16, seconds: float = 10.0) -> WriterFigures:
    """Let so many clients create drafts for so long, each one after the other."""
    with tempfile.TemporaryDirectory() as scratch:
        settings = local_settings(database_url=f"sqlite:///{Path(scratch) / 'bench.sqlite3'}", log_level="ERROR")
        app = make_app(settings)
        person = {"email": "writer@example.com", "password": PASSWORD}
        registered = app.test_client().post(f"{API}/auth/register", json=person)
        headers = {"Authorization": f"Bearer {registered.json['access_token']}"}

        def create() -> bool:
            answer = app.test_client().post(f"{API}/posts", json={"caption": "one of many"}, headers=headers)
            return answer.status_code == 201

        create()  # what is imported and compiled at the first one is no part of the others
        return _figures(_run(create, clients, seconds), clients)


def _run(act: Callable[[], bool], clients: int, seconds: float) -> list[tuple[float, bool]]:
    tries: list[tuple[float, bool]] = []
    ends_at = time.monotonic() + seconds

    def work() -> None:
        while (began := time.monotonic()) < ends_at:
            is_good = act()
            tries.append((time.monotonic() - began, is_good))

    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return tries


def _figures(tries: list[tuple[float, bool]], clients: int) -> WriterFigures:
    seconds = [took for took, _ in tries]
    median_ms, p99_ms, worst_ms = latencies_ms(seconds)
    return WriterFigures(
        clients=clients,
        creates=len(tries),
        failures=sum(not is_good for _, is_good in tries),
        median_ms=median_ms,
        p99_ms=p99_ms,
        worst_ms=worst_ms,
        creates_per_second=clients * len(seconds) / sum(seconds),
    )
