"""Many posts of many creators that are due at the same moment, and many workers: each goes out once, and the creators take turns."""

import threading
from collections import Counter
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import inspect, select

from tests import oauth_consent
from tests.conftest import Person
from tests.servers import wait_until
from tiktok_api import clock
from tiktok_api.db import db, transaction
from tiktok_api.jobs.runner import Runner
from tiktok_api.media.models import Media

WORKERS, EACH = 10, 5
UNDER_WAY = 2 * WORKERS
"""So many posts may be in the hands of workers at a time: each runs one, and has claimed one more. A slow worker's are late."""


def _must_be_fair(order, creators):
    """The first posts of all creators before the second of any, the second before the third, but for what is under way."""
    rounds, late = Counter(), []
    for place, creator in enumerate(order):
        if not rounds[creator] * creators - UNDER_WAY <= place < (rounds[creator] + 1) * creators + UNDER_WAY:
            late.append((place, creator, rounds[creator]))
        rounds[creator] += 1
    assert len(late) <= UNDER_WAY, late


@pytest.fixture(params=[False, True], ids=["of many people", "of one person"])
def crowd(app, owner, make_video, simulator, request):
    """So many creators at a TikTok without caps, of a person each or all of one; everyone has the same video."""

    def make(count):
        simulator.control.reset(
            extra_creators=count,
            post_cap=10_000,
            inspect_media=False,
            keep_media=False,
            growth=False,
            processing_seconds=10**6,
            processing_seconds_per_gb=0.0,
        )
        media_id = UUID(make_video())
        people = [Person(app, f"person{number}@example.com") for number in range(1 if request.param else count)]
        with app.app_context(), transaction() as session:
            video = session.get_one(Media, media_id)
            columns = {each.key: getattr(video, each.key) for each in inspect(Media).column_attrs if each.key != "id"}
            copies = [Media(**columns | {"owner_id": UUID(person.user_id)}) for person in people]
            session.add_all(copies)
        with app.app_context():
            media = {str(row.owner_id): str(row.id) for row in db.session.execute(select(Media.owner_id, Media.id))}
        people *= count // len(people)
        accounts = [
            oauth_consent.connect(simulator, person, f"creator{number:04}")["account_id"]
            for number, person in enumerate(people, start=1)
        ]
        return list(zip(people, accounts, [media[person.user_id] for person in people], strict=True))

    return make


@pytest.fixture
def start_workers(app, base_settings):
    """Ten workers as in production, in threads of this process."""
    runners = [Runner(app, base_settings.replace(worker_threads=1, worker_media_threads=1)) for _ in range(WORKERS)]
    threads = [threading.Thread(target=runner.run_forever) for runner in runners]
    yield lambda: [thread.start() for thread in threads]
    for runner in runners:
        runner.stop()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive()


@pytest.mark.parametrize(
    ("each_database_url", "creators"),
    [
        pytest.param("database_url", 20, id="some"),
        pytest.param("database_url", 400, id="all", marks=pytest.mark.long),
        pytest.param("postgresql_url", 400, id="all on postgresql", marks=[pytest.mark.long, pytest.mark.postgres]),
    ],
    indirect=["each_database_url"],
)
def test_posts_that_are_due_in_the_same_second_go_out_once_each(crowd, creators, start_workers, publishing, app):
    everyone = crowd(creators)
    with app.app_context():
        at = (clock.now() + timedelta(hours=1)).isoformat()
    for person, account_id, media_id in everyone:
        draft = {"privacy_level": "SELF_ONLY", "consent": True, "media_ids": [media_id], "publish_at": at}
        for number in range(EACH):
            body = draft | {"caption": f"{account_id} {number}", "targets": [{"account_id": account_id}]}
            assert person.post("/posts", json=body).status_code == 201
    publishing.run()
    publishing.pass_time(3_601)

    start_workers()

    def inits():
        return publishing.tiktok.requests(endpoint="video_init")

    wait_until(lambda: len(publishing.tiktok.publications()) >= creators * EACH, seconds=120 + creators * EACH / 4)
    order = [each["username"] for each in inits()]
    assert len(order) == creators * EACH
    assert {each["status"] for each in inits()} == {200}
    assert set(Counter(order).values()) == {EACH}
    _must_be_fair(order, creators)
    titles = [each["post_info"]["title"] for each in publishing.tiktok.publications()]
    assert len(set(titles)) == len(titles)
