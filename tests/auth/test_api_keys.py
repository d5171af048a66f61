"""GET, POST and DELETE /auth/api-keys, and what a key may do"""

import re
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from sqlalchemy import event

from tests.auth.keys import Key, make_key
from tests.conftest import API, Person
from tests.databases import on_each_database
from tests.web.problems import assert_problem
from tiktok_api.auth import api_keys
from tiktok_api.auth.models import ApiKey, User
from tiktok_api.db import db


def keys_of(person) -> list[dict]:
    return person.get("/auth/api-keys").json["data"]


@on_each_database
def test_a_key_is_shown_once_and_then_never_again(app, owner):
    response = owner.post("/auth/api-keys", json={"name": "nightly", "scopes": ["posts:write", "read"]})

    assert response.status_code == 201
    token = response.json.pop("token")
    assert re.fullmatch(r"tk_[\w-]{43}", token)
    assert response.json["scopes"] == ["read", "posts:write"]
    assert token.startswith(response.json["hint"])
    (listed,) = keys_of(owner)
    assert listed == {name: value for name, value in response.json.items() if name != "token"}
    with app.app_context():
        assert token not in str([vars(key) for key in db.session.query(ApiKey)])


def test_a_key_acts_for_its_user(owner):
    key = make_key(owner, scopes=["read"])

    response = key.get("/auth/me")

    assert response.status_code == 200
    assert response.json["id"] == owner.user_id


@pytest.mark.parametrize(
    ("scopes", "method", "path", "status"),
    [
        (["read"], "GET", "/posts", 200),
        (["posts:read"], "GET", "/posts", 200),
        (["media:read", "write"], "GET", "/posts", 403),
        (["posts:write"], "GET", "/posts", 403),
        (["read", "media:write"], "POST", "/posts", 403),
        (["posts:write"], "POST", "/posts", 201),
        (["write"], "POST", "/posts", 201),
        (["posts:read"], "GET", "/publications/01932f0a-7c1e-7d3c-9d8e-1f2a3b4c5d6e", 404),
        (["accounts:read"], "GET", "/accounts", 200),
        (["analytics:read"], "GET", "/accounts", 403),
        (["analytics:read"], "GET", "/analytics/accounts/01932f0a-7c1e-7d3c-9d8e-1f2a3b4c5d6e/summary", 404),
        (["media:read"], "GET", "/media", 200),
        (["media:read"], "POST", "/media/uploads", 403),
        (["posts:write"], "GET", "/auth/me", 200),
    ],
)
def test_a_key_reaches_what_its_scopes_name(owner, scopes, method, path, status):
    key = make_key(owner, scopes=scopes)

    response = key.open(path, method=method, **({"json": {}} if method == "POST" else {}))

    assert response.status_code == status
    if status == 403:
        assert response.json["code"] == "scope_too_narrow"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "/auth/me"),
        ("DELETE", "/auth/me"),
        ("POST", "/auth/password"),
        ("POST", "/auth/logout"),
        ("GET", "/auth/sessions"),
        ("DELETE", "/auth/sessions"),
        ("DELETE", "/auth/sessions/01932f0a-7c1e-7d3c-9d8e-1f2a3b4c5d6e"),
        ("GET", "/auth/api-keys"),
        ("POST", "/auth/api-keys"),
        ("DELETE", "/auth/api-keys/01932f0a-7c1e-7d3c-9d8e-1f2a3b4c5d6e"),
        ("GET", "/audit"),
    ],
)
def test_no_key_manages_users_or_keys(owner, method, path):
    key = make_key(owner, scopes=["read", "write"])

    response = key.open(path, method=method, json={} if method in ("POST", "PATCH") else None)

    assert_problem(response, 403, "session_required")


def test_every_operation_belongs_to_a_domain_that_scopes_can_name(app):
    domains = {getattr(blueprint, "domain", "auth") for blueprint in app.blueprints.values()}

    assert domains == {"auth", *api_keys.DOMAINS}


@on_each_database
def test_a_revoked_key_is_refused_everywhere_at_once(make_app, owner, each_database_url):
    key = make_key(owner)
    elsewhere = Key(make_app(database_url=each_database_url), key.token)
    assert elsewhere.get("/posts").status_code == 200

    response = owner.delete(f"/auth/api-keys/{key.id}")

    assert (response.status_code, response.data) == (204, b"")
    assert_problem(elsewhere.get("/posts"), 401, "invalid_token")
    assert keys_of(owner) == []


def test_signing_out_does_not_stop_a_key(owner):
    key = make_key(owner)

    owner.post("/auth/logout")

    assert key.get("/posts").status_code == 200


