"""What the database itself refuses, whatever the code believes, and what becomes of an attempt whose worker dies."""

from datetime import timedelta
from itertools import count
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from tests.databases import on_each_database
from tests.posts.moments import around_calls
from tests.running_jobs import run_due_jobs
from tiktok_api import clock
from tiktok_api.db import database_now, transaction
from tiktok_api.jobs.models import Job
from tiktok_api.posts.models import Attempt
from tiktok_api.posts.states import ALIVE, AttemptState


def attempt(publication, number, state):
    return Attempt(
        publication_id=publication["id"],
        account_id=publication["account_id"],
        number=number,
        state=state,
        epoch=1,
        video_size=1,
        chunk_size=1,
        total_chunk_count=1,
        intended_at=clock.now(),
    )


@on_each_database
def test_a_publication_has_one_living_attempt_at_most(app, make_post, publication_of):
    shown = publication_of(make_post())
    publication = {name: UUID(shown[name]) for name in ("id", "account_id")}
    with app.app_context(), transaction() as session:
        session.add_all([attempt(publication, 1, AttemptState.DEAD), attempt(publication, 2, AttemptState.FINAL)])

    for state in ALIVE:
        with app.app_context(), pytest.raises(IntegrityError), transaction() as session:
            session.add(attempt(publication, 3, state))


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_worker_that_dies_while_it_asks_for_a_publish_id_leaves_an_attempt_that_is_abandoned(
    when, app, transport, make_post, begin, run_jobs, work_until_published, count_inits, live_videos, jobs_may_fail
):
    post = make_post()
    begin(post)
    calls = count()

    def die_at_the_init():
        if next(calls) == 1:  # the question about the creator was the first
            raise KeyboardInterrupt  # which nothing on the way handles, as nothing handles a kill

    setattr(transport, when, die_at_the_init)
    with pytest.raises(KeyboardInterrupt):
        run_jobs()
    with app.app_context(), transaction() as session:  # its lease runs out
        session.execute(update(Job).values(leased_until=database_now(timedelta(seconds=-1))))

    published = work_until_published(post)

    assert [each["state"] for each in published["attempts"]] == ["abandoned", "succeeded"]
    assert published["attempts"][0]["reason"] == "worker_died"
    assert count_inits() == (1 if when == "before" else 2)
    assert len(live_videos()) == 1


def test_a_worker_that_is_taken_over_while_it_sends_the_last_chunk_writes_nothing(
    app, transport, make_post, begin, run_jobs, work_until_published, count_inits, live_videos
):
    post = make_post()
    begin(post)

    def take_over():
        with app.app_context(), transaction() as session:  # its lease runs out
            session.execute(update(Job).values(leased_until=database_now(timedelta(seconds=-1))))
        return run_due_jobs(app)

    with around_calls(transport, 3, "after", take_over) as other_worker:  # the creator, the init, the only chunk
        run_jobs()

    assert other_worker.result >= 1
    published = work_until_published(post)
    assert [each["state"] for each in published["attempts"]] == ["succeeded"]
    assert (count_inits(), len(live_videos())) == (1, 1)


def test_each_publication_numbers_its_own_attempts(
    make_post, make_video, begin, run_jobs, pass_time, work_until_published, publication_of
):
    shared = {"media_ids": [make_video()]}
    first_drafted = make_post(**shared)
    then_drafted = make_post(**shared, targets=[{"account_id": publication_of(first_drafted)["account_id"]}])
    begin(then_drafted)
    work_until_published(then_drafted)

    begin(first_drafted)
    published = work_until_published(first_drafted)

    assert [each["number"] for each in published["attempts"]] == [1]
