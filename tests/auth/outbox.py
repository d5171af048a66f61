"""Where sent emails end up in tests, and the requests that have them sent."""

import re
from typing import Any, NamedTuple

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.conftest import API, PASSWORD
from tiktok_api.auth.emails.mailer import Undeliverable


class SentEmail(NamedTuple):
    """An email that was sent."""

    to: str
    subject: str
    text: str

    @property
    def token(self) -> str:
        """The token in the email."""
        found = re.search(r'"token": "([\w-]+)"', self.text)
        assert found, self.text
        return found[1]


class Outbox:
    """A mailer that keeps what it is given; it fails as often as it is told."""

    def __init__(self) -> None:
        self.emails: list[SentEmail] = []
        self.failures = 0
        self.is_known_here = True

    def send(self, to: str, subject: str, text: str) -> None:
        if not self.is_known_here:
            raise Undeliverable("no user of that name")
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the mail server is having a rest")
        self.emails.append(SentEmail(to, subject, text))

    def take(self) -> SentEmail:
        """The only email that has arrived since."""
        (email,) = self.emails
        self.emails.clear()
        return email


def register(client: FlaskClient, email: str = "ada@example.com", **wish: Any) -> TestResponse:
    return client.post(f"{API}/auth/register", json={"email": email, "password": PASSWORD} | wish)


def log_in(client: FlaskClient, email: str = "ada@example.com", password: str = PASSWORD) -> TestResponse:
    return client.post(f"{API}/auth/login", json={"email": email, "password": password})


def verify(client: FlaskClient, token: str) -> TestResponse:
    return client.post(f"{API}/auth/email/verify", json={"token": token})


def forget(client: FlaskClient, email: str = "ada@example.com") -> TestResponse:
    return client.post(f"{API}/auth/password/forgot", json={"email": email})


def reset(client: FlaskClient, token: str, password: str = "a longer horse battery") -> TestResponse:  # noqa: S107  # no secret
    return client.post(f"{API}/auth/password/reset", json={"token": token, "password": password})
