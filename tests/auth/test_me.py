"""GET and PATCH /auth/me"""

import pytest

from tests.web.problems import assert_problem


def test_a_profile_shows_no_secret(owner):
    response = owner.get("/auth/me")

    assert set(response.json) == {"id", "email", "display_name", "timezone", "created_at"}
    assert response.json["created_at"].endswith("Z")


def test_name_and_time_zone_can_be_changed(owner):
    response = owner.patch("/auth/me", json={"display_name": "Ada ♥", "timezone": "Pacific/Chatham"})

    assert response.status_code == 200
    assert owner.get("/auth/me").json == response.json
    assert (response.json["display_name"], response.json["timezone"]) == ("Ada ♥", "Pacific/Chatham")


def test_what_is_not_named_stays(owner):
    owner.patch("/auth/me", json={"display_name": "Ada"})

    response = owner.patch("/auth/me", json={})

    assert response.json["display_name"] == "Ada"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"display_name": None}, "/display_name"),
        ({"display_name": "a\nb"}, "/display_name"),
        ({"display_name": "x" * 101}, "/display_name"),
        ({"timezone": None}, "/timezone"),
        ({"timezone": "Moon"}, "/timezone"),
        ({"email": "other@example.com"}, "/email"),
        ({"id": "01932f0a-7c1e-7d3c-9d8e-1f2a3b4c5d6e"}, "/id"),
        ({"password_hash": ""}, "/password_hash"),
    ],
)
def test_invalid_values_are_refused(owner, change, pointer):
    response = owner.patch("/auth/me", json=change)

    assert assert_problem(response, 422, "invalid")["errors"][0]["pointer"] == pointer


def test_one_persons_change_is_not_anothers(owner, stranger):
    owner.patch("/auth/me", json={"display_name": "Ada"})

    assert stranger.get("/auth/me").json["display_name"] == ""


def test_without_a_token_there_is_no_profile(client):
    answers = [client.get("/api/v1/auth/me"), client.patch("/api/v1/auth/me", json={"display_name": "x"})]

    for answer in answers:
        assert_problem(answer, 401, "unauthorized")
