"""gunicorn's master loads the application once, and its processes share no connection, no thread and no random numbers."""

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import requests
from redis import Redis

from tests.media.server_process import Server, environment_of
from tests.servers import wait_until

pytestmark = pytest.mark.xdist_group("preloading")


@pytest.fixture
def server(postgresql_url: str, redis_server: str, tmp_path: Path) -> Iterator[Server]:
    more = {
        "WEB_CONCURRENCY": "2",
        "REDIS_URL": redis_server,
        "RATE_LIMIT_ENABLED": "true",
        "RATE_LIMIT_PER_MINUTE": "1000",
    }
    with Server(environment_of(postgresql_url, tmp_path, **more), tmp_path / "log") as running:
        yield running


def threads_of(pid: int) -> int:
    shown = subprocess.run(["ps", "-o", "nlwp=", "-p", str(pid)], capture_output=True, text=True, check=True)
    return int(shown.stdout)


def backends_of(url: str) -> set[int]:
    """PostgreSQL's processes that serve connections to this database, but for the one that asks."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        rows = connection.execute(
            "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
        )
        return {pid for (pid,) in rows}


def clients_of(url: str) -> int:
    """Connections to Redis, but for the one that asks."""
    with Redis.from_url(url) as redis:
        return len(redis.client_list()) - 1


def ask(server: Server, path: str, times: int, found: list[requests.Response]) -> None:
    closing = {"Connection": "close"}
    found += [requests.get(f"{server.url}{path}", timeout=60, headers=closing) for _ in range(times)]


def ask_at_once(server: Server, path: str, *, times: int) -> list[requests.Response]:
    """So that each of the processes has to take some; every request on a connection of its own."""
    found: list[requests.Response] = []
    threads = [threading.Thread(target=ask, args=(server, path, times // 16, found)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_nothing_is_open_before_the_fork_and_each_process_opens_its_own(server, postgresql_url, redis_server):
    before = backends_of(postgresql_url), clients_of(redis_server), threads_of(server.master_id)

    asked = ask_at_once(server, "/readyz", times=64) + ask_at_once(server, "/api/v1/nothing", times=64)

    assert before == (set(), 0, 1)
    assert {response.status_code for response in asked} <= {200, 404, 503}  # no worker runs, which /readyz may say
    assert threads_of(server.master_id) == 1
    assert len(backends_of(postgresql_url)) >= 2
    assert clients_of(redis_server) >= 2


def test_processes_never_make_the_same_id(server):
    ids = [response.headers["X-Request-ID"] for response in ask_at_once(server, "/api/v1/nothing", times=320)]

    assert len(set(ids)) == 320


def test_processes_that_died_are_replaced_by_the_same_application(server):
    died = {pid for pid in server.process_ids if pid != server.master_id}
    for pid in died:
        os.kill(pid, signal.SIGKILL)

    wait_until(lambda: len(server.process_ids) == 3 and not died & set(server.process_ids), seconds=60)

    assert requests.get(f"{server.url}/livez", timeout=60).status_code == 200
    assert requests.get(f"{server.url}/api/v1/posts", timeout=60).status_code == 401


@pytest.fixture
def counted(tmp_path: Path) -> Path:
    """Where gunicorn's master makes the folder of the counters."""
    return tmp_path / "counted"


def test_a_start_that_fails_leaves_no_folder_and_never_listens(sqlite_template, tmp_path, counted):
    shutil.copy(sqlite_template, tmp_path / "test.sqlite3")
    (tmp_path / "blocked").write_text("a file")
    environment = environment_of(f"sqlite:///{tmp_path / 'test.sqlite3'}", tmp_path)
    environment |= {"PROMETHEUS_MULTIPROC_DIR": str(counted), "STORAGE_URL": f"file://{tmp_path}/blocked/media"}

    with pytest.raises(AssertionError, match="STORAGE_URL"):
        Server(environment | {"LOG_LEVEL": "INFO"}, tmp_path / "log").start()

    assert list(counted.iterdir()) == []
    assert "Listening at" not in (tmp_path / "log").read_text()


def test_processes_count_although_something_cleaned_their_folder_away(sqlite_template, tmp_path):
    shutil.copy(sqlite_template, tmp_path / "test.sqlite3")
    folder = tmp_path / "counters"
    environment = environment_of(
        f"sqlite:///{tmp_path / 'test.sqlite3'}", tmp_path, PROMETHEUS_MULTIPROC_DIR=str(folder)
    )
    with Server(environment, tmp_path / "log") as server:
        for made in folder.iterdir():
            shutil.rmtree(made)
        before = [pid for pid in server.process_ids if pid != server.master_id]
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not set(before) & set(server.process_ids) and len(server.process_ids) > 1)

        statuses = [requests.get(f"{server.url}/livez", timeout=30).status_code for _ in range(10)]

    assert before
    assert statuses == [200] * 10
