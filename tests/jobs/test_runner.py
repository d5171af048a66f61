"""The embedded runner."""

from sqlalchemy import func, select

from tests.databases import on_each_database
from tests.jobs import kinds
from tests.servers import wait_until
from tiktok_api.db import db
from tiktok_api.jobs.models import Job


@on_each_database
def test_what_is_due_is_done(promise, look, start_runner):
    job_id = promise()

    start_runner()

    wait_until(lambda: look(job_id) is None)


def test_what_comes_due_later_is_done_then(promise, look, start_runner):
    start_runner()

    job_id = promise()

    wait_until(lambda: look(job_id) is None)


@on_each_database
def test_two_runners_do_it_once(promise, look, start_runner, gate):
    job_id = promise()
    start_runner()
    start_runner()
    gate.begun.wait(30)

    gate.may_end.set()
    wait_until(lambda: look(job_id) is None)

    assert gate.runs == 1


@on_each_database
def test_a_job_longer_than_its_lease_stays_whose_it_is(promise, claim, look, start_runner, gate):
    job_id = promise()
    start_runner(lease_seconds=0.6)
    assert gate.begun.wait(30)
    until = look(job_id).leased_until

    wait_until(lambda: (look(job_id).leased_until - until).total_seconds() > 1.2)

    assert claim(job_id) is None
    assert look(job_id).epoch == 1


def test_stopping_ends_what_runs_and_begins_nothing(promise, look, start_runner, gate):
    first = promise()
    runner, thread = start_runner(worker_threads=1)
    assert gate.begun.wait(30)
    second = promise(unique_key="another job")

    runner.stop()
    gate.may_end.set()
    thread.join(30)

    assert not thread.is_alive()
    assert look(first) is None
    assert look(second).epoch == 0


def test_a_job_that_fails_takes_nothing_with_it(promise, look, start_runner):
    def fail_if_told(job):
        if job.payload.get("fails"):
            raise RuntimeError

    kinds.does["tests.anything"] = fail_if_told
    bad = promise(unique_key="bad", payload={"fails": True})
    good = promise(unique_key="good")

    start_runner(worker_threads=1)

    wait_until(lambda: look(good) is None and look(bad).attempts == 1)


@on_each_database
def test_recurring_work_is_promised_once_however_many_start(app, start_runner):
    start_runner()
    start_runner()

    def promised() -> int:
        with app.app_context():
            return db.session.scalar(select(func.count()).where(Job.kind == "tests.daily")) or 0

    wait_until(promised)
    assert promised() == 1
