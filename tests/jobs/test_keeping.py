"""What becomes of a promise: kept, put off, woken meanwhile, failed."""

from datetime import timedelta

import pytest
import structlog
from sqlalchemy import text

from tests.databases import on_each_database
from tests.jobs import kinds
from tests.running_jobs import run_due_jobs
from tiktok_api import clock
from tiktok_api.db import db, transaction
from tiktok_api.jobs import executor, queue
from tiktok_api.jobs.models import JobStatus
from tiktok_api.jobs.registry import RunAgain

LATER = timedelta(hours=5)


def fail(_ticket):
    raise RuntimeError("it did not work")


@on_each_database
def test_what_is_done_is_forgotten(promise, claim, look):
    job_id = promise()

    executor.run(claim(job_id))

    assert look(job_id) is None


@on_each_database
def test_what_must_wait_comes_due_then(promise, claim, look):
    job_id = promise()
    at = clock.now() + LATER
    kinds.does["tests.anything"] = lambda _: RunAgain(at)

    executor.run(claim(job_id))

    job = look(job_id)
    assert (job.due_at, job.leased_until, job.attempts) == (at, None, 0)


@on_each_database
@pytest.mark.parametrize("outcome", [None, "again"])
def test_what_is_woken_while_it_runs_comes_due_at_once(promise, claim, look, outcome):
    job_id = promise()

    def act(_ticket):
        with transaction():
            assert queue.run_now("the job")
        return RunAgain(clock.now() + LATER) if outcome else None

    kinds.does["tests.anything"] = act
    executor.run(claim(job_id))

    assert look(job_id).due_at <= clock.now()
    assert claim(job_id).epoch == 2


@on_each_database
def test_what_is_promised_again_while_it_runs_is_kept_again(promise, claim, look):
    job_id = promise(payload={"first": True})
    kinds.does["tests.anything"] = lambda _: promise(payload={"second": True}) and None

    executor.run(claim(job_id))

    assert look(job_id).payload == {"second": True}
    assert claim(job_id) is not None


@on_each_database
def test_what_is_withdrawn_while_it_runs_stays_withdrawn(promise, claim, look):
    job_id = promise()

    def act(_ticket):
        with transaction():
            queue.cancel("the job")
        return RunAgain(clock.now())

    kinds.does["tests.anything"] = act
    executor.run(claim(job_id))

    assert look(job_id) is None


def test_waking_what_is_not_promised_says_so(app):
    with transaction():
        assert queue.run_now("nothing") is False


@on_each_database
def test_a_promise_made_twice_is_one(app, promise, look):
    first = promise(due_at=clock.now() + LATER)
    sooner = clock.now()

    second = promise(due_at=sooner)

    assert second == first
    assert look(first).due_at == sooner


@on_each_database
def test_a_promise_made_once_stays_as_it_is(app, promise, look):
    due_at = clock.now() + LATER
    job_id = promise(due_at=due_at)

    with transaction():
        queue.enqueue_once("tests.anything", due_at=clock.now(), unique_key="the job")

    assert look(job_id).due_at == due_at


def test_a_promise_in_a_transaction_that_failed_was_never_made(app):
    def promise_and_fail():
        with transaction():
            queue.enqueue("tests.anything", due_at=clock.now(), unique_key="the job")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        promise_and_fail()

    with transaction():
        assert queue.run_now("the job") is False


@on_each_database
def test_what_failed_is_tried_again_after_a_growing_pause(promise, claim, look):
    job_id, pauses = promise(), []
    kinds.does["tests.anything"] = fail
    for _ in range(2):
        began = clock.now()
        executor.run(claim(job_id))
        pauses.append(look(job_id).due_at - began)
        with transaction():
            queue.run_now("the job")

    job = look(job_id)
    assert timedelta(seconds=1) <= pauses[0] <= timedelta(seconds=3.5)
    assert timedelta(seconds=2) <= pauses[1] <= timedelta(seconds=6.5)
    assert (job.attempts, job.status, job.leased_until) == (2, JobStatus.WAITING, None)
    assert job.last_error == "RuntimeError: it did not work\n"


