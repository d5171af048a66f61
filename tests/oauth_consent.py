"""The consent of people to connect TikTok accounts: the simulator's consent page, through HTTP on both sides."""

from typing import Any
from urllib.parse import urlsplit

from werkzeug.test import TestResponse


def begin(person: Any, **wish: Any) -> dict[str, Any]:
    """The answer to POST /accounts/connect."""
    response = person.post("/accounts/connect", json=wish)
    assert response.status_code == 201, response.json
    return response.json


def come_back(person: Any, location: str) -> TestResponse:
    """What the browser gets where TikTok has sent it: it carries no token."""
    parts = urlsplit(location)
    return person.client.get(f"{parts.path}?{parts.query}")


def connect(simulator: Any, person: Any, creator: str, *, ticked: str | None = None, **wish: Any) -> dict[str, Any]:
    """The connection, as it is after `creator` has consented; `ticked` are the scopes left ticked, if not all."""
    begun = begin(person, **wish)
    come_back(person, simulator.control.consent(begun["authorize_url"], creator, scopes=ticked))
    return person.get(f"/accounts/connections/{begun['id']}").json
