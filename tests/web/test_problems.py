"""Everything that can go wrong has one shape (RFC 9457)."""

import sqlite3
from pathlib import Path
from uuid import uuid4

import pytest

from tests.conftest import API
from tests.web.problems import assert_problem


def test_an_unknown_address_is_not_found(client):
    paths = ["/", "/api", API, f"{API}/nothing", f"{API}/auth/me/", "/docs/assets/redoc/nothing.js"]

    answers = [client.get(path) for path in paths]

    for answer in answers:
        assert_problem(answer, 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", f"{API}/auth/login", "OPTIONS, POST"),
        ("PUT", f"{API}/things", "GET, HEAD, OPTIONS, POST"),
        ("POST", "/livez", "GET, HEAD, OPTIONS"),
        ("POST", "/docs", "GET, HEAD, OPTIONS"),
    ],
)
def test_a_wrong_method_is_answered_with_the_allowed_ones(client, method, path, allowed):
    response = client.open(path, method=method)

    assert_problem(response, 405, "method_not_allowed")
    assert response.headers["Allow"] == allowed


def test_head_answers_the_headers_of_get(owner):
    response = owner.open("/auth/me", method="HEAD")

    assert response.status_code == 200
    assert response.data == b""
    assert response.headers["ETag"] == owner.get("/auth/me").headers["ETag"]


def test_a_problem_to_head_has_no_body(client):
    response = client.head(f"{API}/nothing")

    assert (response.status_code, response.data) == (404, b"")
    assert response.content_type == "application/problem+json"


def test_a_body_over_a_mebibyte_is_too_large(owner):
    response = owner.post("/things", data=b"x" * (1024 * 1024 + 1), content_type="application/json")

    assert_problem(response, 413, "body_too_large")


def test_a_body_is_not_measured_before_its_sender_is_known(client):
    response = client.post(f"{API}/things", data=b"x" * (1024 * 1024 + 1), content_type="application/json")

    assert_problem(response, 401, "unauthorized")


@pytest.mark.parametrize("path", ["/things", "/auth/register"])
def test_a_body_that_does_not_call_itself_json_is_unsupported(owner, path):
    names = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonp"]

    answers = [owner.post(path, data=b'{"name": "a"}', content_type=name) for name in names]

    for answer in answers:
        assert_problem(answer, 415, "unsupported_body")


def test_a_body_without_a_content_type_is_unsupported(owner):
    response = owner.post("/things", data=b'{"name": "a"}')

    assert_problem(response, 415, "unsupported_body")


def test_json_by_any_of_its_names_is_read(owner):
    names = ["application/json", "application/json; charset=utf-8", "application/vnd.api+json"]

    answers = [owner.post("/things", data=b'{"name": "a"}', content_type=name) for name in names]

    assert [answer.status_code for answer in answers] == [201, 201, 201]


def test_without_a_token_no_body_is_read(client):
    requests = [
        {"data": b"{", "content_type": "application/json"},
        {"data": b'{"name": "a"}', "content_type": "text/plain"},
        {"json": {"unknown": 1}},
        {"json": {"name": "a"}, "headers": {"Idempotency-Key": ""}},
        {},
    ]

    answers = [client.post(f"{API}/things", **request) for request in requests]

    for answer in answers:
        assert_problem(answer, 401, "unauthorized")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_another_persons_thing_a_missing_one_and_a_malformed_id_answer_alike(owner, stranger):
    theirs = stranger.post("/things", json={"name": "a"}).json["id"]

    answers = [owner.get(f"/things/{thing_id}") for thing_id in (theirs, uuid4(), "42", "x" * 36, "%00", theirs[:-1])]

    documents = [assert_problem(answer, 404, "not_found") for answer in answers]
    assert len({(d["title"], d["detail"], d["type"]) for d in documents}) == 1


def test_a_malformed_id_reveals_nothing_without_a_token(client):
    response = client.get(f"{API}/things/42")

    assert_problem(response, 401)


def test_a_bug_is_answered_without_its_particulars(owner, bugs_are_answered):
    response = owner.post("/things", json={"name": "crash"})

    assert_problem(response, 500, "internal_server_error")
    assert b"on purpose" not in response.data


def test_a_missing_database_is_503(make_things, tmp_path: Path):
    app = make_things(database_url=f"sqlite:///{tmp_path}")  # a folder is no database

    response = app.test_client().post(f"{API}/auth/login", json={"email": "a@example.com", "password": "x"})

    assert_problem(response, 503, "database_busy")


@pytest.mark.postgres
def test_a_missing_postgresql_is_503(make_things):
    app = make_things(database_url="postgresql+psycopg://unknown@127.0.0.1:1/nothing")

    response = app.test_client().post(f"{API}/auth/login", json={"email": "a@example.com", "password": "x"})

    assert_problem(response, 503, "database_busy")


def test_a_problem_is_never_cached(client):
    response = client.get(f"{API}/nothing")

    assert response.headers["Cache-Control"] == "no-store"


def test_the_address_of_a_problem_is_a_uri_reference(client):
    response = client.get(f"{API}/no thing/“here”?q=1")

    assert response.json["instance"] == f"{API}/no%20thing/%E2%80%9Chere%E2%80%9D"


def test_slashes_too_many_are_taken_away(client):
    response = client.get("/api//v1/auth/me")

    assert response.status_code == 308
    assert response.headers["Location"].endswith("/api/v1/auth/me")


def test_a_locked_database_is_503_after_a_wait(make_things, stage_file: Path, database_url):
    app = make_things(database_url=f"{database_url}?timeout=0")
    with sqlite3.connect(stage_file, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")

        response = app.test_client().post(
            f"{API}/auth/register", json={"email": "a@example.com", "password": "correct horse battery"}
        )

    assert_problem(response, 503, "database_busy")
