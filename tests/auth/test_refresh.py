"""POST /auth/refresh"""

from concurrent.futures import ThreadPoolExecutor

import jwt

from tests.auth.devices import is_signed_in, refresh
from tests.conftest import API
from tests.databases import on_each_database
from tests.web.problems import assert_problem


def test_a_refresh_token_is_traded_for_the_next_pair(client, owner):
    response = refresh(client, owner.tokens["refresh_token"])

    assert response.status_code == 200
    assert response.json["refresh_token"] != owner.tokens["refresh_token"]
    assert response.json["access_token"] != owner.tokens["access_token"]
    assert response.json["expires_in"] == 24 * 3600
    assert response.json["refresh_expires_in"] == 30 * 24 * 3600
    assert is_signed_in(client, response.json)


@on_each_database
def test_fifty_at_once_get_one_successor(app, owner):
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: refresh(app.test_client(), owner.tokens["refresh_token"]), range(50)))

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.data for answer in answers}) == 1


def test_within_the_grace_the_same_successor_is_answered(client, clock, make_person):
    person = make_person("ada@example.com")
    first = refresh(client, person.tokens["refresh_token"])
    clock.shift(10)

    second = refresh(client, person.tokens["refresh_token"])

    assert second.json == first.json


def test_used_after_the_grace_it_ends_the_session(client, clock, make_person):
    person = make_person("ada@example.com")
    successor = refresh(client, person.tokens["refresh_token"]).json
    clock.shift(11)

    response = refresh(client, person.tokens["refresh_token"])

    assert_problem(response, 401, "refresh_token_reused")
    assert not is_signed_in(client, successor)
    assert not is_signed_in(client, person.tokens)
    assert refresh(client, successor["refresh_token"]).status_code == 401


def test_the_token_before_the_last_has_no_grace(client, owner):
    second = refresh(client, owner.tokens["refresh_token"]).json
    refresh(client, second["refresh_token"])

    response = refresh(client, owner.tokens["refresh_token"])

    assert_problem(response, 401, "refresh_token_reused")
    assert not is_signed_in(client, second)


def test_another_device_stays_signed_in(client, clock, make_person):
    person = make_person("ada@example.com")
    credentials = {"email": "ada@example.com", "password": "correct horse battery"}
    other = client.post(f"{API}/auth/login", json=credentials).json
    refresh(client, person.tokens["refresh_token"])
    clock.shift(11)

    refresh(client, person.tokens["refresh_token"])

    assert is_signed_in(client, other)


def test_after_thirty_days_it_has_expired(client, clock, make_person):
    person = make_person("ada@example.com")
    clock.shift(30 * 24 * 3600)

    response = refresh(client, person.tokens["refresh_token"])

    assert_problem(response, 401, "token_expired")


def test_after_a_day_the_access_token_has_expired_and_the_refresh_token_has_not(client, clock, make_person):
    person = make_person("ada@example.com")
    assert is_signed_in(client, person.tokens)
    clock.shift(24 * 3600)

    response = person.get("/auth/me")

    assert_problem(response, 401, "token_expired")
    assert refresh(client, person.tokens["refresh_token"]).status_code == 200


def test_an_access_token_refreshes_nothing(client, owner):
    response = refresh(client, owner.tokens["access_token"])

    assert_problem(response, 401, "invalid_token")


def test_a_refresh_token_opens_nothing(client, owner):
    assert not is_signed_in(client, {"access_token": owner.tokens["refresh_token"]})


def test_the_next_tokens_carry_the_new_time_zone(client, owner):
    owner.patch("/auth/me", json={"timezone": "Asia/Tokyo"})

    tokens = refresh(client, owner.tokens["refresh_token"]).json

    assert jwt.decode(tokens["access_token"], options={"verify_signature": False})["tz"] == "Asia/Tokyo"


def test_moving_the_test_clock_ends_no_session(app, client, owner):
    app.test_cli_runner().invoke(args=["clock", "advance", str(90 * 24 * 3600)])

    assert is_signed_in(client, owner.tokens)
    assert refresh(client, owner.tokens["refresh_token"]).status_code == 200
