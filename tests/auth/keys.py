"""API keys, as the servers that use them."""

from typing import Any
from uuid import UUID

from flask import Flask
from werkzeug.test import TestResponse

from tests.conftest import API, Person


class Key:
    """A server with a key: `key.get("/posts")`."""

    def __init__(self, app: Flask, token: str, key_id: str = "") -> None:
        self.client, self.token, self.id = app.test_client(), token, key_id

    @property
    def uuid(self) -> UUID:
        return UUID(self.id)

    def open(self, path: str, **options: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}"} | dict(options.pop("headers", None) or {})
        return self.client.open(f"{API}{path}", headers=headers, **options)

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.open(path, method="GET", **options)

    def post(self, path: str, **options: Any) -> TestResponse:
        return self.open(path, method="POST", **options)

    def patch(self, path: str, **options: Any) -> TestResponse:
        return self.open(path, method="PATCH", **options)

    def delete(self, path: str, **options: Any) -> TestResponse:
        return self.open(path, method="DELETE", **options)


def make_key(person: Person, **wish: Any) -> Key:
    """A key of this user's that may do everything keys may, unless `wish` says otherwise."""
    response = person.post("/auth/api-keys", json={"name": "a server", "scopes": ["read", "write"]} | wish)
    assert response.status_code == 201, response.json
    return Key(person.app, response.json["token"], response.json["id"])
