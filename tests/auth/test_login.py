"""POST /auth/login"""

import pytest

from tests.auth.costs import count_costs
from tests.conftest import API, PASSWORD
from tests.web.problems import assert_problem


def log_in(client, **wish):
    return client.post(f"{API}/auth/login", json={"email": "owner@example.com", "password": PASSWORD} | wish)


def test_the_right_password_signs_in(client, owner):
    response = log_in(client)

    assert response.status_code == 200
    profile = client.get(f"{API}/auth/me", headers={"Authorization": f"Bearer {response.json['access_token']}"})
    assert profile.json["id"] == owner.user_id


@pytest.mark.parametrize("email", ["owner@" + "x" * 64 + ".example", "owner@example..com", "owner"])
def test_an_address_that_no_domain_can_have_is_not_known(client, owner, email):
    assert_problem(log_in(client, email=email), 401, "wrong_credentials")


def test_each_sign_in_is_a_session_of_its_own(client, owner):
    first, second = log_in(client), log_in(client)

    assert first.json["access_token"] != second.json["access_token"]


@pytest.mark.parametrize("email", ["OWNER@example.com", "Owner@EXAMPLE.com", " owner@example.com "])
def test_an_address_may_be_written_in_any_case(client, owner, email):
    response = log_in(client, email=email)

    assert response.status_code == 200


@pytest.mark.parametrize("password", [PASSWORD.upper(), PASSWORD + " ", " " + PASSWORD, PASSWORD[:-1], "x", "😀"])
def test_another_password_does_not(client, owner, password):
    response = log_in(client, password=password)

    assert_problem(response, 401, "wrong_credentials")


def test_known_and_unknown_addresses_are_answered_alike(client, owner):
    known, unknown = log_in(client, password="not the password"), log_in(client, email="unknown@example.com")

    assert known.status_code == unknown.status_code == 401
    assert known.json | {"request_id": ""} == unknown.json | {"request_id": ""}
    assert sorted(name for name, _ in known.headers) == sorted(name for name, _ in unknown.headers)
    assert known.headers["Content-Length"] == unknown.headers["Content-Length"]


@pytest.mark.parametrize("password", ["not the password", "x", "x" * 128])
def test_known_and_unknown_addresses_cost_the_same_work(app, client, owner, password):
    known = count_costs(app, lambda: log_in(client, password=password))

    unknown = count_costs(app, lambda: log_in(client, email="unknown@example.com", password=password))

    assert known == unknown
    assert known["verify_secret"] == 1
    assert known["hash_secret"] == 0


def test_a_closed_server_still_signs_its_users_in(make_app, owner):
    response = log_in(make_app(registration="closed").test_client())

    assert response.status_code == 200
