"""DELETE /auth/me"""

from uuid import uuid4

import pytest
from sqlalchemy import inspect, select

from tests.auth.keys import make_key
from tests.auth.outbox import log_in, register
from tests.conftest import API, PASSWORD
from tests.databases import on_each_database
from tests.due_jobs import run_due_jobs
from tests.media import sample_media
from tests.web.problems import assert_problem
from tiktok_api.accounts.models import Revocation
from tiktok_api.db import Model, db
from tiktok_api.jobs.models import Job


@pytest.fixture
def app(make_app, simulator_urls, each_database_url):
    """The usual application, with the simulator as TikTok."""
    return make_app(database_url=each_database_url, **simulator_urls)


@pytest.fixture
def rows(app):
    """How many rows each table has, the empty ones left out."""

    def count() -> dict[str, int]:
        with app.app_context():
            counts = {
                table.name: len(db.session.execute(select(*inspect(table).primary_key)).all())
                for table in Model.metadata.sorted_tables
            }
            return {name: number for name, number in counts.items() if number and name != "call_budgets"}  # by the hour

    return count


@pytest.fixture
def stored(tmp_path):
    """The files in storage."""
    return lambda: [file for file in (tmp_path / "media").rglob("*") if file.is_file()]


@pytest.fixture
def settled(owner, connect_account, run_jobs):
    """The owner has everything one can have: an account, media, posts, keys, and emails on their way."""
    account_id = connect_account(owner, "ada")
    body = sample_media.multipart(sample_media.part("file", sample_media.video(), filename="video.mp4"))
    media_id = owner.post("/media", data=body, content_type=sample_media.MULTIPART).json["id"]
    run_jobs()
    draft = {"media_ids": [media_id], "targets": [{"account_id": account_id}]}
    for _ in range(2):
        response = owner.post("/posts", json=draft, headers={"Idempotency-Key": str(uuid4())})
        assert response.status_code == 201, response.json
    post = owner.post("/posts", json=draft).json
    slot = {"publish_at": "2099-01-01T00:00:00Z"}
    privacy = {"privacy_level": "SELF_ONLY", "consent": True}
    owner.patch(f"/posts/{post['id']}", json=privacy)
    scheduled = owner.post(f"/posts/{post['id']}/schedule", json=slot)
    assert scheduled.status_code == 200, scheduled.json
    return owner


@on_each_database
def test_deleting_a_user_deletes_everything_of_theirs(settled, stranger, rows, stored, simulator):
    key = make_key(settled)
    settled.post("/accounts/connect", json={})  # begun and never finished

    response = settled.delete("/auth/me")

    assert (response.status_code, response.data) == (204, b"")
    assert_problem(settled.get("/auth/me"), 401, "session_ended")
    assert_problem(key.get("/auth/me"), 401, "invalid_token")
    with settled.app.app_context():
        kinds = set(db.session.scalars(select(Job.kind)))
        assert "accounts.revoke" in kinds
        assert kinds.isdisjoint({"posts.publish", "accounts.sync", "accounts.renew"})
        assert db.session.query(Revocation).count() == 1
    assert len(stored()) >= 2  # a video and its thumbnail
    run_due_jobs(settled.app)
    assert stored() == []
    assert rows() == {"users": 1, "sessions": 1, "audit_entries": 1}  # the stranger's
    assert list(simulator.world.grants) == []  # TikTok has heard of it


def test_the_address_is_free_again(client, owner):
    owner.delete("/auth/me")

    assert_problem(log_in(client, owner.email, PASSWORD), 401, "wrong_credentials")
    assert register(client, owner.email).status_code == 201


def test_an_old_version_is_not_deleted(owner):
    tag = owner.get("/auth/me").headers["ETag"]
    owner.patch("/auth/me", json={"display_name": "Ada"})

    response = owner.delete("/auth/me", headers={"If-Match": tag})

    assert_problem(response, 412, "stale_version")
    assert owner.get("/auth/me").status_code == 200


def test_a_stranger_stays(owner, stranger):
    owner.delete("/auth/me")

    assert stranger.get("/auth/me").status_code == 200


def test_without_a_token_no_user_is_deleted(client):
    assert_problem(client.delete(f"{API}/auth/me"), 401, "unauthorized")
