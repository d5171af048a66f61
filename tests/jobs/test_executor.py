"""The outcomes of a job: done, run again, enqueued again meanwhile, failed."""

from datetime import timedelta

import pytest
import structlog
from sqlalchemy import select, text

from tests.databases import on_each_database
from tests.due_jobs import run_due_jobs
from tests.jobs import kinds
from tiktok_api import clock
from tiktok_api.db import db, transaction
from tiktok_api.jobs import executor, queue
from tiktok_api.jobs.models import Job, JobStatus
from tiktok_api.jobs.registry import RunAgain

LATER = timedelta(hours=5)


def fail(_job):
    raise RuntimeError("it did not work")


@on_each_database
def test_a_job_that_is_done_is_deleted(enqueue, claim, read_job):
    job_id = enqueue()

    executor.run(claim(job_id))

    assert read_job(job_id) is None


@on_each_database
def test_a_job_that_asks_to_run_again_comes_due_then(enqueue, claim, read_job):
    job_id = enqueue()
    at = clock.now() + LATER
    kinds.does["tests.anything"] = lambda _: RunAgain(at)

    executor.run(claim(job_id))

    job = read_job(job_id)
    assert (job.due_at, job.leased_until, job.attempts) == (at, None, 0)


@on_each_database
@pytest.mark.parametrize("outcome", [None, "again"])
def test_a_job_that_is_enqueued_again_while_it_runs_comes_due_at_its_new_time(enqueue, claim, read_job, outcome):
    job_id = enqueue()

    def act(_job):
        with transaction():
            queue.enqueue("tests.anything", owner_id=None, due_at=clock.now(), unique_key="the job")
        return RunAgain(clock.now() + LATER) if outcome else None

    kinds.does["tests.anything"] = act
    executor.run(claim(job_id))

    assert read_job(job_id).due_at <= clock.now()
    assert claim(job_id).epoch == 2


@on_each_database
def test_a_job_that_is_enqueued_again_while_it_runs_runs_again(enqueue, claim, read_job):
    job_id = enqueue(payload={"first": True})
    kinds.does["tests.anything"] = lambda _: enqueue(payload={"second": True}) and None

    executor.run(claim(job_id))

    assert read_job(job_id).payload == {"second": True}
    assert claim(job_id) is not None


@on_each_database
def test_a_job_that_is_cancelled_while_it_runs_stays_cancelled(enqueue, claim, read_job):
    job_id = enqueue()

    def act(_job):
        with transaction():
            queue.cancel("the job")
        return RunAgain(clock.now())

    kinds.does["tests.anything"] = act
    executor.run(claim(job_id))

    assert read_job(job_id) is None


@on_each_database
def test_enqueueing_twice_makes_one_job(app, enqueue, read_job):
    first = enqueue(due_at=clock.now() + LATER)
    sooner = clock.now()

    second = enqueue(due_at=sooner)

    assert second == first
    assert read_job(first).due_at == sooner


@on_each_database
def test_enqueue_once_leaves_an_existing_job_as_it_is(app, enqueue, read_job):
    due_at = clock.now() + LATER
    job_id = enqueue(due_at=due_at)

    with transaction():
        queue.enqueue_once("tests.anything", due_at=clock.now(), unique_key="the job")

    assert read_job(job_id).due_at == due_at


def test_a_job_enqueued_in_a_failed_transaction_does_not_exist(app):
    def enqueue_and_fail():
        with transaction():
            queue.enqueue("tests.anything", owner_id=None, due_at=clock.now(), unique_key="the job")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        enqueue_and_fail()

    assert db.session.scalar(select(Job.id)) is None


@on_each_database
def test_a_failed_job_is_tried_again_after_a_growing_pause(enqueue, claim, read_job, make_due):
    job_id, pauses = enqueue(), []
    kinds.does["tests.anything"] = fail
    for _ in range(2):
        began = clock.now()
        executor.run(claim(job_id))
        pauses.append(read_job(job_id).due_at - began)
        make_due()

    job = read_job(job_id)
    assert timedelta(seconds=1) <= pauses[0] <= timedelta(seconds=3.5)
    assert timedelta(seconds=2) <= pauses[1] <= timedelta(seconds=6.5)
    assert (job.attempts, job.status, job.leased_until) == (2, JobStatus.WAITING, None)
    assert job.last_error == "RuntimeError: it did not work\n"


