"""Tokens that we did not make."""

import pytest

from tests.auth.forging import forge, sign
from tests.conftest import API
from tests.web.problems import assert_problem


def test_the_forger_can_make_a_good_token(client, header, claims, signing_key):
    response = client.get(f"{API}/auth/me", headers={"Authorization": f"Bearer {sign(header, claims, signing_key)}"})

    assert response.status_code == 200


def test_no_forged_access_token_is_believed(client, header, claims, signing_key):
    forged = dict(forge(header, claims, signing_key))

    answers = {name: client.get(f"{API}/auth/me", headers=_bearer(token)) for name, token in forged.items()}

    assert len(answers) >= 60
    assert {name for name, answer in answers.items() if answer.status_code != 401} == set()
    for answer in answers.values():
        assert_problem(answer, 401)


def test_no_forged_refresh_token_is_believed(client, owner, header, claims, signing_key):
    good = claims | {"type": "refresh"}
    forged = {name: token for name, token in forge(header, good, signing_key) if "'type': 'refresh'" not in name}

    answers = {name: client.post(f"{API}/auth/refresh", json={"refresh_token": t}) for name, t in forged.items()}

    assert len(answers) >= 60
    assert {name for name, answer in answers.items() if answer.status_code != 401} == set()
    assert owner.get("/auth/me").status_code == 200


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
def test_an_authorization_that_is_none_is_refused(client, value):
    response = client.get(f"{API}/auth/me", headers={"Authorization": value})

    assert_problem(response, 401)


def test_the_scheme_may_be_written_as_one_likes(client, owner):
    headers = [f"bearer {owner.tokens['access_token']}", f"BEARER   {owner.tokens['access_token']} "]

    answers = [client.get(f"{API}/auth/me", headers={"Authorization": value}) for value in headers]

    assert [answer.status_code for answer in answers] == [200, 200]


def test_a_token_by_an_older_key_of_the_ring_still_counts(make_app, owner):
    old = owner.app.extensions["tiktok_api.settings"].jwt_keys
    rotated = make_app(jwt_keys={"new": b"n" * 32, **old})

    response = rotated.test_client().get(f"{API}/auth/me", headers=_bearer(owner.tokens["access_token"]))

    assert response.status_code == 200


def test_a_token_by_a_key_that_has_left_the_ring_does_not(make_app, owner):
    rotated = make_app(jwt_keys={"new": b"n" * 32})

    response = rotated.test_client().get(f"{API}/auth/me", headers=_bearer(owner.tokens["access_token"]))

    assert_problem(response, 401, "invalid_token")


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
