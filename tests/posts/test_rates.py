"""TikTok's limits for each account hold for all workers together: 6 publish_ids and 30 looks at a status a minute."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from tests.databases import on_each_database
from tests.due_jobs import run_due_jobs
from tests.posts.interruptions import around_calls
from tiktok_api.db import db

WORKERS = 4
SLOW = """
CREATE FUNCTION take_time() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.2); RETURN NEW; END $$;
CREATE TRIGGER slow_to_insert BEFORE INSERT ON attempts FOR EACH ROW EXECUTE FUNCTION take_time();
"""


@pytest.fixture
def settings():
    return {"poll_min_seconds": 0.5, "poll_max_seconds": 1.0}


@pytest.fixture
def run_together(run_jobs):
    """Several workers, at the same jobs."""

    def run():
        with ThreadPoolExecutor(WORKERS) as workers:
            for running in [workers.submit(run_jobs) for _ in range(WORKERS)]:
                running.result()

    return run


@pytest.fixture
def begin_many(make_video, connect_account, owner, make_post, begin, run_jobs, simulator):
    """Posts that are due at once on one account, at a TikTok without daily caps."""

    def make(count):
        simulator.control.knobs(post_cap=10_000)
        shared = {"media_ids": [make_video()], "targets": [{"account_id": connect_account(owner, "ada")}]}
        run_jobs()
        posts = [make_post(**shared) for _ in range(count)]
        for post in posts:
            begin(post)
        return posts

    return make


def were_refused(simulator):
    return [entry for entry in simulator.control.requests() if entry["status"] == 429]


def most_in_a_minute(entries):
    """The most requests in any minute of TikTok's clock, which goes on while a slow machine works."""
    moments = [datetime.fromisoformat(entry["at"]) for entry in entries]
    return max(sum(begin <= moment < begin + timedelta(minutes=1) for moment in moments) for begin in moments)


@pytest.fixture
def slow_to_insert(app):
    """A database that takes its time over each new attempt, so that all workers count before one has inserted."""
    with app.app_context(), db.engine.begin() as connection:
        if db.engine.dialect.name == "postgresql":
            connection.execute(text(SLOW))


def test_a_worker_that_was_slower_than_six_others_waits_for_the_next_minute(app, transport, begin_many, publishing):
    posts = begin_many(7)

    with around_calls(transport, 1, "after", lambda: run_due_jobs(app)):  # when the first has asked about its creator
        publishing.run()

    assert publishing.count_inits() == 6
    [slow] = [found for found in map(publishing.shown, posts) if found["state"] == "preparing"]
    assert slow["reason"] == "inits_per_minute"
    first = min(
        datetime.fromisoformat(each["intended_at"]) for post in posts for each in publishing.shown(post)["attempts"]
    )
    to_spare = datetime.fromisoformat(slow["next_try_at"]) - first - timedelta(minutes=1)
    assert to_spare > timedelta(0), "requests do not arrive as evenly as they were intended"
    publishing.pass_time(62)
    publishing.run()
    publishing.pass_time(62)
    publishing.run()
    assert (publishing.count_inits(), len(publishing.live())) == (7, 7)


@on_each_database
def test_workers_together_ask_for_six_publish_ids_a_minute(
    slow_to_insert, simulator, begin_many, run_together, publishing
):
    posts = begin_many(9)

    run_together()
    at_first = publishing.count_inits()
    reasons = sorted(str(publishing.shown(post)["reason"]) for post in posts)
    publishing.pass_time(62)
    run_together()

    assert at_first == 6
    assert reasons.count("inits_per_minute") == 3
    assert publishing.count_inits() == 9
    assert not were_refused(simulator)


@on_each_database
def test_workers_together_keep_to_what_tiktok_allows_of_looking_and_still_look(
    simulator, begin_many, run_together, publishing
):
    simulator.control.knobs(processing_seconds=200.0)
    posts = begin_many(12)
    run_together()
    publishing.pass_time(62)
    run_together()
    simulator.control.clear_requests()

    for _ in range(30):
        publishing.pass_time(2)
        run_together()
    looks = simulator.control.requests(endpoint="status")

    assert len(looks) >= 20
    assert most_in_a_minute(looks) <= 30
    assert not were_refused(simulator)
    publishing.run_until(lambda: {publishing.shown(post)["state"] for post in posts} == {"published"}, most=60)
    assert not were_refused(simulator)


@on_each_database
def test_a_clock_that_is_set_back_holds_no_later_post_for_longer_than_the_limits_do(
    begin_many, run_together, pass_time, publication_of, work_until
):
    """The budgets are rows with times; some of them are in the future now."""
    begin_many(6)
    run_together()
    pass_time(5)
    run_together()
    pass_time(-86_400)
    [post] = begin_many(1)

    work_until(lambda: publication_of(post)["state"] == "published", most=20)
