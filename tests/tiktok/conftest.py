"""The client under test."""

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

from tests.tiktok.doubles import RawServer, ScriptedTikTok
from tiktok_api.tiktok import TikTokClient, Unpaced


@pytest.fixture
def tiktok() -> ScriptedTikTok:
    return ScriptedTikTok()


@pytest.fixture
def make_client(tiktok) -> Iterator[Callable[..., TikTokClient]]:
    """Makes clients of the scripted TikTok, without rate limits by default."""
    made: list[TikTokClient] = []

    def make(**what_matters: Any) -> TikTokClient:
        settings = {
            "client_key": "awclientkey01",
            "client_secret": "planted-client-secret",
            "transport": httpx2.MockTransport(tiktok),
            "pacer": Unpaced(),
        }
        made.append(TikTokClient(**settings | what_matters))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(make_client) -> TikTokClient:
    return make_client()


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[socket.socket], None]], RawServer]]:
    """Starts raw servers, and closes them after the test."""
    servers: list[RawServer] = []

    def start(play: Callable[[socket.socket], None]) -> RawServer:
        servers.append(RawServer(play))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def stop() -> Iterator[threading.Event]:
    """Set at the end of the test: slow servers wait for it."""
    event = threading.Event()
    yield event
    event.set()
