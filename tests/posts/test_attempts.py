"""What the database itself refuses, whatever the code believes, and what becomes of an attempt whose worker dies."""

from datetime import timedelta
from itertools import count
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from tests.databases import on_each_database
from tests.due_jobs import run_due_jobs
from tests.posts.interruptions import around_calls
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
    when, app, transport, publishing, jobs_may_fail
):
    post = publishing.make_post()
    publishing.begin(post)
    calls = count()

    def die_at_the_init():
        if next(calls) == 1:  # the question about the creator was the first
            raise KeyboardInterrupt  # which nothing on the way handles, as nothing handles a kill

    setattr(transport, when, die_at_the_init)
    with pytest.raises(KeyboardInterrupt):
        publishing.run()
    with app.app_context(), transaction() as session:  # its lease runs out
        session.execute(update(Job).values(leased_until=database_now(timedelta(seconds=-1))))

    published = publishing.run_until_published(post)

    assert [each["state"] for each in published["attempts"]] == ["abandoned", "succeeded"]
    assert published["attempts"][0]["reason"] == "worker_died"
    assert publishing.count_inits() == (1 if when == "before" else 2)
    assert len(publishing.live()) == 1


def test_a_worker_that_is_taken_over_while_it_sends_the_last_chunk_writes_nothing(app, transport, publishing):
    post = publishing.make_post()
    publishing.begin(post)

    def take_over():
        with app.app_context(), transaction() as session:  # its lease runs out
            session.execute(update(Job).values(leased_until=database_now(timedelta(seconds=-1))))
        return run_due_jobs(app)

    with around_calls(transport, 3, "after", take_over) as other_worker:  # the creator, the init, the only chunk
        publishing.run()

    assert other_worker.result >= 1
    published = publishing.run_until_published(post)
    assert [each["state"] for each in published["attempts"]] == ["succeeded"]
    assert (publishing.count_inits(), len(publishing.live())) == (1, 1)


def test_each_publication_numbers_its_own_attempts(publishing):
    shared = {"media_ids": [publishing.make_video()]}
    first_drafted = publishing.make_post(**shared)
    then_drafted = publishing.make_post(
        **shared, targets=[{"account_id": publishing.shown(first_drafted)["account_id"]}]
    )
    publishing.begin(then_drafted)
    publishing.run_until_published(then_drafted)

    publishing.begin(first_drafted)
    published = publishing.run_until_published(first_drafted)

    assert [each["number"] for each in published["attempts"]] == [1]


def test_a_verdict_that_another_worker_has_recorded_meanwhile_is_recorded_once(app, publishing, transport):
    post = publishing.make_post()
    publishing.begin(post)
    publishing.run()
    publishing.pass_time(10)

    def take_over():
        with app.app_context(), transaction() as session:
            session.execute(update(Job).values(leased_until=None))
        return publishing.run()

    with around_calls(transport, 1, "after", take_over) as other_worker:
        publishing.run()

    assert other_worker.result >= 1
    published = publishing.shown(post)
    assert [attempt["state"] for attempt in published["attempts"]] == ["succeeded"]
    assert [entry["event"] for entry in published["timeline"]].count("published") == 1
