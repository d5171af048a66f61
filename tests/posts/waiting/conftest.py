"""Posts that wait: late ones of a creator's, and those whose media are not known yet."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from tests.media import sample_media
from tests.posts.times import HOUR
from tiktok_api import clock
from tiktok_api.db import transaction
from tiktok_api.extensions import services_of
from tiktok_api.jobs.models import Job
from tiktok_api.settings import Settings


@pytest.fixture
def plan(app, owner, make_post, make_video, connect_account, run_jobs, simulator):
    """Posts of a creator's that are due after so many seconds each: `plan([0, 600], if_late="publish")`."""

    def make(offsets, creator="ada", **what_matters):
        simulator.control.knobs(post_cap=10_000)
        shared = {"media_ids": [make_video()], "targets": [{"account_id": connect_account(owner, creator)}]}
        run_jobs()
        with app.app_context():
            now = clock.now()
        times = [(now + timedelta(seconds=offset)).isoformat() for offset in offsets]
        return [make_post(**shared, publish_at=at, **what_matters) for at in times]

    return make


@pytest.fixture
def inits(simulator):
    """When TikTok was asked for publish_ids."""
    return lambda: [datetime.fromisoformat(each["at"]) for each in simulator.control.requests(endpoint="video_init")]


@pytest.fixture
def replace_settings(app):
    """Run the same server with other settings."""

    def change(**changes):
        services_of(app)[Settings] = services_of(app)[Settings].replace(**changes)

    return change


@pytest.fixture
def asked_about(plan, pass_time, run_jobs, publication_of):
    """A post that its person is asked about."""
    [post] = plan([60])
    pass_time(5 * HOUR)
    run_jobs()
    assert publication_of(post)["reason"] == "late"
    return post


@pytest.fixture
def account_id(owner, connect_account, run_jobs):
    account = connect_account(owner, "ada")
    run_jobs()
    return account


@pytest.fixture
def send(owner):
    """Send a whole file; no worker has seen it yet."""

    def upload(content):
        body = sample_media.multipart(sample_media.part("file", content))
        response = owner.post("/media", data=body, content_type=sample_media.MULTIPART)
        assert response.json["status"] == "inspecting"
        return response.json["id"]

    return upload


@pytest.fixture
def draft(owner, account_id):
    """A post of that media: `draft(media_id, publish_at=…)`; returns it."""

    def make(media_id, **what_matters):
        words = {"privacy_level": "SELF_ONLY", "consent": True, "targets": [{"account_id": account_id}]}
        response = owner.post("/posts", json=words | {"media_ids": [media_id]} | what_matters)
        assert response.status_code == 201, response.json
        return response.json

    return make


@pytest.fixture
def hold_media(app):
    """Keep inspections from being run, as a busy worker would."""

    def hold(is_held):
        far = timedelta(days=3650) if is_held else timedelta(0)
        with app.app_context(), transaction() as session:
            session.execute(update(Job).where(Job.kind == "media.inspect").values(due_at=clock.now() + far))

    return hold
