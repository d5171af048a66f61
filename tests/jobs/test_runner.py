"""The embedded runner."""

from sqlalchemy import func, select

from tests.databases import on_each_database
from tests.jobs import kinds
from tests.servers import wait_until
from tiktok_api.db import db
from tiktok_api.jobs.models import Job


@on_each_database
def test_a_due_job_is_run(enqueue, read_job, start_runner):
    job_id = enqueue()

    start_runner()

    wait_until(lambda: read_job(job_id) is None)


def test_a_job_that_comes_due_later_is_run_then(enqueue, read_job, start_runner):
    start_runner()

    job_id = enqueue()

    wait_until(lambda: read_job(job_id) is None)


@on_each_database
def test_two_runners_run_a_job_once(enqueue, read_job, start_runner, gate):
    job_id = enqueue()
    start_runner()
    start_runner()
    gate.begun.wait(30)

    gate.may_end.set()
    wait_until(lambda: read_job(job_id) is None)

    assert gate.runs == 1


@on_each_database
def test_a_job_longer_than_its_lease_is_not_taken_over(enqueue, claim, read_job, start_runner, gate):
    job_id = enqueue()
    start_runner(lease_seconds=0.6)
    assert gate.begun.wait(30)
    until = read_job(job_id).leased_until

    wait_until(lambda: (read_job(job_id).leased_until - until).total_seconds() > 1.2)

    assert claim(job_id) is None
    assert read_job(job_id).epoch == 1


def test_stopping_finishes_running_jobs_and_starts_no_others(enqueue, read_job, start_runner, gate):
    first = enqueue()
    runner, thread = start_runner(worker_threads=1)
    assert gate.begun.wait(30)
    second = enqueue(unique_key="another job")

    runner.stop()
    gate.may_end.set()
    thread.join(30)

    assert not thread.is_alive()
    assert read_job(first) is None
    assert read_job(second).epoch == 0


def test_a_failing_job_stops_no_other(enqueue, read_job, start_runner):
    def fail_if_told(job):
        if job.payload.get("fails"):
            raise RuntimeError

    kinds.does["tests.anything"] = fail_if_told
    bad = enqueue(unique_key="bad", payload={"fails": True})
    good = enqueue(unique_key="good")

    start_runner(worker_threads=1)

    wait_until(lambda: read_job(good) is None and read_job(bad).attempts == 1)


@on_each_database
def test_a_recurring_job_is_enqueued_once_by_many_runners(app, start_runner):
    start_runner()
    start_runner()

    def enqueued() -> int:
        with app.app_context():
            return db.session.scalar(select(func.count()).where(Job.kind == "tests.daily")) or 0

    wait_until(enqueued)
    assert enqueued() == 1
