"""How due jobs get to the threads of a worker: several at a time, and none waits while a thread has nothing to do."""

from datetime import timedelta

import pytest
from sqlalchemy import event, func, select

from tests.databases import on_each_database
from tests.failing_database import failing_statements
from tests.jobs import kinds
from tests.servers import wait_until
from tiktok_api import clock
from tiktok_api.db import database_now, db, end_reading, transaction
from tiktok_api.jobs import executor, queue
from tiktok_api.jobs.models import Job

KIND = "tests.publish"
NEVER = 3600.0
"""Seconds between two looks at what has come due."""
LEASE = timedelta(seconds=60)


@pytest.fixture
def enqueue_named(app):
    """Enqueue due jobs in one transaction; they come due in the order of their names."""

    def make(*names):
        began = clock.now()
        with transaction():
            for place, name in enumerate(names):
                due_at = began + place * timedelta(microseconds=1)
                queue.enqueue(KIND, due_at=due_at, owner_id=None, unique_key=name, payload={"name": name})

    return make


@pytest.fixture
def done(gate):
    """The names of the jobs that were run; those that are called slow wait at the gate before."""
    names = []

    def run(job):
        if job.payload["name"].startswith("slow"):
            gate.pass_through(job)
        names.append(job.payload["name"])

    kinds.does[KIND] = run
    yield names
    kinds.does.clear()


def numbered(count):
    return [f"job {number:03}" for number in range(count)]


@on_each_database
def test_a_thread_that_ends_a_job_goes_on_with_the_next_whatever_the_time_between_two_looks(
    enqueue_named, done, start_runner
):
    enqueue_named(*numbered(100))

    start_runner(worker_threads=2, tick_seconds=NEVER)

    wait_until(lambda: len(done) == 100)
    assert sorted(done) == numbered(100)


@on_each_database
def test_what_waits_for_a_long_job_begins_when_it_ends(enqueue_named, done, start_runner, gate):
    enqueue_named("slow", *numbered(3))
    start_runner(worker_threads=1, tick_seconds=NEVER)
    assert gate.begun.wait(30)

    gate.may_end.set()

    wait_until(lambda: len(done) == 4)


@on_each_database
def test_short_jobs_are_claimed_several_at_a_time(enqueue_named, done, start_runner):
    enqueue_named(*numbered(120))
    claims = []

    def see(_connection, _cursor, statement, *_rest):
        if "epoch=(jobs.epoch +" in statement and "worker" not in statement:
            claims.append(statement)

    event.listen(db.engine, "before_cursor_execute", see)
    start_runner(worker_threads=4)
    wait_until(lambda: len(done) == 120)
    event.remove(db.engine, "before_cursor_execute", see)

    recurring = 40
    assert len(claims) < 120 / 2 + recurring


@on_each_database
def test_a_job_that_waits_behind_a_long_one_is_given_back_to_other_workers(enqueue_named, done, start_runner, gate):
    enqueue_named(*numbered(30))
    start_runner(worker_threads=1)
    wait_until(lambda: len(done) == 30)
    enqueue_named("slow", "the next")
    assert gate.begun.wait(30)

    start_runner(worker_threads=1)

    wait_until(lambda: "the next" in done)
    assert "slow" not in done
    gate.may_end.set()


@on_each_database
def test_a_worker_that_is_told_to_stop_gives_back_what_it_has_not_begun(
    app, enqueue_named, done, start_runner, gate, read_named
):
    enqueue_named(*numbered(30))
    runner, thread = start_runner(worker_threads=1)
    wait_until(lambda: len(done) == 30)
    enqueue_named("slow", "the next")
    assert gate.begun.wait(30)

    runner.stop()
    gate.may_end.set()
    thread.join(30)

    assert not thread.is_alive()
    assert "the next" not in done
    assert read_named("the next").leased_until is None


@pytest.fixture
def read_named(app):
    """A job as the database has it now."""

    def find(name):
        db.session.rollback()
        return db.session.query(Job).where(Job.unique_key == name).populate_existing().one_or_none()

    return find


@on_each_database
def test_of_several_jobs_those_are_claimed_that_no_other_worker_holds_in_the_same_order(
    enqueue_named, read_named, claim
):
    names = numbered(5)
    enqueue_named(*names)
    ids = [read_named(name).id for name in names]
    claim(ids[1])
    claim(ids[3], timedelta(seconds=-1))

    claimed = executor.claim_all([ids[4], ids[3], ids[1], ids[0]], LEASE)

    assert [(job.id, job.epoch) for job in claimed] == [(ids[4], 1), (ids[3], 2), (ids[0], 1)]


@on_each_database
def test_a_job_that_was_given_back_is_claimed_at_once_and_by_one_that_still_holds_it_alone(
    enqueue_named, read_named, claim
):
    enqueue_named("job")
    zombie = claim(read_named("job").id, timedelta(seconds=-1))
    current = claim(zombie.id)

    executor.give_back([zombie])
    assert claim(zombie.id) is None

    executor.give_back([current])
    assert claim(zombie.id).epoch == 3


@on_each_database
def test_only_a_job_whose_lease_has_run_out_is_put_off(enqueue_named, read_named, claim):
    enqueue_named("ended", "running")
    running = claim(read_named("running").id, timedelta(seconds=-1))

    executor.put_off([read_named("ended").id, running.id], LEASE)

    assert read_named("ended").enqueued_until is None
    assert read_named("running").enqueued_until > db.session.scalar(database_now().select())


@on_each_database
def test_a_job_that_no_thread_has_begun_within_its_lease_is_claimed_anew(app, enqueue_named, done, start_runner, gate):
    names = [*numbered(30), "slow a", "slow b", *(f"late {number}" for number in range(9))]
    enqueue_named(*names)
    epochs = {}
    run = kinds.does[KIND]
    kinds.does[KIND] = lambda job: run(job) or epochs.update({job.payload["name"]: job.epoch})
    start_runner(worker_threads=1, tick_seconds=NEVER, lease_seconds=0.5)
    assert gate.begun.wait(30)

    until = _first_lease_end()
    wait_until(lambda: _first_lease_end() - until > timedelta(seconds=0.6))
    gate.may_end.set()

    wait_until(lambda: len(done) == len(names))
    assert sorted(done) == sorted(names)
    assert sorted(epochs.values())[-2:] == [1, 2]


def _first_lease_end():
    end_reading()
    return db.session.scalar(select(func.min(Job.leased_until)).where(Job.kind == KIND))


def test_what_could_not_be_given_back_comes_due_when_its_lease_runs_out(
    app, enqueue_named, done, start_runner, gate, read_named
):
    enqueue_named(*numbered(30))
    runner, thread = start_runner(worker_threads=1)
    wait_until(lambda: len(done) == 30)
    enqueue_named("slow", "the next")
    assert gate.begun.wait(30)

    with failing_statements(db.engine) as stumble:
        failed = stumble("UPDATE jobs SET leased_until")
        runner.stop()
        gate.may_end.set()
        thread.join(30)

    assert not thread.is_alive()
    assert len(failed) == 1
    assert read_named("the next").leased_until is not None
