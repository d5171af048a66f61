"""Idempotency-Key: a key belongs to the credential that sent it, and to what that credential may reach."""

from uuid import uuid4

import pytest
from sqlalchemy import select, update

from tests.auth.keys import make_key
from tests.conftest import API, PASSWORD
from tests.databases import on_each_database
from tests.web.problems import assert_problem
from tiktok_api.auth.models import ApiKey
from tiktok_api.db import db, transaction
from tiktok_api.web.idempotency import IdempotencyKey

KEY = {"Idempotency-Key": "monday's thing"}
THING = {"json": {"name": "a"}, "headers": KEY}


@on_each_database
def test_another_session_of_the_user_gets_the_first_answer(app, owner):
    first = owner.post("/things", **THING)

    again = _signed_in_again(app, owner).post("/things", **THING)

    assert again.data == first.data
    assert again.headers["Idempotency-Replayed"] == "true"


@on_each_database
def test_each_credential_has_keys_of_its_own(app, owner, count_things):
    one, two = make_key(owner), make_key(owner)

    answers = [each.post("/things", **THING) for each in (one, owner, two)]
    again = [each.post("/things", **THING) for each in (one, owner, two)]

    assert len({answer.json["id"] for answer in answers}) == 3
    assert [answer.data for answer in again] == [answer.data for answer in answers]
    assert {answer.headers.get("Idempotency-Replayed") for answer in again} == {"true"}
    assert count_things(owner) == 3


@on_each_database
def test_a_key_used_by_one_credential_is_free_for_another_request_of_another(owner):
    make_key(owner).post("/things", **THING)

    other = owner.post("/things", json={"name": "b"}, headers=KEY)

    assert other.status_code == 201


@pytest.mark.parametrize(
    "narrowed", [{"scopes": ["write"]}, {"account_ids": [str(uuid4())]}], ids=["scopes", "confinement"]
)
@on_each_database
def test_a_credential_that_was_changed_gets_no_answer_of_before(app, owner, count_things, narrowed):
    key = make_key(owner)
    key.post("/things", **THING)
    with app.app_context(), transaction() as session:
        session.execute(update(ApiKey).where(ApiKey.id == key.uuid).values(narrowed))

    again = key.post("/things", **THING)

    assert_problem(again, 422, "idempotency_key_reused")
    assert count_things(owner) == 1


@on_each_database
def test_a_credential_that_was_revoked_leaves_nothing_to_its_successor(app, owner):
    key = make_key(owner, name="server")
    first = key.post("/things", **THING)
    assert owner.delete(f"/auth/api-keys/{key.id}").status_code == 204

    again = make_key(owner, name="server").post("/things", **THING)

    assert again.status_code == 201
    assert again.json["id"] != first.json["id"]
    with app.app_context():
        assert len(db.session.scalars(select(IdempotencyKey)).all()) == 2


@on_each_database
def test_what_a_user_sent_goes_with_the_user(app, owner):
    make_key(owner).post("/things", **THING)
    owner.post("/things", **THING)

    owner.delete("/auth/me", json={"current_password": PASSWORD})

    with app.app_context():
        assert db.session.scalars(select(IdempotencyKey)).all() == []


@pytest.mark.parametrize(
    "changed",
    [
        {"path": "/things?dry_run=true"},
        {"json": {"name": "a", "parts": [{"size": 1}]}},
        {"content_type": "application/vnd.things+json", "data": b'{"name":"a"}'},
    ],
    ids=["query", "body", "content type"],
)
def test_every_part_of_a_request_counts(owner, changed):
    owner.post("/things", **THING)
    path, sent = changed.pop("path", "/things"), {"json": {"name": "a"}} if "data" not in changed else {}

    answer = owner.post(path, headers=KEY, **(sent | changed))

    assert answer.status_code in (415, 422)
    assert "Idempotency-Replayed" not in answer.headers


def _signed_in_again(app, person):
    other = person.elsewhere()
    credentials = {"email": person.email, "password": PASSWORD}
    other.tokens = app.test_client().post(f"{API}/auth/login", json=credentials).json
    return other
