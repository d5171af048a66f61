"""Tokens that we did not make."""

import jwt
import pytest

from tests.auth.devices import is_signed_in, log_in, refresh
from tests.auth.forging import ANOTHER_JTI, forge, sign
from tests.conftest import API
from tests.web.problems import assert_problem
from tiktok_api.extensions import services_of
from tiktok_api.settings import Settings


def test_the_forger_can_make_a_good_token(client, header, claims, signing_key):
    response = client.get(f"{API}/auth/me", headers={"Authorization": f"Bearer {sign(header, claims, signing_key)}"})

    assert response.status_code == 200


def test_forged_access_tokens_are_refused(client, header, claims, signing_key):
    forged = dict(forge(header, claims, signing_key))

    answers = {name: client.get(f"{API}/auth/me", headers=_bearer(token)) for name, token in forged.items()}

    assert len(answers) >= 60
    assert {name for name, answer in answers.items() if answer.status_code != 401} == set()
    for answer in answers.values():
        assert_problem(answer, 401)


def test_forged_refresh_tokens_are_refused(client, owner, header, claims, signing_key):
    good = jwt.decode(owner.tokens["refresh_token"], options={"verify_signature": False})
    forged = dict(forge(header, good, signing_key))
    del forged["claims {'type': 'refresh'}"], forged[ANOTHER_JTI]  # no forgery, and one that ends the session

    answers = {name: refresh(client, token) for name, token in forged.items()}

    assert len(answers) >= 60
    assert {name for name, answer in answers.items() if answer.status_code != 401} == set()
    assert owner.get("/auth/me").status_code == 200
    assert refresh(client, sign(header, good, signing_key)).status_code == 200


def test_a_token_of_another_session_is_refused(client, owner, header, claims, signing_key):
    other = log_in(client, owner)
    theirs = jwt.decode(other["access_token"], options={"verify_signature": False})
    mixed = [claims | {"jti": theirs["jti"]}, claims | {"sid": theirs["sid"]}]

    answers = [client.get(f"{API}/auth/me", headers=_bearer(sign(header, each, signing_key))) for each in mixed]

    for answer in answers:
        assert_problem(answer, 401, "invalid_token")


def test_an_access_token_stays_valid_after_a_refresh(client, owner):
    refresh(client, owner.tokens["refresh_token"])

    assert owner.get("/auth/me").status_code == 200


def test_a_session_that_refreshes_all_day_keeps_its_newest_tokens(app, client, owner):
    pairs = [owner.tokens]
    for _ in range(50):
        pairs.append(refresh(client, pairs[-1]["refresh_token"]).json)

    answers = [is_signed_in(client, pair) for pair in pairs]

    assert answers == [False] + [True] * 50


def test_clocks_of_machines_may_be_a_little_apart(client, clock, make_person):
    person = make_person("ada@example.com")

    clock.shift(-9)

    assert person.get("/auth/me").status_code == 200
    clock.shift(-2)
    assert_problem(refresh(client, person.tokens["refresh_token"]), 401, "invalid_token")


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer  ",
        "Basic YTpi",
        "bearer",
        "Token x",
        "Bearer a b",
        "\t",
        "Bearer \u00e9",
        "Bearer tk_x",
        "Bearer null",
    ],
)
def test_an_invalid_authorization_header_is_refused(client, value):
    response = client.get(f"{API}/auth/me", headers={"Authorization": value})

    assert_problem(response, 401)


def test_the_scheme_is_compared_without_case(client, owner):
    headers = [f"bearer {owner.tokens['access_token']}", f"BEARER   {owner.tokens['access_token']} "]

    answers = [client.get(f"{API}/auth/me", headers={"Authorization": value}) for value in headers]

    assert [answer.status_code for answer in answers] == [200, 200]


def test_a_token_by_an_older_key_of_the_ring_still_counts(make_app, owner):
    old = services_of(owner.app)[Settings].jwt_keys
    rotated = make_app(jwt_keys={"new": b"n" * 32, **old})

    response = rotated.test_client().get(f"{API}/auth/me", headers=_bearer(owner.tokens["access_token"]))

    assert response.status_code == 200


def test_a_token_by_a_key_that_has_left_the_ring_does_not(make_app, owner):
    rotated = make_app(jwt_keys={"new": b"n" * 32})

    response = rotated.test_client().get(f"{API}/auth/me", headers=_bearer(owner.tokens["access_token"]))

    assert_problem(response, 401, "invalid_token")


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
