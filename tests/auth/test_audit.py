"""GET /audit"""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import update

from tests.auth.audit_trail import actions, trail
from tests.auth.devices import log_in
from tests.auth.keys import make_key
from tests.auth.outbox import forget, reset
from tests.conftest import PASSWORD
from tests.databases import on_each_database
from tests.web.problems import assert_problem
from tiktok_api.auth.models import AuditEntry
from tiktok_api.db import db, transaction
from tiktok_api.web.idempotency import IdempotencyKey

NEW = "a longer horse battery"


@on_each_database
def test_an_entry_says_who_did_what_to_what_when_and_from_where(owner):
    made = owner.post(
        "/auth/api-keys",
        json={"name": "nightly", "scopes": ["read"]},
        headers={"X-Request-ID": "made-by-hand"},
        environ_base={"REMOTE_ADDR": "203.0.113.7"},
    ).json

    entry = trail(owner)[0]

    (session,) = owner.get("/auth/sessions").json["data"]
    assert entry.pop("id")
    assert entry.pop("at") >= made["created_at"]
    assert entry == {
        "action": "api_key.created",
        "subject_id": made["id"],
        "session_id": session["id"],
        "api_key_id": None,
        "address": "203.0.113.7",
        "request_id": "made-by-hand",
        "detail": {"name": "nightly", "hint": made["hint"], "scopes": ["read"]},
    }


def test_sessions_keys_and_passwords_are_in_it(client, owner, outbox, deliver):
    log_in(client, owner)
    other = next(each["id"] for each in owner.get("/auth/sessions").json["data"] if not each["is_current"])
    owner.delete(f"/auth/sessions/{other}")
    key = make_key(owner)
    owner.delete(f"/auth/api-keys/{key.id}")
    changed = owner.post("/auth/password", json={"current_password": PASSWORD, "new_password": NEW})
    owner.tokens = changed.json
    make_key(owner)
    owner.post("/auth/logout")
    forget(client, owner.email)
    deliver()
    reset(client, outbox.emails[-1].token, PASSWORD)
    owner.tokens = log_in(client, owner)

    assert actions(owner) == [
        "session.started",
        "session.started",
        "session.ended",
        "api_key.created",
        "api_key.revoked",
        "password.changed",
        "session.started",
        "api_key.created",
        "session.ended",
        "api_key.revoked",
        "password.reset",
        "session.started",
    ]


def test_a_new_password_says_what_it_has_ended(client, owner):
    make_key(owner)
    log_in(client, owner)
    body = {"current_password": PASSWORD, "new_password": NEW, "revoke_api_keys": True}

    owner.tokens = owner.post("/auth/password", json=body).json

    (entry,) = trail(owner, "?action=password.changed")
    assert entry["detail"] == {"sessions": 2, "api_keys": 1}
    assert len(trail(owner, "?action=api_key.revoked")) == 1


def test_acts_of_a_key_name_the_key(owner):
    key = make_key(owner)
    post = key.post("/posts", json={}).json

    key.delete(f"/posts/{post['id']}")

    (entry,) = trail(owner, "?action=post.deleted")
    assert (entry["api_key_id"], entry["session_id"], entry["subject_id"]) == (key.id, None, post["id"])


def test_refused_requests_are_not_in_it(owner):
    before = actions(owner)

    owner.post("/auth/password", json={"current_password": "not this one", "new_password": NEW})
    owner.post("/auth/api-keys", json={"name": "x", "scopes": ["read"], "account_ids": [str(uuid4())]})
    owner.delete(f"/auth/sessions/{uuid4()}")
    owner.post(f"/posts/{uuid4()}/cancel")

    assert actions(owner) == before


def test_it_can_be_filtered_by_what_it_was_done_to(owner):
    first, second = make_key(owner), make_key(owner)
    owner.delete(f"/auth/api-keys/{first.id}")

    assert actions(owner, f"?subject_id={first.id}") == ["api_key.created", "api_key.revoked"]
    assert actions(owner, f"?subject_id={second.id}&action=api_key.revoked") == []


