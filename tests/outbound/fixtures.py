"""Sources that are gone after the test, names, and fetchers that believe in the tests' own authority: a plugin of
`tests/conftest.py`."""

from collections.abc import Callable, Iterator
from ipaddress import ip_network
from typing import Any

import pytest

from tests.outbound.certificate_authority import Authority
from tests.outbound.stub_servers import Names, Play, Source
from tiktok_api.outbound import Fetcher, Policy


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def names() -> Names:
    return Names()


@pytest.fixture
def source() -> Iterator[Callable[..., Source]]:
    """Start a server: `source(answering(spell(body=b"…")))`."""
    made: list[Source] = []

    def start(play: Play, **where: Any) -> Source:
        made.append(Source(play, **where))
        return made[-1]

    yield start
    for one in made:
        one.close()


@pytest.fixture
def make_fetcher(names: Names, authority: Authority) -> Callable[..., Fetcher]:
    """A fetcher that may go to 127.0.0.1 and nowhere else on this machine; `make_fetcher(allow_http=False)`."""

    def make(**policy: Any) -> Fetcher:
        wanted = {"allow_http": True, "networks": (ip_network("127.0.0.1/32"),)} | policy
        return Fetcher(Policy(**wanted), resolve=names, ssl_context=authority.trust())

    return make


@pytest.fixture
def fetcher(make_fetcher: Callable[..., Fetcher]) -> Fetcher:
    return make_fetcher()
