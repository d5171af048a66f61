"""A database that fails at any statement of a worker loses no job and stops no worker."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, delete, event, select, update

from tests.failing_database import FailStatements, failing_statements
from tests.servers import wait_until
from tiktok_api.db import database_now, db, end_reading, transaction
from tiktok_api.jobs.heartbeats import WorkerHeartbeat
from tiktok_api.jobs.models import Job


@pytest.fixture
def stumble(app) -> Iterator[FailStatements]:
    with failing_statements(db.engine) as at:
        yield at


@pytest.fixture
def beats(app) -> Callable[[], int]:
    def count() -> int:
        end_reading()
        return len(db.session.scalars(select(WorkerHeartbeat)).all())

    return count


@pytest.mark.parametrize(
    "statement",
    ["SELECT jobs.id, jobs.owner_id FROM jobs", "UPDATE jobs SET enqueued_until", "epoch=(jobs.epoch +"],
    ids=["looking", "marking", "claiming"],
)
def test_a_job_that_could_not_be_started_is_started_later(statement, enqueue, read_job, start_runner, stumble):
    job_id = enqueue()
    failed = stumble(statement)

    start_runner(lease_seconds=1)

    wait_until(lambda: read_job(job_id) is None, seconds=60)
    assert len(failed) == 1


def test_a_bug_in_looking_for_jobs_is_logged_and_ends_no_worker(enqueue, read_job, start_runner, stumble, capfd):
    job_id = enqueue()
    failed = stumble("SELECT jobs.id, jobs.owner_id FROM jobs", error=RuntimeError("a bug"))

    start_runner()

    wait_until(lambda: read_job(job_id) is None, seconds=60)
    assert len(failed) == 1
    logged = capfd.readouterr().err
    assert "runner.cannot_look" in logged
    assert "a bug" in logged


def test_a_lease_that_could_not_be_renewed_once_is_renewed_at_the_next_beat(
    enqueue,
    read_job,
    start_runner,
    gate,
    stumble,
):
    job_id = enqueue()
    start_runner(lease_seconds=3)
    assert gate.begun.wait(30)
    failed = stumble("UPDATE jobs SET leased_until")
    wait_until(lambda: failed, seconds=30)
    until = read_job(job_id).leased_until

    wait_until(lambda: read_job(job_id).leased_until > until, seconds=30)

    gate.may_end.set()
    wait_until(lambda: read_job(job_id) is None, seconds=30)
    assert gate.runs == 1


def test_a_worker_does_not_take_from_itself_what_it_still_runs(enqueue, read_job, start_runner, gate):
    job_id = enqueue()
    start_runner(worker_threads=2)
    assert gate.begun.wait(30)
    with transaction() as session:  # as if it had not been able to renew its lease for too long
        session.execute(update(Job).values(leased_until=database_now(timedelta(seconds=-1))))

    wait_until(lambda: read_job(job_id).enqueued_until is not None, seconds=30)

    assert read_job(job_id).epoch == 1
    gate.may_end.set()
    wait_until(lambda: read_job(job_id) is None, seconds=30)
    assert gate.runs == 1


def test_a_beat_that_could_not_be_written_is_written_later(enqueue, read_job, start_runner, stumble, beats):
    failed = stumble("UPDATE worker_heartbeats", times=2)
    job_id = enqueue()

    start_runner()

    wait_until(lambda: read_job(job_id) is None, seconds=30)
    wait_until(lambda: beats() == 1, seconds=60)
    assert len(failed) == 2


def test_a_worker_that_cannot_delete_its_row_still_stops(start_runner, stumble, beats):
    runner, thread = start_runner()
    wait_until(lambda: beats() == 1, seconds=30)
    failed = stumble("DELETE FROM worker_heartbeats WHERE worker_heartbeats.id")

    runner.stop()
    thread.join(30)

    assert not thread.is_alive()
    assert len(failed) == 1
    assert beats() == 1, "it looks dead until its row is swept"


def test_a_job_cancelled_before_its_claim_is_not_run(app, each_database_url, enqueue, read_job, start_runner, gate):
    gate.may_end.set()
    job_id = enqueue()
    elsewhere = create_engine(each_database_url)
    cancelled, one_at_a_time = [], threading.Lock()  # recurring jobs are claimed meanwhile in other lanes

    def before_claiming(*_) -> None:
        with one_at_a_time:
            if threading.current_thread().name.startswith("job") and not cancelled:
                with elsewhere.begin() as connection:
                    cancelled.append(connection.execute(delete(Job).where(Job.id == job_id)).rowcount)

    event.listen(db.engine, "checkout", before_claiming)
    start_runner(worker_threads=1)
    wait_until(lambda: cancelled, seconds=30)
    other_id = enqueue(unique_key="another job")

    wait_until(lambda: read_job(other_id) is None, seconds=30)

    event.remove(db.engine, "checkout", before_claiming)
    elsewhere.dispose()
    assert cancelled == [1]
    assert gate.runs == 1
