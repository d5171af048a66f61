"""POST /auth/refresh"""

from tests.conftest import API


def test_a_refresh_token_is_traded_for_the_next_pair(client, owner):
    response = client.post(f"{API}/auth/refresh", json={"refresh_token": owner.tokens["refresh_token"]})

    assert response.status_code == 200
    assert response.json["refresh_token"] != owner.tokens["refresh_token"]


def test_the_same_token_twice_in_a_row_gets_the_same_successor(client, owner):
    first = client.post(f"{API}/auth/refresh", json={"refresh_token": owner.tokens["refresh_token"]})

    second = client.post(f"{API}/auth/refresh", json={"refresh_token": owner.tokens["refresh_token"]})

    assert second.json == first.json


def test_an_access_token_refreshes_nothing(client, owner):
    response = client.post(f"{API}/auth/refresh", json={"refresh_token": owner.tokens["access_token"]})

    assert response.status_code == 401
    assert response.json["code"] == "invalid_token"
