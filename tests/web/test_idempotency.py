"""Idempotency-Key: a POST that is sent twice acts once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import delete, select, update

from tests.conftest import API, PASSWORD
from tests.databases import on_each_database
from tests.posts.interruptions import before_statements
from tests.web import sample_domain
from tests.web.problems import assert_problem
from tiktok_api.db import db, transaction
from tiktok_api.web import idempotency
from tiktok_api.web.idempotency import IdempotencyKey

KEY = {"Idempotency-Key": "monday's thing"}


@on_each_database
def test_the_same_request_again_gets_the_first_answer(owner, count_things):
    first = owner.post("/things", json={"name": "a"}, headers=KEY)

    again = owner.post("/things", json={"name": "a"}, headers=KEY)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.data == first.data
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert count_things(owner) == 1


def test_a_replay_has_its_own_request_id(owner):
    first = owner.post("/things", json={"name": "a"}, headers=KEY)

    again = owner.post("/things", json={"name": "a"}, headers=KEY)

    assert again.headers["X-Request-ID"] != first.headers["X-Request-ID"]


def test_without_a_key_each_request_acts(owner, count_things):
    owner.post("/things", json={"name": "a"})

    owner.post("/things", json={"name": "a"})

    assert count_things(owner) == 2


@pytest.mark.parametrize(
    ("path", "body"),
    [("/things", {"name": "b"}), ("/things/slow", {"name": "a"})],
)
def test_a_key_of_another_request_is_refused(owner, path, body):
    owner.post("/things", json={"name": "a"}, headers=KEY)

    response = owner.post(path, json=body, headers=KEY)

    assert response.status_code == 422
    assert response.json["code"] == "idempotency_key_reused"
    assert response.json["errors"][0]["parameter"] == "Idempotency-Key"


def test_two_people_may_choose_the_same_key(owner, stranger):
    first = owner.post("/things", json={"name": "a"}, headers=KEY)

    other = stranger.post("/things", json={"name": "a"}, headers=KEY)

    assert other.status_code == 201
    assert other.json["id"] != first.json["id"]
    assert "Idempotency-Replayed" not in other.headers


@on_each_database
def test_a_second_request_waits_while_the_first_is_running(owner):
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(owner.post, "/things/slow", headers=KEY)
        assert sample_domain.arrived.wait(30)

        second = owner.app.test_client().post(
            f"{API}/things/slow", headers=KEY | {"Authorization": f"Bearer {owner.tokens['access_token']}"}
        )

        sample_domain.may_go_on.set()
        assert second.status_code == 409
        assert second.json["code"] == "idempotency_key_in_use"
        assert "Retry-After" not in second.headers  # that is for 429 and 503 alone
        assert first.result().status_code == 201


@on_each_database
def test_of_fifty_at_once_one_acts(owner, count_things):
    def send(_number: int) -> tuple[int, str | None, bytes]:
        headers = KEY | {"Authorization": f"Bearer {owner.tokens['access_token']}"}
        response = owner.app.test_client().post(f"{API}/things", json={"name": "a"}, headers=headers)
        return response.status_code, response.headers.get("Idempotency-Replayed"), response.data

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(send, range(50)))

    assert {status for status, _, _ in answers} <= {201, 409}
    assert len([1 for status, replayed, _ in answers if status == 201 and not replayed]) == 1
    assert len({body for status, _, body in answers if status == 201}) == 1
    assert count_things(owner) == 1


@pytest.mark.postgres
@pytest.mark.parametrize("each_database_url", ["postgresql_url"], indirect=True)
def test_of_two_that_claim_a_key_in_the_same_instant_one_acts(app, owner, count_things):
    def send(person):
        return person.post("/things", json={"name": "a"}, headers=KEY)

    with app.app_context():
        engine = db.engine
    with before_statements(engine, "INSERT INTO idempotency_keys", 1, lambda: send(owner.elsewhere())) as faster:
        slower = send(owner)

    assert (faster.result.status_code, "Idempotency-Replayed" in faster.result.headers) == (201, False)
    assert (slower.status_code, slower.headers["Idempotency-Replayed"]) == (201, "true")
    assert slower.data == faster.result.data
    assert count_things(owner) == 1


@pytest.mark.postgres
@pytest.mark.parametrize("each_database_url", ["postgresql_url"], indirect=True)
def test_while_the_first_still_runs_the_second_waits_only_briefly(app, owner, count_things):
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(owner.post, "/things", json={"name": "waits"}, headers=KEY)
        assert sample_domain.arrived.wait(30)

        second = owner.elsewhere().post("/things", json={"name": "waits"}, headers=KEY)

        assert_problem(second, 409, "idempotency_key_in_use")
        sample_domain.may_go_on.set()
        assert first.result().status_code == 201
    assert owner.post("/things", json={"name": "waits"}, headers=KEY).headers["Idempotency-Replayed"] == "true"
    assert count_things(owner) == 1


@on_each_database
@pytest.mark.parametrize(("name", "status"), [("crash", 500), ("refused", 409)])
def test_a_failed_request_has_no_effect_and_frees_its_key(owner, count_things, bugs_are_answered, name, status):
    failed = owner.post("/things", json={"name": name}, headers=KEY)

    again = owner.post("/things", json={"name": "a"}, headers=KEY)

    assert failed.status_code == status
    assert again.status_code == 201
    assert "Idempotency-Replayed" not in again.headers
    assert count_things(owner) == 1


def test_a_body_with_faults_leaves_its_key_free(owner):
    owner.post("/things", json={"name": ""}, headers=KEY)

    again = owner.post("/things", json={"name": "a"}, headers=KEY)

    assert again.status_code == 201


@on_each_database
def test_the_claim_of_a_dead_process_is_taken_over_after_its_lease(app, owner, claim_key):
    claim_key(owner, leased_for=timedelta(seconds=-1))

    response = owner.post("/things", json={"name": "a"}, headers=KEY)

    assert response.status_code == 201
    assert "Idempotency-Replayed" not in response.headers


@on_each_database
def test_a_claim_whose_lease_holds_is_left_alone(app, owner, claim_key):
    claim_key(owner, leased_for=timedelta(seconds=30))

    response = owner.post("/things", json={"name": "a"}, headers=KEY)

    assert response.status_code == 409


def test_another_request_is_no_repetition_even_while_the_first_is_running(owner, claim_key):
    claim_key(owner, leased_for=timedelta(seconds=30))

    response = owner.post("/things", json={"name": "b"}, headers=KEY)

    assert_problem(response, 422, "idempotency_key_reused")


@on_each_database
def test_an_overtaken_request_has_no_effect(owner, count_things):
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(owner.post, "/things/slow", headers=KEY)
        assert sample_domain.arrived.wait(30)
        with owner.app.app_context(), transaction() as session:
            session.execute(delete(IdempotencyKey))

        sample_domain.may_go_on.set()
        answer = slow.result()

    assert answer.status_code == 409
    assert answer.json["code"] == "idempotency_key_in_use"
    assert count_things(owner) == 0


@on_each_database
def test_a_key_is_new_again_after_a_day(app, owner):
    first = owner.post("/things", json={"name": "a"}, headers=KEY)
    with app.app_context(), transaction() as session:
        session.execute(update(IdempotencyKey).values(kept_until=datetime.now(UTC) - timedelta(seconds=1)))

    second = owner.post("/things", json={"name": "b"}, headers=KEY)

    assert second.status_code == 201
    assert second.json["id"] != first.json["id"]


@on_each_database
def test_only_keys_older_than_a_day_are_deleted(app, owner):
    owner.post("/things", json={"name": "a"}, headers={"Idempotency-Key": "old"})
    with app.app_context(), transaction() as session:
        session.execute(update(IdempotencyKey).values(kept_until=datetime.now(UTC) - timedelta(seconds=1)))
    owner.post("/things", json={"name": "a"}, headers={"Idempotency-Key": "new"})

    with app.app_context():
        idempotency.sweep()

    with app.app_context():
        assert len(db.session.scalars(select(IdempotencyKey)).all()) == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\there"])
def test_a_key_that_is_none_is_refused(owner, key):
    response = owner.post("/things", json={"name": "a"}, headers={"Idempotency-Key": key})

    assert response.status_code == 422
    assert response.json["code"] == "invalid_idempotency_key"
    assert response.json["errors"][0]["parameter"] == "Idempotency-Key"


def test_signing_in_takes_no_key(client, owner):
    credentials = {"email": owner.email, "password": PASSWORD}
    first = client.post(f"{API}/auth/login", json=credentials, headers=KEY)

    second = client.post(f"{API}/auth/login", json=credentials, headers=KEY)

    assert second.json["access_token"] != first.json["access_token"]
    assert "Idempotency-Replayed" not in second.headers


def test_a_stored_answer_cannot_be_read_from_the_database(owner, stage_file: Path):
    answer = owner.post("/things", json={"name": "a"}, headers=KEY)

    raw = b"".join(file.read_bytes() for file in stage_file.parent.glob(f"{stage_file.name}*"))

    assert sample_domain.PLANTED.encode() in answer.data
    assert sample_domain.PLANTED.encode() not in raw
    assert b"monday's thing" not in raw


@pytest.fixture
def claim_key(app) -> Callable[..., None]:
    """Leave a claim behind as a process does that died while answering."""

    def claim(person, *, leased_for: timedelta) -> None:
        person.post("/things", json={"name": "a"}, headers=KEY)
        with app.app_context(), transaction() as session:
            values = {"answer": None, "leased_until": datetime.now(UTC) + leased_for, "claim": UUID(int=1)}
            session.execute(update(IdempotencyKey).values(values))

    return claim
