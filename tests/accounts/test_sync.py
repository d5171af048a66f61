"""POST /accounts/{id}/sync, and the syncing that needs no asking."""

import pytest

from tests import oauth_consent
from tiktok_api import clock, events
from tiktok_api.db import transaction
from tiktok_api.extensions import services_of
from tiktok_api.jobs import queue
from tiktok_api.settings import Settings


@pytest.fixture
def synced(scene):
    """An account that was just read."""
    scene.run_jobs()
    scene.simulator.control.clear_requests()
    return scene


@pytest.fixture
def account_id(synced):
    return synced.account_id


@pytest.fixture
def readings(monkeypatch):
    """Every reading that is announced from now on."""
    monkeypatch.setattr(events, "_listeners", {**events._listeners, "account.profile_read": []})
    heard = []
    events.subscribe(
        "account.profile_read", lambda account, info, captured_at: heard.append((str(account.id), info, captured_at))
    )
    return heard


def reads(simulator):
    return len(simulator.control.requests(endpoint="user_info"))


def test_profile_and_counts_are_read_when_a_worker_is_free(owner, account_id, simulator, run_jobs, readings):
    simulator.control.knobs(growth=False)
    simulator.control.change_creator("ada", nickname="Ada Lovelace")

    response = owner.post(f"/accounts/{account_id}/sync")

    assert response.status_code == 202
    assert response.json["display_name"] == "Ada L."
    run_jobs()
    account = owner.get(f"/accounts/{account_id}").json
    assert account["display_name"] == "Ada Lovelace"
    assert account["synced_at"] > response.json["synced_at"]
    (reading,) = readings
    assert reading[0] == account_id
    assert reading[1].follower_count == account["follower_count"]


def test_many_requests_cause_one_sync(owner, account_id, simulator, run_jobs):
    for _ in range(5):
        owner.post(f"/accounts/{account_id}/sync")

    run_jobs()

    assert reads(simulator) == 1


def test_data_never_grow_older_than_the_setting(synced):
    period = services_of(synced.app)[Settings].sync_seconds
    for expected in (1, 2):
        synced.pass_time(seconds=period - 60)
        synced.run_jobs()
        assert reads(synced.simulator) == expected - 1
        synced.pass_time(seconds=60)

        synced.run_jobs()

        assert reads(synced.simulator) == expected


@pytest.mark.parametrize("effect", [{"effect": "status", "status": 500}, {"effect": "drop_after"}])
def test_trouble_at_tiktok_postpones_it_however_long_it_lasts(synced, effect):
    before = synced.show()
    synced.simulator.control.mischief("user_info", times=2, **effect)
    synced.owner.post(f"/accounts/{synced.account_id}/sync")
    for tries in (1, 2):
        synced.run_jobs()
        synced.pass_time(seconds=30)
        synced.run_jobs()
        # A job that failed would run again within seconds, and be dead after some failures.
        assert reads(synced.simulator) == tries
        synced.pass_time(seconds=31)
    after = synced.show()
    assert after | {"avatar_url": None} == before | {"avatar_url": None}  # a link is another one after some minutes

    synced.run_jobs()

    account = synced.show()
    assert account["status"] == "active"
    assert account["synced_at"] > before["synced_at"]


def test_a_limit_is_waited_for(owner, account_id, simulator, run_jobs, pass_time):
    simulator.control.mischief("user_info", "status", status=429, times=1)
    owner.post(f"/accounts/{account_id}/sync")
    run_jobs()

    pass_time(seconds=61)
    run_jobs()

    assert reads(simulator) == 2


def test_a_refusal_does_not_end_the_syncing(owner, account_id, simulator, run_jobs, pass_time):
    simulator.control.mischief("user_info", "status", status=400, code="invalid_params", times=1)
    owner.post(f"/accounts/{account_id}/sync")
    run_jobs()

    pass_time(minutes=11)
    run_jobs()

    assert reads(simulator) == 2


def test_a_creator_who_may_not_post_is_read_all_the_same(owner, account_id, simulator, run_jobs):
    simulator.control.change_creator("ada", banned=True, bio="banned")
    owner.post(f"/accounts/{account_id}/sync")

    run_jobs()

    assert owner.get(f"/accounts/{account_id}").json["bio"] == "banned"


def test_a_rejected_token_is_renewed_and_the_reading_repeated(owner, account_id, simulator, run_jobs):
    simulator.world.access_tokens.clear()
    owner.post(f"/accounts/{account_id}/sync")

    run_jobs()

    assert [r["status"] for r in simulator.control.requests(endpoint="user_info")] == [401, 200]
    assert len(simulator.control.requests(endpoint="refresh")) == 1


def test_an_account_whose_person_removed_the_app_is_marked_and_left_alone(
    owner, account_id, simulator, run_jobs, pass_time
):
    simulator.control.disconnect("ada")
    owner.post(f"/accounts/{account_id}/sync")
    run_jobs()
    account = owner.get(f"/accounts/{account_id}").json
    assert (account["status"], account["status_reason"]) == ("expired", "grant_rejected")
    simulator.control.clear_requests()
    pass_time(days=3)

    run_jobs()

    assert simulator.control.requests() == []
    refused = owner.post(f"/accounts/{account_id}/sync")
    assert (refused.status_code, refused.json["code"]) == (409, "account_needs_reconnection")


def test_union_ids_that_tiktok_leaves_out_are_kept(owner, account_id, simulator, run_jobs):
    before = owner.get(f"/accounts/{account_id}").json["union_id"]
    simulator.control.knobs(union_id_missing=True)
    owner.post(f"/accounts/{account_id}/sync")

    run_jobs()

    assert owner.get(f"/accounts/{account_id}").json["union_id"] == before


def test_attempts_to_connect_are_deleted_after_a_week(app, owner, run_jobs, pass_time):
    begun = oauth_consent.begin(owner)
    with app.app_context(), transaction():
        queue.enqueue("accounts.sweep", owner_id=None, due_at=clock.now())
    run_jobs()
    assert owner.get(f"/accounts/connections/{begun['id']}").status_code == 200
    pass_time(days=8)

    run_jobs()

    assert owner.get(f"/accounts/connections/{begun['id']}").status_code == 404
