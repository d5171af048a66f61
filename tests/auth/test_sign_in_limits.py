"""Guessing passwords: five a minute per address and account, twenty per address, and guesses lock no user out."""

import pytest

from tests.auth.costs import count_costs
from tests.conftest import API, PASSWORD
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


def test_changing_a_password_is_limited_by_address_and_user(app, make_person):
    person, other = make_person("ada@example.com"), make_person("grace@example.com")
    body = {"current_password": "not the password", "new_password": "a longer horse battery"}
    tried = [person.post("/auth/password", json=body).status_code for _ in range(6)]

    assert tried == [422] * 5 + [429]
    assert other.post("/auth/password", json=body).status_code == 422
    away = person.post("/auth/password", json=body, environ_base={"REMOTE_ADDR": "198.51.100.1"})
    assert away.status_code == 422
