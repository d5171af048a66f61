"""A simulator per test, an app that speaks to it, and a neighbour that it speaks to."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from tests.simulator.driving import Account, Client
from tests.simulator.neighbours import Neighbour, neighbour
from tiktok_api.simulator import Running, running


@pytest.fixture
def knobs() -> dict[str, Any]:
    """The knobs that a test file starts its worlds with; overridden there."""
    return {}


@pytest.fixture(scope="session")
def server() -> Iterator[Running]:
    """One simulator for all tests; each gets a new world in it."""
    with running(allow_http=True) as simulator:
        yield simulator


@pytest.fixture
def tiktok(server: Running, knobs: dict[str, Any]) -> Running:
    server.control.reset(**knobs)
    return server


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def client(tiktok: Running, session: requests.Session) -> Client:
    """The default desktop app."""
    return Client(tiktok, session)


@pytest.fixture
def web_client(tiktok: Running, session: requests.Session) -> Client:
    """The default web app, without PKCE."""
    return Client(
        tiktok,
        session,
        "awsimclient0002",
        "sim-client-secret-0002",
        "https://app.example/callback",
        challenge=None,
        verifier=None,
    )


@pytest.fixture
def ada(client: Client) -> Account:
    """A public creator, connected with every scope."""
    return client.connect("ada")


@pytest.fixture
def host() -> Iterator[Neighbour]:
    with neighbour() as host:
        yield host


@pytest.fixture
def receiver(host: Neighbour, client: Client) -> Neighbour:
    """The neighbour, registered as callback of the desktop app."""
    client.control.change_app(client.client_key, webhook_url=f"{host.url}/hook")
    return host


@pytest.fixture
def events(receiver: Neighbour, client: Client) -> Callable[[], list[dict[str, Any]]]:
    """What the app has been told so far, once everything due has been delivered."""

    def told() -> list[dict[str, Any]]:
        assert client.control.settle()
        return [json.loads(body) for _, body in receiver.received]

    return told
