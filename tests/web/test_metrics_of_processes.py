"""/metrics of several gunicorn processes and a worker: one scrape tells of all of them, and no counter goes back."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.media.server_process import ROOT, Server, environment_of
from tests.servers import wait_until

ASKED = 40


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the processes leave what they count."""
    return tmp_path / "counted"


@pytest.fixture
def server(sqlite_template: Path, tmp_path: Path, folder: Path) -> Iterator[Server]:
    shutil.copy(sqlite_template, tmp_path / "test.sqlite3")
    environment = environment_of(f"sqlite:///{tmp_path / 'test.sqlite3'}", tmp_path, WEB_CONCURRENCY="2")
    environment["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    with Server(environment, tmp_path / "log") as running:
        yield running


def counted(server: Server, name: str, **labels: str) -> float:
    text = requests.get(f"{server.url}/metrics", timeout=30).text
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == f"tiktok_api_{name}" and labels.items() <= sample.labels.items()
    )


def ask(server: Server, times: int) -> None:
    for _ in range(times):
        with contextlib.suppress(requests.ConnectionError):
            requests.get(f"{server.url}/nothing", timeout=30, headers={"Connection": "close"})


def are_replaced(server: Server, died: frozenset[int]) -> bool:
    living = server.worker_ids
    return len(living) == 2 and not died & set(living)


def test_each_request_is_counted_once_whichever_process_answers(server):
    threads = [threading.Thread(target=ask, args=(server, ASKED // 4)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    found = [counted(server, "http_requests_total", route="unmatched", status="404") for _ in range(8)]

    assert found == [ASKED] * 8  # one process or the other answers the scrape
    assert counted(server, "http_request_duration_seconds_count", route="unmatched") == ASKED


def test_a_dead_process_loses_no_count_and_leaves_no_file(server, folder):
    ask(server, ASKED)
    before = counted(server, "http_requests_total", route="unmatched")
    died: set[int] = set()
    for _ in range(2):
        died |= set(server.worker_ids)
        for pid in server.worker_ids:
            os.kill(pid, signal.SIGKILL)
        wait_until(partial(are_replaced, server, frozenset(died)), seconds=90)
    wait_until(server._is_up, seconds=90)

    def is_forgotten() -> bool:
        [own] = folder.iterdir()
        named = {int(pid) for file in own.glob("*.db") if (pid := file.stem.rpartition("_")[2]).isdigit()}
        return not named & died

    wait_until(is_forgotten)
    assert counted(server, "http_requests_total", route="unmatched") == before == ASKED
    assert counted(server, "http_requests_in_flight") == 1


def test_the_folder_is_removed_with_the_server_and_that_of_a_killed_one_later(server, folder):
    [first] = folder.iterdir()
    server.kill()
    assert first.exists()

    server.start()

    [second] = folder.iterdir()
    assert second != first
    os.kill(server.master_id, signal.SIGTERM)
    wait_until(lambda: not list(folder.iterdir()), seconds=60)


def test_a_worker_in_a_process_of_its_own_is_seen_through_the_api(server):
    worker = subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "wsgi", "worker"],
        cwd=ROOT,
        env=server.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(
            lambda: counted(server, "jobs_total", kind="media.sweep", outcome="again") == 1, seconds=120, every=1
        )
        wait_until(lambda: counted(server, "workers_alive") == 1, every=1)  # the other process read its gauges earlier
        wait_until(lambda: counted(server, "job_duration_seconds_count", kind="media.sweep") == 1, every=1)
    finally:
        worker.terminate()
        assert worker.wait(60) == 0

    wait_until(lambda: counted(server, "workers_alive") == 0, seconds=60, every=1)
    assert counted(server, "jobs_total", kind="media.sweep", outcome="again") == 1