def test_it_can_be_filtered_by_session_key_and_kind(client, owner):
    key = make_key(owner)
    post = key.post("/posts", json={}).json
    key.delete(f"/posts/{post['id']}")
    other = log_in(client, owner)
    session_id = owner.get("/auth/sessions").json["data"][0]["id"]
    headers = {"Authorization": f"Bearer {other['access_token']}"}
    owner.patch("/auth/me", json={"display_name": "Ada"}, headers=headers)

    assert {entry["subject_id"] for entry in trail(owner, f"?api_key_id={key.id}")} == {post["id"]}
    assert actions(owner, f"?session_id={session_id}") == ["session.started", "profile.updated"]
    assert actions(owner, "?action=session") == ["session.started"] * 2
    assert actions(owner, "?action=sess") == []
    assert actions(owner, "?action=%25") == []


def test_it_can_be_filtered_by_time(clock, make_person):
    person = make_person("ada@example.com")
    clock.shift(60)
    make_key(person)

    assert actions(person, "?from=2027-03-02T12:01:00Z") == ["api_key.created"]
    assert actions(person, "?to=2027-03-02T12:01:00Z") == ["session.started"]
    assert actions(person, "?from=2027-03-02T13:01:00%2B01:00&to=2027-03-02T12:01:01Z") == ["api_key.created"]


def test_a_refresh_token_used_twice_is_in_it(client, clock, make_person):
    person = make_person("ada@example.com")
    spent, path = {"refresh_token": person.tokens["refresh_token"]}, "/api/v1/auth/refresh"
    client.post(path, json=spent)
    clock.shift(60)
    client.post(path, json=spent)
    person.tokens = log_in(client, person)

    (entry,) = trail(person, "?action=session.ended")

    assert (entry["detail"], entry["address"]) == ({"because": "refresh_token_reused"}, "127.0.0.1")


def test_it_goes_back_as_far_as_the_operator_says(app, clock, make_person, sweep):
    person = make_person("ada@example.com")
    clock.shift(399 * 86_400)
    sweep()
    with app.app_context():
        assert db.session.query(AuditEntry).count() == 1

    clock.shift(2 * 86_400)
    sweep()

    with app.app_context():
        assert db.session.query(AuditEntry).count() == 0
    assert person.user_id


def test_stored_answers_are_deleted_once_their_day_is_over(app, owner, sweep):
    wish = {"json": {"name": "x", "scopes": ["read"]}, "headers": {"Idempotency-Key": "one"}}
    owner.post("/auth/api-keys", **wish)
    with app.app_context(), transaction() as session:
        session.execute(update(IdempotencyKey).values(kept_until=datetime(2026, 1, 1, tzinfo=UTC)))

    sweep()

    with app.app_context():
        assert db.session.query(IdempotencyKey).count() == 0


def test_it_comes_in_pages(owner):
    for _ in range(3):
        make_key(owner)

    first = owner.get("/audit?limit=2&action=api_key.created").json
    rest = owner.get(f"/audit?limit=2&action=api_key.created&cursor={first['next_cursor']}").json

    assert (len(first["data"]), len(rest["data"]), rest["has_more"]) == (2, 1, False)


def test_a_stranger_sees_nothing_of_it(owner, stranger):
    make_key(owner)

    assert actions(stranger) == ["session.started"]


def test_no_secret_is_in_it(client, owner, outbox, deliver):
    key = make_key(owner)
    old = owner.tokens
    owner.tokens = owner.post("/auth/password", json={"current_password": PASSWORD, "new_password": NEW}).json
    forget(client, owner.email)
    deliver()
    token = outbox.emails[-1].token

    shown = owner.get("/audit").get_data(as_text=True)

    tokens = [each[name] for each in (old, owner.tokens) for name in ("access_token", "refresh_token")]
    secrets = [key.token, PASSWORD, NEW, token, *tokens]
    assert [secret for secret in secrets if secret in shown] == []


@pytest.mark.parametrize(
    "query",
    [
        "?action=",
        "?subject_id=x",
        "?user_id=x",
        "?limit=0",
        "?from=2027-03-02T12:00:00",
        "?to=0001-01-01T00:00:00%2B14:00",
    ],
)
def test_an_invalid_filter_is_refused(owner, query):
    assert_problem(owner.get(f"/audit{query}"), 422)
