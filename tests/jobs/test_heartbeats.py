"""Heartbeats of workers in processes of their own."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from tests.databases import on_each_database
from tests.jobs import kinds
from tests.media.server_process import ROOT, environment_of
from tests.servers import wait_until
from tiktok_api.db import database_now, db, end_reading, transaction
from tiktok_api.jobs.heartbeats import WorkerHeartbeat
from tiktok_api.jobs.runner import Runner

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start_worker(each_database_url: str, tmp_path: Path) -> Iterator[Start]:
    """`flask worker`, as a process."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*options: str, **variables: str) -> subprocess.Popen[bytes]:
        with (tmp_path / "worker.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "flask", "--app", "wsgi", "worker", *options],
                cwd=ROOT,
                env=environment_of(each_database_url, tmp_path, **variables),
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def rows(app) -> Callable[[], list[WorkerHeartbeat]]:
    """The rows as they are now."""

    def read() -> list[WorkerHeartbeat]:
        end_reading()
        query = select(WorkerHeartbeat).order_by(WorkerHeartbeat.id).execution_options(populate_existing=True)
        return list(db.session.scalars(query))

    return read


@pytest.fixture
def workers(app) -> Callable[[], dict]:
    """What `/readyz` says of them."""
    return lambda: app.test_client().get("/readyz").json["checks"]["workers"]


@pytest.fixture
def upgraded(tmp_path: Path) -> Path:
    """An SQLite database as an upgrade leaves it."""
    file = tmp_path / "upgraded.sqlite3"
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"]
    subprocess.run(command, cwd=ROOT, env=environment_of(f"sqlite:///{file}", tmp_path), check=True)
    return file


@on_each_database
def test_a_worker_has_a_row_until_it_stops(start_worker, rows, workers):
    assert rows() == []
    process = start_worker(WORKER_THREADS="3", WORKER_MEDIA_THREADS="1")
    wait_until(rows, seconds=60)

    [beat] = rows()
    assert (beat.pid, beat.threads, beat.busy) == (process.pid, 3 + 2 + 2 + 3 + 1 + 3 + 1, 0)
    assert beat.lanes == ["publish", "renew", "deliver", "sync", "media", "import", "film"]
    assert beat.host
    assert beat.version
    assert workers()["status"] == "ok"
    assert (workers()["alive"], workers()["threads"]) == (1, 15)

    process.send_signal(signal.SIGTERM)

    assert process.wait(30) == 0
    assert rows() == []


@on_each_database
def test_a_worker_of_some_lanes_leaves_the_others_alone(start_worker, rows, read_job, enqueue):
    other, ours = enqueue("tests.media", unique_key="other"), enqueue("auth.sweep", unique_key="ours")
    start_worker("--lanes", "publish, sync")

    wait_until(lambda: read_job(ours).epoch and read_job(ours).leased_until is None, seconds=60)

    wait_until(rows)
    assert [beat.lanes for beat in rows()] == [["publish", "sync"]]
    assert read_job(other).epoch == 0


def test_an_unknown_lane_is_named_with_those_there_are(app):
    result = app.test_cli_runner().invoke(args=["worker", "--lanes", "publish,pictures"])

    assert result.exit_code == 2
    assert "There is no lane 'pictures'; there are publish, renew, deliver, sync, media, import, film." in result.output


@on_each_database
def test_a_worker_beats_repeatedly(start_worker, rows):
    start_worker()
    wait_until(rows, seconds=60)
    [first] = [beat.beat_at for beat in rows()]

    wait_until(lambda: rows()[0].beat_at > first, seconds=60)

    assert len(rows()) == 1


@on_each_database
def test_a_killed_worker_is_reported(start_worker, rows, workers, age_beats, client_of):
    process = start_worker()
    wait_until(rows, seconds=60)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert workers()["alive"] == 1, "it may still be alive"

    age_beats(timedelta(seconds=40))

    found = workers()
    assert (found["status"], found["alive"]) == ("degraded", 0)
    assert found["last_beat_seconds"] >= 40
    ready = client_of().get("/readyz")
    assert (ready.status_code, ready.json["status"]) == (200, "degraded")


@on_each_database
def test_a_worker_restores_its_deleted_row_and_deletes_old_ones(start_worker, rows, age_beats):
    process = start_worker()
    wait_until(rows, seconds=60)
    with transaction() as session:
        for gone in rows():
            session.delete(gone)
        session.add(
            WorkerHeartbeat(
                host="elsewhere",
                pid=1,
                version="0",
                threads=1,
                busy=0,
                started_at=database_now(timedelta(hours=-3)),
                beat_at=database_now(timedelta(hours=-2)),
            )
        )

    wait_until(lambda: [beat.pid for beat in rows()] == [process.pid], seconds=60)


def test_a_worker_waits_for_a_database_that_is_not_upgraded_yet(tmp_path, start_worker, upgraded):
    later = tmp_path / "later.sqlite3"
    process = start_worker(DATABASE_URL=f"sqlite:///{later}")
    wait_until(lambda: "worker.waits_for_database" in (tmp_path / "worker.log").read_text(), seconds=60)
    assert process.poll() is None
    with closing(sqlite3.connect(upgraded)) as source, closing(sqlite3.connect(later)) as target:
        source.backup(target)

    def count() -> int:
        with closing(sqlite3.connect(later)) as connection:
            return int(connection.execute("select count(*) from jobs").fetchone()[0])

    wait_until(count, seconds=60)


def test_a_worker_before_the_first_upgrade_ends_and_says_which_command_to_run(tmp_path, start_worker):
    process = start_worker(DATABASE_URL=f"sqlite:///{tmp_path / 'later.sqlite3'}")

    status = process.wait(120)

    said = (tmp_path / "worker.log").read_text()
    assert status > 0, said
    assert "tiktok-api upgrade" in said
    assert "Traceback" not in said


def test_a_worker_that_waits_for_a_database_stops_when_it_is_told_to(tmp_path, start_worker):
    process = start_worker(DATABASE_URL=f"sqlite:///{tmp_path / 'later.sqlite3'}")
    wait_until(lambda: "worker.waits_for_database" in (tmp_path / "worker.log").read_text(), seconds=60)

    process.send_signal(signal.SIGTERM)

    assert process.wait(30) == 0


def test_a_database_that_goes_away_is_a_sentence_in_the_log(tmp_path, start_worker, upgraded):
    process = start_worker(DATABASE_URL=f"sqlite:///{upgraded}")

    def has_begun() -> int:
        with closing(sqlite3.connect(upgraded)) as connection:
            return int(connection.execute("select count(*) from jobs where due_at > datetime('now')").fetchone()[0])

    wait_until(has_begun, seconds=60)
    with closing(sqlite3.connect(upgraded, timeout=60)) as connection:
        connection.execute("alter table jobs rename to away")
        connection.commit()
    log = tmp_path / "worker.log"
    wait_until(lambda: log.read_text().count("worker.waits_for_database") >= 2, seconds=60)

    assert process.poll() is None
    said = [line for line in log.read_text().splitlines() if "waits_for_database" in line]
    assert said
    assert "Traceback" not in "".join(said)


@on_each_database
def test_business_time_that_is_moved_kills_no_worker(start_worker, rows, workers, app):
    start_worker(ALLOW_TEST_CLOCK="true")
    wait_until(rows, seconds=60)

    app.test_cli_runner().invoke(args=["clock", "advance", "864000"])

    assert workers()["alive"] == 1


@pytest.fixture
def age_beats(app):
    """As if so much time had gone by since the last beat of every worker."""

    def age(by: timedelta) -> None:
        with transaction() as session:
            session.execute(update(WorkerHeartbeat).values(beat_at=database_now(-by)))

    return age


@pytest.fixture
def client_of(app):
    return app.test_client


def test_a_busy_worker_beats_all_the_same(app, rows, enqueue, base_settings):
    begun, may_end = threading.Event(), threading.Event()

    def hold(_job) -> None:
        begun.set()
        assert may_end.wait(60)

    kinds.does["tests.anything"] = hold
    enqueue()
    runner = Runner(app, base_settings.replace(worker_threads=1))
    thread = threading.Thread(target=runner.run_forever)
    thread.start()
    try:
        assert begun.wait(30)
        wait_until(lambda: [beat.busy for beat in rows()] == [1], seconds=30)
        first = rows()[0].beat_at
        wait_until(lambda: rows()[0].beat_at > first, seconds=30)
    finally:
        may_end.set()
        runner.stop()
        thread.join(30)
    assert rows() == []
