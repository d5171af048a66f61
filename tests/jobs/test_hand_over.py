"""How due jobs get to the threads of a worker: several at a time, and none waits while a thread has nothing to do."""

import threading
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.databases import on_each_database
from tests.failing_database import failing_statements
from tests.jobs import kinds
from tests.listening import listening
from tests.servers import wait_until
from tiktok_api import clock
from tiktok_api.db import database_now, db, end_reading, transaction
from tiktok_api.jobs import executor, queue
from tiktok_api.jobs.models import Job
from tiktok_api.jobs.registry import ClaimedJob

KIND = "tests.publish"
NEVER = 3600.0
"""Seconds between two looks at what has come due."""
LEASE = timedelta(seconds=60)


@dataclass
class NamedJobs:
    """Jobs of one kind. Those that are called slow wait at the gate."""

    gate: Any
    done: list[str] = field(default_factory=list)
    """The names of those that were run, in their order."""
    epochs: dict[str, int] = field(default_factory=dict)

    def enqueue(self, *names: str) -> None:
        """In one transaction; they are due, in this order."""
        began = clock.now()
        with transaction():
            for place, name in enumerate(names):
                due_at = began + place * timedelta(microseconds=1)
                queue.enqueue(KIND, due_at=due_at, owner_id=None, unique_key=name, payload={"name": name})

    def run(self, job: ClaimedJob) -> None:
        name = job.payload["name"]
        if name.startswith("slow"):
            self.gate.pass_through(job)
        self.epochs[name] = job.epoch
        self.done.append(name)

    def make_quick(self) -> None:
        """Have many short jobs run, so that the worker takes them for short."""
        names = numbered(30)
        self.enqueue(*names)
        wait_until(lambda: set(names) <= set(self.done))

    def read(self, name: str) -> Job:
        """A job as the database has it now."""
        end_reading()
        found = select(Job).where(Job.unique_key == name).execution_options(populate_existing=True)
        return db.session.scalars(found).one()


@pytest.fixture
def jobs(app, gate):
    named = NamedJobs(gate)
    kinds.does[KIND] = named.run
    yield named
    kinds.does.clear()


def numbered(count):
    return [f"job {number:03}" for number in range(count)]


@on_each_database
def test_a_thread_that_ends_a_job_goes_on_with_the_next_whatever_the_time_between_two_looks(jobs, start_runner):
    jobs.enqueue(*numbered(100))

    start_runner(worker_threads=2, tick_seconds=NEVER)

    wait_until(lambda: len(jobs.done) == 100)
    assert sorted(jobs.done) == numbered(100)


@on_each_database
def test_what_waits_for_a_long_job_begins_when_it_ends(jobs, start_runner):
    jobs.enqueue("slow", *numbered(3))
    start_runner(worker_threads=1, tick_seconds=NEVER)
    assert jobs.gate.begun.wait(30)

    jobs.gate.may_end.set()

    wait_until(lambda: len(jobs.done) == 4)


@on_each_database
def test_short_jobs_are_claimed_several_at_a_time(jobs, start_runner):
    jobs.enqueue(*numbered(120))
    claims = []

    def see(_connection, _cursor, statement, *_rest):
        if "epoch=(jobs.epoch +" in statement and threading.current_thread().name.startswith("job-publish"):
            claims.append(statement)

    with listening(db.engine, "before_cursor_execute", see):
        start_runner(worker_threads=4)
        wait_until(lambda: len(jobs.done) == 120)

    assert 0 < len(claims) < 120 / 2


@on_each_database
def test_a_job_that_waits_behind_a_long_one_is_given_back_to_other_workers(jobs, start_runner):
    start_runner(worker_threads=1)
    jobs.make_quick()
    jobs.enqueue("slow", "the next")
    assert jobs.gate.begun.wait(30)

    start_runner(worker_threads=1)

    wait_until(lambda: "the next" in jobs.done, seconds=20)
    assert "slow" not in jobs.done
    jobs.gate.may_end.set()


@on_each_database
def test_a_worker_that_stops_gives_back_at_once_what_waits_behind_long_jobs(jobs, start_runner):
    """They end when they end; the others come due meanwhile, at any worker."""
    runner, thread = start_runner(worker_threads=1)
    jobs.make_quick()
    jobs.enqueue("slow", "the next")
    assert jobs.gate.begun.wait(30)
    wait_until(lambda: jobs.read("the next").epoch == 1, every=0.01)

    runner.stop()

    wait_until(lambda: jobs.read("the next").leased_until is None)
    assert thread.is_alive()
    jobs.gate.may_end.set()
    thread.join(30)