def test_success_forgives_failures(promise, claim, look):
    job_id = promise()
    kinds.does["tests.anything"] = fail
    executor.run(claim(job_id))
    with transaction():
        queue.run_now("the job")
    kinds.does["tests.anything"] = lambda _: RunAgain(clock.now() + LATER)

    executor.run(claim(job_id))

    assert (look(job_id).attempts, look(job_id).last_error) == (0, None)


@pytest.fixture
def dead_job(promise, claim):
    """One that failed as often as it may."""
    job_id = promise()
    kinds.does["tests.anything"] = fail
    for _ in range(3):
        with transaction():
            queue.run_now("the job")
        executor.run(claim(job_id))
    return job_id


def miss_a_table(_ticket):
    db.session.execute(text("select * from a_table_of_the_next_version"))


@on_each_database
def test_a_schema_that_is_behind_kills_no_job(promise, claim, look):
    job_id = promise()
    kinds.does["tests.anything"] = miss_a_table

    for _ in range(20):
        with transaction():
            queue.run_now("the job")
        executor.run(claim(job_id))

    job = look(job_id)
    assert (job.status, job.attempts) == (JobStatus.WAITING, 0)
    assert job.due_at > clock.now()


def test_what_fails_too_often_is_dead_and_everybody_can_see_it(app, dead_job, look, client):
    assert look(dead_job).status is JobStatus.DEAD
    assert client.get("/readyz").json["checks"]["jobs"]["dead"] == 1
    listed = app.test_cli_runner().invoke(args=["jobs", "dead"]).output
    assert str(dead_job) in listed
    assert "it did not work" in listed


def test_a_dead_job_can_be_given_another_chance(app, dead_job, look):
    kinds.does.clear()

    result = app.test_cli_runner().invoke(args=["jobs", "retry", str(dead_job)])

    assert result.exit_code == 0, result.output
    assert run_due_jobs(app) == 1
    assert look(dead_job) is None


def test_promising_it_anew_revives_a_dead_job(app, dead_job, promise, claim):
    promise()

    assert claim(dead_job) is not None


def test_a_kind_that_nobody_here_knows_stays_for_those_who_do(promise, claim, look):
    job_id = promise("tests.of_another_version")
    for _ in range(12):
        executor.run(claim(job_id))
        with transaction():
            queue.run_now("the job")

    assert look(job_id).status is JobStatus.WAITING


def test_a_job_remembers_the_request_that_asked_for_it(app, promise, claim):
    structlog.contextvars.bind_contextvars(request_id="the request")
    job_id = promise()
    structlog.contextvars.clear_contextvars()
    seen = []
    kinds.does["tests.anything"] = lambda _: seen.append(structlog.contextvars.get_contextvars()["request_id"])

    executor.run(claim(job_id))

    assert seen == ["the request"]
    assert structlog.contextvars.get_contextvars() == {}


@on_each_database
def test_recurring_work_comes_due_again(promise, claim, look):
    job_id = promise("tests.daily")

    executor.run(claim(job_id))

    assert timedelta(hours=23) < look(job_id).due_at - clock.now() <= timedelta(days=1)


def test_recurring_work_says_itself_when_if_it_knows_better(promise, claim, look):
    job_id, at = promise("tests.daily"), clock.now() + LATER
    kinds.does["tests.daily"] = lambda _: RunAgain(at)

    executor.run(claim(job_id))

    assert look(job_id).due_at == at


def test_recurring_work_never_dies(promise, claim, look):
    job_id = promise("tests.daily")
    kinds.does["tests.daily"] = fail
    for _ in range(5):
        executor.run(claim(job_id))
        with transaction():
            queue.run_now("the job")

    assert look(job_id).status is JobStatus.WAITING
    assert look(job_id).attempts == 5
