"""What the database itself refuses, whatever the code believes."""

from uuid import UUID

import pytest
from sqlalchemy.exc import IntegrityError

from tests.databases import on_each_database
from tiktok_api import clock
from tiktok_api.db import transaction
from tiktok_api.posts.models import Attempt, AttemptState
from tiktok_api.posts.work import ALIVE


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
