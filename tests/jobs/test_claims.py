"""A job is claimed by one worker at a time, and a later claim fences off the earlier one."""

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
def test_of_many_threads_one_claims_the_job(app, enqueue):
    job_id = enqueue()

    def try_it(_number):
        with app.app_context():
            return executor.claim([job_id], timedelta(seconds=60))

    with ThreadPoolExecutor(20) as pool:
        claims = list(pool.map(try_it, range(20)))

    assert [job.epoch for claimed in claims for job in claimed] == [1]


@on_each_database
def test_each_job_is_claimed_by_one_process(enqueue, each_database_url):
    jobs = [str(enqueue(unique_key=str(uuid4()))) for _ in range(40)]
    command = [sys.executable, "-m", "tests.jobs.claiming_process"]
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


def test_a_job_that_is_not_due_is_not_claimed(enqueue, claim):
    job_id = enqueue(due_at=clock.now() + timedelta(seconds=60))

    assert claim(job_id) is None


def test_a_cancelled_job_is_not_claimed(enqueue, claim):
    job_id = enqueue()
    with transaction():
        queue.cancel("the job")

    assert claim(job_id) is None


@on_each_database
def test_a_leased_job_is_not_claimed(enqueue, claim):
    job_id = enqueue()
    claim(job_id)

    assert claim(job_id) is None


@on_each_database
def test_after_its_lease_a_job_is_claimed_with_a_higher_epoch(enqueue, claim):
    job_id = enqueue()
    first = claim(job_id, RUN_OUT)

    second = claim(job_id)

    assert (first.epoch, second.epoch) == (1, 2)


@on_each_database
@pytest.mark.parametrize("outcome", ["done", "again", "failed"])
def test_an_overtaken_worker_records_nothing(enqueue, claim, read_job, outcome):
    job_id = enqueue()
    zombie = claim(job_id, RUN_OUT)
    claim(job_id)
    before = read_job(job_id)
    state = (before.epoch, before.leased_until, before.due_at, before.attempts, before.status)

    def act(_job):
        if outcome == "failed":
            raise RuntimeError("too late")
        return RunAgain(clock.now() + timedelta(days=1)) if outcome == "again" else None

    kinds.does["tests.anything"] = act
    executor.run(zombie)

    after = read_job(job_id)
    assert (after.epoch, after.leased_until, after.due_at, after.attempts, after.status) == state


@on_each_database
def test_an_overtaken_worker_renews_no_lease(enqueue, claim):
    job_id = enqueue()
    zombie = claim(job_id, RUN_OUT)
    current = claim(job_id)

    renewed = [executor.renew_lease(job, timedelta(seconds=60)) for job in (zombie, current)]

    assert renewed == [False, True]


@on_each_database
def test_a_worker_can_find_out_that_it_was_overtaken(enqueue, claim):
    job_id = enqueue()
    zombie = claim(job_id, RUN_OUT)
    current = claim(job_id)

    assert (queue.is_held(zombie), queue.is_held(current)) == (False, True)


def test_a_dead_job_is_not_claimed(enqueue, claim, read_job):
    job_id = enqueue()
    with transaction():
        read_job(job_id).status = JobStatus.DEAD

    assert claim(job_id) is None