def test_success_forgives_failures(enqueue, claim, read_job, make_due):
    job_id = enqueue()
    kinds.does["tests.anything"] = fail
    executor.run(claim(job_id))
    make_due()
    kinds.does["tests.anything"] = lambda _: RunAgain(clock.now() + LATER)

    executor.run(claim(job_id))

    assert (read_job(job_id).attempts, read_job(job_id).last_error) == (0, None)


@pytest.fixture
def dead_job(enqueue, claim, make_due):
    """One that failed as often as it may."""
    job_id = enqueue()
    kinds.does["tests.anything"] = fail
    for _ in range(3):
        make_due()
        executor.run(claim(job_id))
    return job_id


def miss_a_table(_job):
    db.session.execute(text("select * from a_table_of_the_next_version"))


@on_each_database
def test_a_schema_that_is_behind_kills_no_job(enqueue, claim, read_job, make_due):
    job_id = enqueue()
    kinds.does["tests.anything"] = miss_a_table

    for _ in range(20):
        make_due()
        executor.run(claim(job_id))

    job = read_job(job_id)
    assert (job.status, job.attempts) == (JobStatus.WAITING, 0)
    assert job.due_at > clock.now()


def test_a_job_that_fails_too_often_is_dead_and_shown(app, dead_job, read_job, client):
    assert read_job(dead_job).status is JobStatus.DEAD
    assert client.get("/readyz").json["checks"]["jobs"]["dead"] == 1
    listed = app.test_cli_runner().invoke(args=["jobs", "dead"]).output
    assert str(dead_job) in listed
    assert "it did not work" in listed


def test_a_dead_job_can_be_given_another_chance(app, dead_job, read_job):
    kinds.does.clear()

    result = app.test_cli_runner().invoke(args=["jobs", "retry", str(dead_job)])

    assert result.exit_code == 0, result.output
    assert run_due_jobs(app) == 1
    assert read_job(dead_job) is None


def test_enqueueing_again_revives_a_dead_job(app, dead_job, enqueue, claim):
    enqueue()

    assert claim(dead_job) is not None


def test_a_job_of_an_unknown_kind_stays_for_workers_that_know_it(enqueue, claim, read_job, make_due):
    job_id = enqueue("tests.of_another_version")
    for _ in range(12):
        executor.run(claim(job_id))
        make_due()

    assert read_job(job_id).status is JobStatus.WAITING


def test_a_job_remembers_the_request_that_asked_for_it(app, enqueue, claim):
    structlog.contextvars.bind_contextvars(request_id="the request")
    job_id = enqueue()
    structlog.contextvars.clear_contextvars()
    seen = []
    kinds.does["tests.anything"] = lambda _: seen.append(structlog.contextvars.get_contextvars()["request_id"])

    executor.run(claim(job_id))

    assert seen == ["the request"]
    assert structlog.contextvars.get_contextvars() == {}


@on_each_database
def test_a_recurring_job_comes_due_again(enqueue, claim, read_job):
    job_id = enqueue("tests.daily")

    executor.run(claim(job_id))

    assert timedelta(hours=23) < read_job(job_id).due_at - clock.now() <= timedelta(days=1)


def test_a_recurring_task_may_name_its_next_time(enqueue, claim, read_job):
    job_id, at = enqueue("tests.daily"), clock.now() + LATER
    kinds.does["tests.daily"] = lambda _: RunAgain(at)

    executor.run(claim(job_id))

    assert read_job(job_id).due_at == at


def test_a_recurring_job_never_dies(enqueue, claim, read_job, make_due):
    job_id = enqueue("tests.daily")
    kinds.does["tests.daily"] = fail
    for _ in range(5):
        executor.run(claim(job_id))
        make_due()

    assert read_job(job_id).status is JobStatus.WAITING
    assert read_job(job_id).attempts == 5
