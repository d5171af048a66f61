"""gunicorn's master loads the application once, and its processes share no connection, no thread and no random numbers."""

import os
import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import psycopg
import pytest
import requests
from redis import Redis
from sqlalchemy import create_engine

from tests.databases import make_tables, new_database
from tests.media.server_process import Server, environment_of, served
from tests.servers import redis, wait_until

pytestmark = pytest.mark.xdist_group("preloading")


@pytest.fixture
def database(postgresql_server: str) -> str:
    """A database that no other test has been connected to."""
    url = new_database(postgresql_server, "preloading")
    engine = create_engine(url)
    make_tables(engine)
    engine.dispose()
    return url


@pytest.fixture
def counts() -> Iterator[str]:
    """A Redis of the test's own."""
    with redis() as url:
        yield url


@pytest.fixture
def server(database: str, counts: str, tmp_path: Path) -> Iterator[Server]:
    more = {"REDIS_URL": counts, "RATE_LIMIT_ENABLED": "true", "RATE_LIMIT_PER_MINUTE": "1000"}
    with Server(environment_of(database, tmp_path, WEB_CONCURRENCY="2", **more), tmp_path / "log") as running:
        yield running


def threads_of(pid: int) -> int:
    return psutil.Process(pid).num_threads()


def backends_of(url: str) -> set[int]:
    """PostgreSQL's processes that serve connections to this database, but for the one that asks."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        rows = connection.execute(
            "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
        )
        return {pid for (pid,) in rows}


def clients_of(url: str) -> int:
    """Connections to Redis, but for the one that asks."""
    with Redis.from_url(url) as client:
        return len(client.client_list()) - 1


def ask_at_once(server: Server, path: str, *, times: int) -> list[requests.Response]:
    """So that each of the processes has to take some; every request on a connection of its own."""

    def ask(_: int) -> requests.Response:
        return requests.get(f"{server.url}{path}", timeout=60, headers={"Connection": "close"})

    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(ask, range(times)))


def test_nothing_is_open_before_the_fork_and_each_process_opens_its_own(server, database, counts):
    before = backends_of(database), clients_of(counts), threads_of(server.master_id)

    asked = ask_at_once(server, "/readyz", times=64) + ask_at_once(server, "/api/v1/nothing", times=64)

    assert before == (set(), 0, 1)
    assert {response.status_code for response in asked} <= {200, 404, 503}  # no worker runs, which /readyz may say
    assert threads_of(server.master_id) == 1
    assert len(backends_of(database)) >= 2
    assert clients_of(counts) >= 2


def test_processes_never_make_the_same_id(server):
    ids = [response.headers["X-Request-ID"] for response in ask_at_once(server, "/api/v1/nothing", times=320)]

    assert len(set(ids)) == 320


def test_processes_that_died_are_replaced_by_the_same_application(server):
    died = set(server.worker_ids)
    for pid in died:
        os.kill(pid, signal.SIGKILL)

    wait_until(lambda: len(server.process_ids) == 3 and not died & set(server.process_ids), seconds=60)

    assert requests.get(f"{server.url}/livez", timeout=60).status_code == 200
    assert requests.get(f"{server.url}/api/v1/posts", timeout=60).status_code == 401


def test_a_start_that_fails_leaves_no_folder_and_never_listens(database_url, tmp_path):
    counted = tmp_path / "counted"
    (tmp_path / "blocked").write_text("a file")
    environment = environment_of(database_url, tmp_path)
    environment |= {"PROMETHEUS_MULTIPROC_DIR": str(counted), "STORAGE_URL": f"file://{tmp_path}/blocked/media"}

    with pytest.raises(AssertionError, match="STORAGE_URL"):
        Server(environment | {"LOG_LEVEL": "INFO"}, tmp_path / "log").start()

    assert list(counted.iterdir()) == []
    assert "Listening at" not in (tmp_path / "log").read_text()


def test_processes_count_although_something_cleaned_their_folder_away(sqlite_template, tmp_path):
    folder = tmp_path / "counters"
    with served(sqlite_template, tmp_path, PROMETHEUS_MULTIPROC_DIR=str(folder)) as server:
        for made in folder.iterdir():
            shutil.rmtree(made)
        before = set(server.worker_ids)
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: (living := set(server.worker_ids)) and not before & living)

        statuses = [requests.get(f"{server.url}/livez", timeout=30).status_code for _ in range(10)]

    assert before
    assert statuses == [200] * 10
