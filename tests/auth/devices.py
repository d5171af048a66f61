"""Devices: others than the one that a person of the cast is signed in on, and their tokens."""

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.conftest import API, PASSWORD, Person


def log_in(
    client: FlaskClient, person: Person, *, password: str = PASSWORD, agent: str = "other", address: str = "127.0.0.1"
) -> dict[str, Any]:
    """The tokens of one more device."""
    response = client.post(
        f"{API}/auth/login",
        json={"email": person.email, "password": password},
        headers={"User-Agent": agent},
        environ_base={"REMOTE_ADDR": address},
    )
    assert response.status_code == 200, response.json
    return dict(response.json)


def refresh(client: FlaskClient, refresh_token: Any) -> TestResponse:
    """Trade a refresh token for the next pair."""
    return client.post(f"{API}/auth/refresh", json={"refresh_token": refresh_token})


def is_signed_in(client: FlaskClient, tokens: dict[str, Any]) -> bool:
    """Whether the access token still opens anything."""
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    return client.get(f"{API}/auth/me", headers=headers).status_code == 200
