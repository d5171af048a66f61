"""Guessing passwords: five a minute per address and account, twenty per address, and guesses lock no user out."""

import pytest

from tests.auth.costs import count_costs
from tests.auth.keys import make_key
from tests.conftest import API, PASSWORD
from tests.contract.operations import MISSING
from tests.web.problems import assert_problem


@pytest.fixture
def app(make_app):
    return make_app(rate_limit_enabled=True)


WRONG = "not the password"


def log_in(client, email="owner@example.com", password=WRONG, address="192.0.2.66"):
    return client.post(
        f"{API}/auth/login",
        json={"email": email, "password": password},
        environ_base={"REMOTE_ADDR": address},
    )


def test_guesses_from_elsewhere_do_not_lock_a_user_out(client, owner):
    attempts = [log_in(client, address=f"192.0.2.{number}").status_code for number in range(60, 63) for _ in range(6)]

    response = log_in(client, password=PASSWORD, address="198.51.100.1")

    assert attempts == ([401] * 5 + [429]) * 3
    assert response.status_code == 200


def test_after_five_guesses_even_the_right_password_is_refused(client, owner):
    for _ in range(5):
        log_in(client)

    response = log_in(client, password=PASSWORD)

    assert_problem(response, 429, "rate_limit_exceeded")


def test_another_account_can_be_tried_from_the_same_address(client, owner, stranger):
    for _ in range(6):
        log_in(client)

    response = log_in(client, stranger.email, PASSWORD)

    assert response.status_code == 200


def test_known_and_unknown_addresses_are_throttled_alike(client, owner):
    known, unknown = ([log_in(client, email) for _ in range(6)] for email in (owner.email, "unknown@example.com"))

    for one, other in zip(known, unknown, strict=True):
        assert one.status_code == other.status_code
        assert one.json | {"request_id": ""} == other.json | {"request_id": ""}


def test_known_and_unknown_addresses_cost_the_same_work_once_throttled(app, client, owner):
    for email in (owner.email, "unknown@example.com"):
        for _ in range(5):
            log_in(client, email)

    known, unknown = (
        count_costs(app, lambda email=email: log_in(client, email)) for email in (owner.email, "unknown@example.com")
    )

    assert known == unknown
    assert known["verify_secret"] == 0


def test_every_invalid_token_costs_the_same_work(app, client):
    bodies = [{"token": token, "password": "a longer horse battery"} for token in ("x", "A" * 43, "é" * 200)]

    costs = [
        count_costs(app, lambda body=body: client.post(f"{API}/auth/password/reset", json=body)) for body in bodies
    ]

    assert costs[0] == costs[1] == costs[2]
    assert costs[0]["hash_secret"] == 0


def test_a_whole_network_of_addresses_counts_as_one(client, owner):
    answers = [log_in(client, address=f"2001:db8:1:2::{number:x}").status_code for number in range(1, 7)]
    elsewhere = log_in(client, address="2001:db8:1:3::1").status_code

    assert answers == [401] * 5 + [429]
    assert elsewhere == 401


def test_an_address_is_the_same_however_it_is_written(client, owner):
    answers = [log_in(client, address=each).status_code for each in ("192.0.2.66", "::ffff:192.0.2.66") * 3]

    assert answers == [401] * 5 + [429]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("password/forgot", {"email": "owner@example.com"}),
        ("password/reset", {"token": "x", "password": "a longer horse battery"}),
        ("email/verify", {"token": "x"}),
    ],
)
def test_emails_and_their_tokens_are_limited_by_address(client, path, body):
    answers = [client.post(f"{API}/auth/{path}", json=body).status_code for _ in range(21)]

    assert (set(answers[:20]), answers[20]) == ({202} if path == "password/forgot" else {422}, 429)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/auth/password", {"new_password": "a longer horse battery"}),
        ("POST", "/auth/api-keys", {"name": "x", "scopes": ["read"]}),
        ("DELETE", "/auth/sessions", {}),
        ("DELETE", f"/auth/sessions/{MISSING}", {}),
        ("DELETE", "/auth/me", {}),
    ],
)
def test_every_place_that_takes_a_password_shares_the_guesses_of_signing_in(client, owner, method, path, body):
    here = {"environ_base": {"REMOTE_ADDR": "192.0.2.66"}}
    answers = [log_in(client, owner.email).status_code for _ in range(3)]
    wrong = body | {"current_password": WRONG}
    answers += [owner.open(path, method=method, json=wrong, **here).status_code for _ in range(3)]

    right = owner.open(path, method=method, json=body | {"current_password": PASSWORD}, **here)

    assert answers == [401] * 3 + [422] * 2 + [429]
    assert_problem(right, 429, "rate_limit_exceeded")
    assert log_in(client, owner.email, PASSWORD).status_code == 429
    assert log_in(client, owner.email, PASSWORD, address="198.51.100.1").status_code == 200


def test_what_a_recent_sign_in_allows_counts_as_no_guess(client, owner):
    made = [owner.post("/auth/api-keys", json={"name": "x", "scopes": ["read"]}).status_code for _ in range(8)]

    assert made == [201] * 8
    assert log_in(client, owner.email, PASSWORD, address="127.0.0.1").status_code == 200


def test_a_key_uses_up_no_guesses(client, owner):
    key = make_key(owner)
    refused = [key.delete("/auth/me", json={"current_password": WRONG}).status_code for _ in range(8)]

    assert refused == [403] * 8
    assert log_in(client, owner.email, PASSWORD, address="127.0.0.1").status_code == 200


def test_registering_an_address_is_limited_by_network_and_address(client):
    def register(email, address):
        body = {"email": email, "password": PASSWORD}
        return client.post(f"{API}/auth/register", json=body, environ_base={"REMOTE_ADDR": address}).status_code

    answers = [register("ada@example.com", "192.0.2.66") for _ in range(11)]

    assert answers == [201] + [409] * 9 + [429]
    assert register("grace@example.com", "192.0.2.66") == 201
    assert register("ada@example.com", "198.51.100.1") == 409


def test_changing_a_password_is_limited_by_address_and_user(app, make_person):
    person, other = make_person("ada@example.com"), make_person("grace@example.com")
    body = {"current_password": "not the password", "new_password": "a longer horse battery"}
    tried = [person.post("/auth/password", json=body).status_code for _ in range(6)]

    assert tried == [422] * 5 + [429]
    assert other.post("/auth/password", json=body).status_code == 422
    away = person.post("/auth/password", json=body, environ_base={"REMOTE_ADDR": "198.51.100.1"})
    assert away.status_code == 422
