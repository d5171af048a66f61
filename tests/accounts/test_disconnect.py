"""DELETE /accounts/{id}"""

import sqlite3
from uuid import UUID, uuid4

import pytest

from tests.conftest import Person
from tests.due_jobs import run_due_jobs
from tiktok_api import clock, events
from tiktok_api.accounts.disconnection import disconnect_all
from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.db import transaction
from tiktok_api.errors import Conflict
from tiktok_api.extensions import services_of
from tiktok_api.jobs import queue


@pytest.fixture
def plans(monkeypatch):
    """What a higher domain answers when asked what it has planned for an account."""
    listeners = {"account.disconnecting": []}
    monkeypatch.setattr(events, "_listeners", {**events._listeners, **listeners})
    publications = [uuid4(), uuid4()]
    events.subscribe("account.disconnecting", lambda account: publications)
    return publications


def rows(database_url, table):
    with sqlite3.connect(database_url.removeprefix("sqlite:///")) as connection:
        found = connection.execute(f"select * from {table}").fetchall()  # noqa: S608  # a name that this file chose
    connection.close()
    return found


def test_planned_publications_are_cancelled_and_named(owner, connect_account, plans):
    account_id = connect_account(owner)

    response = owner.delete(f"/accounts/{account_id}")

    assert response.status_code == 200
    assert response.json == {"id": account_id, "cancelled_publications": [str(each) for each in plans]}
    assert owner.get(f"/accounts/{account_id}").status_code == 404
    assert owner.get("/accounts").json["data"] == []


def test_its_tokens_are_revoked(scene, database_url):
    token = scene.token()

    scene.disconnect()
    scene.run_jobs()

    assert len(scene.simulator.control.requests(endpoint="revoke")) == 1
    assert token not in scene.simulator.world.access_tokens
    assert scene.simulator.world.grants == {}
    assert rows(database_url, "revocations") == []
    assert rows(database_url, "accounts") == []


def test_an_expired_token_is_renewed_to_be_revoked(owner, connect_account, simulator, run_jobs, pass_time):
    account_id = connect_account(owner)
    owner.delete(f"/accounts/{account_id}")
    pass_time(days=2)

    run_jobs()

    assert simulator.world.grants == {}


def test_its_tokens_are_revoked_once_tiktok_is_back(scene, database_url):
    scene.disconnect()
    scene.simulator.control.mischief("revoke", "status", status=503, times=2)
    scene.run_jobs()
    assert rows(database_url, "revocations") != []

    for _ in range(3):
        scene.pass_time(minutes=1)
        scene.run_jobs()

    assert scene.simulator.world.grants == {}
    assert rows(database_url, "revocations") == []


def test_a_renewed_pair_is_kept_while_tiktok_is_away(owner, connect_account, simulator, run_jobs, pass_time):
    owner.delete(f"/accounts/{connect_account(owner)}")
    pass_time(days=2)
    simulator.control.mischief("revoke", "drop_before", times=1)
    run_jobs()
    assert simulator.world.grants != {}

    pass_time(minutes=1)
    run_jobs()

    assert simulator.world.grants == {}
    assert len(simulator.control.requests(endpoint="refresh")) == 1


def test_a_grant_that_the_person_removed_needs_no_revocation(owner, connect_account, simulator, run_jobs, database_url):
    account_id = connect_account(owner)
    simulator.control.disconnect("ada")

    assert owner.delete(f"/accounts/{account_id}").status_code == 200
    run_jobs()

    assert rows(database_url, "revocations") == []


def test_an_old_version_is_not_disconnected(owner, connect_account):
    account_id = connect_account(owner)
    etag = owner.get(f"/accounts/{account_id}").headers["ETag"]
    owner.patch(f"/accounts/{account_id}", json={"label": "wait"})

    response = owner.delete(f"/accounts/{account_id}", headers={"If-Match": etag})

    assert response.status_code == 412
    assert owner.get(f"/accounts/{account_id}").status_code == 200


def test_no_job_runs_for_it_any_more(owner, connect_account, simulator, run_jobs, pass_time):
    owner.delete(f"/accounts/{connect_account(owner)}")
    run_jobs()
    simulator.control.clear_requests()
    pass_time(days=40)

    assert run_jobs() == 0
    assert simulator.control.requests() == []


def test_a_veto_leaves_everything_as_it_was(owner, connect_account, plans, run_jobs, simulator):
    def refuse(account):
        raise Conflict

    events.subscribe("account.disconnecting", refuse)
    account_id = connect_account(owner)

    response = owner.delete(f"/accounts/{account_id}")

    assert response.status_code == 409
    assert owner.get(f"/accounts/{account_id}").json["status"] == "active"
    run_jobs()
    assert simulator.control.requests(endpoint="revoke") == []


def test_unreadable_tokens_do_not_stop_a_disconnection(
    make_app, simulator, simulator_urls, connect_account, database_url
):
    rings = {"old": {"old": bytes(32)}, "new": {"new": bytes(32)}}
    mindful, forgetful = (make_app(vault_keys=ring, **simulator_urls) for ring in rings.values())
    owner = Person(mindful, "owner@example.com")
    kept, given_up = connect_account(owner, "ada"), connect_account(owner, "grace")
    owner.delete(f"/accounts/{given_up}")  # the key goes between this and the worker's turn
    owner.client = forgetful.test_client()

    assert owner.delete(f"/accounts/{kept}").status_code == 200
    run_due_jobs(forgetful)

    assert rows(database_url, "accounts") == rows(database_url, "revocations") == []
    assert simulator.control.requests(endpoint="revoke") == []


def test_deleting_a_user_disconnects_all_accounts(scene, stranger):
    accounts = [scene.account_id, scene.connect(scene.owner, "grace")]
    scene.connect(stranger, "linus")

    with scene.app.app_context(), transaction():
        disconnect_all(UUID(scene.owner.user_id), services_of(scene.app)[TokenVault])
    scene.run_jobs()

    assert [scene.owner.get(f"/accounts/{each}").status_code for each in accounts] == [404, 404]
    assert [username for _, username in scene.simulator.world.grants] == ["linus"]


def test_tokens_that_could_not_be_revoked_for_a_week_are_deleted(scene, database_url):
    with scene.app.app_context(), transaction():
        queue.enqueue("accounts.sweep", owner_id=None, due_at=clock.now())
    scene.run_jobs()
    scene.disconnect()
    scene.simulator.control.mischief("revoke", "status", status=503, times=99)
    scene.simulator.control.mischief("refresh", "status", status=503, times=99)
    scene.pass_time(days=6)
    scene.run_jobs()
    assert len(rows(database_url, "revocations")) == 1

    scene.pass_time(days=2)
    scene.run_jobs()

    assert rows(database_url, "revocations") == []
