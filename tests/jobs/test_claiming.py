"""A job is claimed by one worker at a time, and whoever claims it later fences off whoever claimed it before."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from tests.databases import on_each_database
from tests.jobs import kinds
from tiktok_api import clock
from tiktok_api.db import transaction
from tiktok_api.jobs import executor, queue
from tiktok_api.jobs.models import JobStatus
from tiktok_api.jobs.registry import RunAgain

RUN_OUT = timedelta(seconds=-1)


@on_each_database
def test_of_many_threads_one_claims(app, promise):
    job_id = promise()

    def try_it(_number):
        with app.app_context():
            return executor.claim(job_id, timedelta(seconds=60))

    with ThreadPoolExecutor(20) as pool:
        tickets = list(pool.map(try_it, range(20)))

    assert [job.epoch for job in tickets if job] == [1]


@on_each_database
def test_of_many_processes_each_job_has_one(promise, each_database_url):
    jobs = [str(promise(unique_key=str(uuid4()))) for _ in range(40)]
    command = [sys.executable, "-m", "tests.jobs.claimer"]
    environment = os.environ | {"DATABASE_URL": each_database_url}
    workers = [
        subprocess.Popen(
            command, env=environment, cwd=Path.cwd(), text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(2)
    ]
    for worker in workers:
        assert worker.stdout.readline() == "ready\n"

    for worker in workers:
        worker.stdin.write(" ".join(jobs) + "\n")
        worker.stdin.flush()
    claimed = [worker.communicate(timeout=60)[0].split() for worker in workers]

    assert sorted(claimed[0] + claimed[1]) == sorted(jobs)


def test_what_is_not_due_is_not_claimed(promise, claim):
    job_id = promise(due_at=clock.now() + timedelta(seconds=60))

    assert claim(job_id) is None


def test_what_was_withdrawn_is_not_claimed(promise, claim):
    job_id = promise()
    with transaction():
        queue.cancel("the job")

    assert claim(job_id) is None


@on_each_database
def test_what_is_held_is_not_claimed(promise, claim):
    job_id = promise()
    claim(job_id)

    assert claim(job_id) is None


@on_each_database
def test_when_its_lease_is_over_it_is_claimed_with_a_higher_epoch(promise, claim):
    job_id = promise()
    first = claim(job_id, RUN_OUT)

    second = claim(job_id)

    assert (first.epoch, second.epoch) == (1, 2)


@on_each_database
@pytest.mark.parametrize("outcome", ["done", "again", "failed"])
def test_who_was_taken_over_settles_nothing(promise, claim, look, outcome):
    job_id = promise()
    zombie = claim(job_id, RUN_OUT)
    claim(job_id)
    before = look(job_id)
    state = (before.epoch, before.leased_until, before.due_at, before.attempts, before.status)

    def act(_ticket):
        if outcome == "failed":
            raise RuntimeError("too late")
        return RunAgain(clock.now() + timedelta(days=1)) if outcome == "again" else None

    kinds.does["tests.anything"] = act
    executor.run(zombie)

    after = look(job_id)
    assert (after.epoch, after.leased_until, after.due_at, after.attempts, after.status) == state


@on_each_database
def test_who_was_taken_over_renews_no_lease(promise, claim):
    job_id = promise()
    zombie = claim(job_id, RUN_OUT)
    current = claim(job_id)

    renewed = [executor.renew_lease(job, timedelta(seconds=60)) for job in (zombie, current)]

    assert renewed == [False, True]


@on_each_database
def test_who_was_taken_over_can_find_out(promise, claim):
    job_id = promise()
    zombie = claim(job_id, RUN_OUT)
    current = claim(job_id)

    assert (queue.is_held(zombie), queue.is_held(current)) == (False, True)


def test_a_dead_job_is_not_claimed(promise, claim, look):
    job_id = promise()
    with transaction():
        look(job_id).status = JobStatus.DEAD

    assert claim(job_id) is None