def test_an_expired_key_is_refused_and_deleted_later(clock, make_person, sweep):
    person = make_person("ada@example.com")
    key = make_key(person, expires_at="2027-03-02T14:00:00+01:00")
    lasting = make_key(person)
    clock.shift(3599)
    assert key.get("/posts").status_code == 200
    clock.shift(1)

    response = key.get("/posts")

    assert_problem(response, 401, "api_key_expired")
    sweep()
    assert [each["id"] for each in keys_of(person)] == [lasting.id]


def test_an_expiry_in_the_past_is_refused(owner):
    response = owner.post(
        "/auth/api-keys", json={"name": "x", "scopes": ["read"], "expires_at": "2020-01-01T00:00:00Z"}
    )

    assert assert_problem(response, 422, "expiry_passed")["errors"][0]["pointer"] == "/expires_at"


@pytest.mark.parametrize(
    ("wish", "pointer"),
    [
        ({"scopes": []}, "/scopes"),
        ({"scopes": ["auth:write"]}, "/scopes/0"),
        ({"scopes": ["admin"]}, "/scopes/0"),
        ({"scopes": None}, "/scopes"),
        ({"name": ""}, "/name"),
        ({"name": "a\nb"}, "/name"),
        ({"account_ids": []}, "/account_ids"),
        ({"account_ids": ["x"]}, "/account_ids/0"),
        ({"expires_at": "2030-01-01T00:00:00"}, "/expires_at"),
        ({"expires_at": "9999-12-31T23:59:59-14:00"}, "/expires_at"),
        ({"token": "tk_mine"}, "/token"),
        ({"user_id": str(uuid4())}, "/user_id"),
    ],
)
def test_an_invalid_request_is_refused(owner, wish, pointer):
    response = owner.post("/auth/api-keys", json={"name": "x", "scopes": ["read"]} | wish)

    assert assert_problem(response, 422)["errors"][0]["pointer"] == pointer


def test_a_strangers_key_is_not_there(owner, stranger):
    key = make_key(stranger)

    answers = [owner.delete(f"/auth/api-keys/{each}") for each in (key.id, uuid4(), "nonsense")]

    for answer in answers:
        assert_problem(answer, 404, "not_found")
    assert keys_of(owner) == []
    assert key.get("/posts").status_code == 200


@pytest.mark.parametrize("token", ["tk_", "tk_x", "tk_" + "A" * 43, "tk_" + "é" * 43, "tk_" + "A" * 5000, "TK_x"])
def test_an_invalid_key_is_refused(client, token):
    response = client.get(f"{API}/posts", headers={"Authorization": f"Bearer {token}"})

    assert_problem(response, 401, "invalid_token")


def test_a_key_sent_twice_is_made_once_and_answered_alike(owner):
    again = {"json": {"name": "x", "scopes": ["read"]}, "headers": {"Idempotency-Key": "one key"}}
    first = owner.post("/auth/api-keys", **again)

    second = owner.post("/auth/api-keys", **again)

    assert second.json == first.json
    assert second.headers["Idempotency-Replayed"] == "true"
    assert len(keys_of(owner)) == 1


def test_its_last_use_is_written_down_at_most_once_a_minute(app, clock, make_person):
    key = make_key(make_person("ada@example.com"))
    writes: list[str] = []

    def note(_c, _cursor, statement, *_):
        if statement.startswith("UPDATE api_keys"):
            writes.append(statement)

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)

    for _ in range(5):
        key.get("/posts")
        clock.shift(15)
    key.get("/posts")

    with app.app_context():
        event.remove(db.engine, "before_cursor_execute", note)
        assert db.session.get(ApiKey, key.uuid).last_used_at.isoformat() == "2027-03-02T12:01:15+00:00"
    assert len(writes) == 2


@on_each_database
def test_a_user_has_at_most_a_hundred_keys(app, owner):
    with app.app_context():
        user = db.session.query(User).filter_by(email=owner.email).one()
        for number in range(api_keys.MOST_KEYS - 1):
            db.session.add(ApiKey(user_id=user.id, name="x", token_hash=f"{number}", hint="tk_", scopes=["read"]))
        db.session.commit()

    with ThreadPoolExecutor(4) as pool:
        wish = {"name": "x", "scopes": ["read"]}
        answers = list(pool.map(lambda _: owner.post("/auth/api-keys", json=wish), range(4)))

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert {answer.json["code"] for answer in answers if answer.status_code == 409} == {"too_many_keys"}


def test_users_and_their_keys_share_one_quota(make_app):
    person = Person(make_app(rate_limit_enabled=True), "ada@example.com")
    key = make_key(person)

    left = int(key.get("/posts").headers["RateLimit-Remaining"])

    assert int(person.get("/posts").headers["RateLimit-Remaining"]) == left - 1
