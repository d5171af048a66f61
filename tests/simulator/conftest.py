"""A new world for each test, an app that calls it, and another server that it calls."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from tests.simulator.app_client import AppClient, ConnectedAccount
from tests.simulator.other_server import OtherServer, other_server
from tiktok_api.simulator import Running, running


@pytest.fixture
def options() -> dict[str, Any]:
    """The options with which a test file starts its worlds; overridden there."""
    return {}


@pytest.fixture(scope="session")
def server() -> Iterator[Running]:
    """One simulator for all tests; each test gets a new world in it."""
    with running(allow_http=True) as simulator:
        yield simulator


@pytest.fixture
def tiktok(server: Running, options: dict[str, Any]) -> Running:
    server.control.reset(**options)
    return server


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def client(tiktok: Running, session: requests.Session) -> AppClient:
    """The default desktop app."""
    return AppClient(tiktok, session)


@pytest.fixture
def web_client(tiktok: Running, session: requests.Session) -> AppClient:
    """The default web app, without PKCE."""
    return AppClient(
        tiktok,
        session,
        "awsimclient0002",
        "sim-client-secret-0002",
        "https://app.example/callback",
        challenge=None,
        verifier=None,
    )


@pytest.fixture
def ada(client: AppClient) -> ConnectedAccount:
    """A public creator, connected with every scope."""
    return client.connect("ada")


@pytest.fixture
def host() -> Iterator[OtherServer]:
    with other_server() as host:
        yield host


@pytest.fixture
def receiver(host: OtherServer, client: AppClient) -> OtherServer:
    """The other server, registered as callback of the desktop app."""
    client.control.change_app(client.client_key, webhook_url=f"{host.url}/hook")
    return host


@pytest.fixture
def events(receiver: OtherServer, client: AppClient) -> Callable[[], list[dict[str, Any]]]:
    """Returns the events that the app has received, after all that were due have been delivered."""

    def received() -> list[dict[str, Any]]:
        assert client.control.settle()
        return [json.loads(body) for _, body in receiver.received]

    return received
