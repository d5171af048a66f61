"""Each post of a recurrence is made exactly once: by workers at the same moment, and after one that was killed."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest

from tests.databases import on_each_database
from tiktok_api.db import transaction
from tiktok_api.posts.recurrences.materialisation import materialise

WORKERS = 4


@pytest.fixture
def recurrence_id(owner, draft):
    """A recurrence whose posts no worker has made yet."""
    response = owner.post("/recurrences", json=draft | {"rule": "FREQ=DAILY;COUNT=5"})
    assert response.status_code == 201, response.json
    return response.json["id"]


@on_each_database
def test_workers_that_both_believe_to_hold_the_job_make_each_post_once(app, recurrence_id, posts):
    barrier = Barrier(WORKERS)

    def work(_number):
        with app.app_context():
            barrier.wait(30)
            with transaction():
                materialise(UUID(recurrence_id))

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(work, range(WORKERS)))

    assert len(posts("scheduled")) == 5
    assert len({post["publish_at"] for post in posts()}) == 5


@on_each_database
def test_after_a_worker_was_killed_another_makes_each_post_once(
    each_database_url, recurrence_id, owner, posts, run_jobs
):
    for number in (1, 6, 14, 30, -1):
        command = [sys.executable, "-m", "tests.posts.recurrences.dying_process", each_database_url]

        died = subprocess.run([*command, recurrence_id, str(number)], check=False, capture_output=True, timeout=120)

        assert died.returncode == -9, died.stderr
        assert posts() == []
    run_jobs()
    assert len(posts("scheduled")) == 5
    assert len({post["publish_at"] for post in posts()}) == 5