@on_each_database
def test_a_lease_that_was_given_back_is_not_renewed(app, jobs):
    with app.app_context():
        jobs.enqueue("a job")
        [job] = executor.claim([jobs.read("a job").id], LEASE)
        executor.give_back([job])

        renewed = executor.renew_lease(job, LEASE)

        assert not renewed
        assert jobs.read("a job").leased_until is None


@on_each_database
def test_a_worker_that_is_told_to_stop_gives_back_what_it_has_not_begun(jobs, start_runner):
    runner, thread = start_runner(worker_threads=1)
    jobs.make_quick()
    jobs.enqueue("slow", "the next")
    assert jobs.gate.begun.wait(30)

    runner.stop()
    jobs.gate.may_end.set()
    thread.join(30)

    assert not thread.is_alive()
    assert "the next" not in jobs.done
    assert jobs.read("the next").leased_until is None


@on_each_database
def test_of_several_jobs_those_are_claimed_that_no_other_worker_holds_in_the_same_order(jobs, claim):
    names = numbered(5)
    jobs.enqueue(*names)
    ids = [jobs.read(name).id for name in names]
    claim(ids[1])
    claim(ids[3], timedelta(seconds=-1))

    claimed = executor.claim([ids[4], ids[3], ids[1], ids[0]], LEASE)

    assert [(job.id, job.epoch) for job in claimed] == [(ids[4], 1), (ids[3], 2), (ids[0], 1)]


@on_each_database
def test_a_job_that_was_given_back_is_claimed_at_once_and_by_one_that_still_holds_it_alone(jobs, claim):
    jobs.enqueue("job")
    zombie = claim(jobs.read("job").id, timedelta(seconds=-1))
    current = claim(zombie.id)

    executor.give_back([zombie])
    assert claim(zombie.id) is None

    executor.give_back([current])
    assert claim(zombie.id).epoch == 3


@on_each_database
def test_only_a_job_whose_lease_has_run_out_is_put_off(jobs, claim):
    jobs.enqueue("ended", "running")
    running = claim(jobs.read("running").id, timedelta(seconds=-1))

    executor.put_off([jobs.read("ended").id, running.id], LEASE)

    assert jobs.read("ended").enqueued_until is None
    assert jobs.read("running").enqueued_until > db.session.scalar(database_now().select())


@on_each_database
def test_a_job_that_no_thread_has_begun_within_its_lease_is_claimed_anew(jobs, start_runner):
    start_runner(worker_threads=1, lease_seconds=0.5)
    jobs.make_quick()
    jobs.enqueue("slow", "the next")
    assert jobs.gate.begun.wait(30)
    until = jobs.read("slow").leased_until

    wait_until(lambda: jobs.read("slow").leased_until - until > timedelta(seconds=0.6), every=0.01)
    jobs.gate.may_end.set()

    wait_until(lambda: "the next" in jobs.done)
    assert jobs.epochs["the next"] == 2


def test_what_could_not_be_given_back_comes_due_when_its_lease_runs_out(jobs, start_runner):
    runner, thread = start_runner(worker_threads=1)
    jobs.make_quick()

    with failing_statements(db.engine) as stumble:
        failed = stumble("UPDATE jobs SET leased_until")
        jobs.enqueue("slow", "the next")
        assert jobs.gate.begun.wait(30)
        runner.stop()
        jobs.gate.may_end.set()
        thread.join(30)

    assert not thread.is_alive()
    assert len(failed) == 1
    assert jobs.read("the next").leased_until is not None


@on_each_database
def test_a_job_whose_end_could_not_be_recorded_comes_due_when_its_lease_runs_out(jobs, start_runner):
    with failing_statements(db.engine) as stumble:
        failed = stumble("DELETE FROM jobs", kind=KIND)
        jobs.enqueue("the job")
        start_runner(lease_seconds=0.5)
        wait_until(lambda: failed)

    wait_until(lambda: jobs.done == ["the job"] * 2)


@on_each_database
def test_a_lane_for_which_no_thread_could_be_started_goes_on_once_one_can(jobs, start_runner, monkeypatch):
    start, refused = threading.Thread.start, []

    def refuse(thread):
        if thread.name.startswith("job-publish"):
            refused.append(thread)
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    jobs.enqueue(*numbered(2))
    start_runner(worker_threads=2)
    wait_until(lambda: refused)

    monkeypatch.undo()

    wait_until(lambda: sorted(jobs.done) == numbered(2))
