"""A simulated TikTok behind a socket, and the client connected to it. They share HTTP and no code."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.tiktok.doubles import connected_to
from tiktok_api.simulator import Running, running
from tiktok_api.tiktok import TikTokClient, Timeouts, TokenGrant

SCOPES = ("user.info.basic", "user.info.profile", "user.info.stats", "video.list", "video.upload", "video.publish")


@dataclass(frozen=True)
class Registered:
    """An app in the simulated portal."""

    client_key: str
    client_secret: str
    app_type: str
    redirect_uri: str


DESKTOP = Registered("awsimclient0001", "sim-client-secret-0001", "desktop", "http://127.0.0.1:5000/callback")
WEB = Registered("awsimclient0002", "sim-client-secret-0002", "web", "https://app.example/callback")


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running(allow_http=True, callbacks=["http://127.0.0.1:*/callback"], growth=False) as simulator:
        yield simulator


@pytest.fixture
def simulator(server) -> Running:
    """A new world without fault rules."""
    server.control.clear_mischief()
    server.control.reset()
    return server


def connected(simulator: Running, app: Registered = WEB, **what_matters: Any) -> AbstractContextManager[TikTokClient]:
    """Returns a client of the simulator, with the usual timeouts by default."""
    settings = {
        "client_key": app.client_key,
        "client_secret": app.client_secret,
        "app_type": app.app_type,
        "authorize_url": f"{simulator.url}/v2/auth/authorize/",
        "timeouts": Timeouts(),
    }
    return connected_to(simulator.url, **settings | what_matters)


@pytest.fixture(scope="module")
def patient(server) -> Iterator[TikTokClient]:
    with connected(server) as client:
        yield client


@pytest.fixture(scope="module")
def hasty(server) -> Iterator[TikTokClient]:
    """A client with short timeouts, for responses that never end."""
    with connected(server, timeouts=Timeouts(connect=0.6, read=0.4, chunk=0.4)) as client:
        yield client


@pytest.fixture
def client(simulator, patient) -> TikTokClient:
    return patient


@pytest.fixture
def make_client(simulator) -> Iterator[Callable[..., TikTokClient]]:
    with ExitStack() as opened:
        yield lambda *app, **what_matters: opened.enter_context(connected(simulator, *app, **what_matters))


@pytest.fixture
def connect(simulator) -> Callable[..., TokenGrant]:
    """Go through the consent page as a person and exchange the code as the product does."""

    def connect(
        client: TikTokClient, username: str = "ada", *, app: Registered = WEB, ticked: Any = None
    ) -> TokenGrant:
        verifier = client.new_code_verifier()
        url = client.build_authorize_url(
            state="state-1", redirect_uri=app.redirect_uri, scopes=SCOPES, code_verifier=verifier
        )
        returned = parse_qs(urlsplit(simulator.control.consent(url, username, scopes=ticked)).query)
        assert returned["state"] == ["state-1"]
        return client.exchange_code(code=returned["code"][0], redirect_uri=app.redirect_uri, code_verifier=verifier)

    return connect
