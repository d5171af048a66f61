"""Limits counted in Redis: shared by processes, and no worse than per process while it is away."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.conftest import API, PASSWORD, Person
from tests.media.server_process import Server, served
from tests.servers import wait_until
from tests.web import sample_domain
from tests.web.restartable_redis import NonsenseRedis, RestartableRedis

pytestmark = [pytest.mark.redis, pytest.mark.xdist_group("limits_on_redis")]


@pytest.fixture(scope="module")
def counter() -> Iterator[RestartableRedis]:
    counter = RestartableRedis()
    yield counter
    counter.kill()


@pytest.fixture(scope="module")
def server(
    counter: RestartableRedis, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """Two processes behind one port."""
    more = {"REDIS_URL": counter.url, "RATE_LIMIT_ENABLED": "true", "WEB_CONCURRENCY": "2"}
    with served(sqlite_template, tmp_path_factory.mktemp("served"), **more) as server:
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
    app = make_things(rate_limit_enabled=True, redis_url=counter.url)
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

    wait_until(lambda: ask(server, headers).status_code and counter.count_keys(), seconds=60, every=0.5)

    assert away == [200] * 10
    assert counter.count_keys()


def test_a_redis_that_hangs_is_as_good_as_one_that_is_away(server, counter, headers):
    ask(server, headers)
    counter.pause(5000)

    answers = [ask(server, headers) for _ in range(20)]

    assert {answer.status_code for answer in answers} == {200}


def test_many_at_once_while_redis_hangs(server, counter, headers):
    ask(server, headers)
    counter.pause(3000)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: ask(server, headers).status_code, range(64)))

    assert answers == [200] * 64


@pytest.mark.parametrize(
    "answer",
    [
        b"+OK\r\n",
        b":1\r\n",
        b"*-1\r\n",
        b"*1\r\n:1\r\n",
        b"*3\r\n$-1\r\n$1\r\nx\r\n$-1\r\n",
        b"*3\r\n:1\r\n$1\r\nx\r\n:1\r\n",
        b"-OOM\r\n",
        b"\x00\xff\r\n",
        b"HTTP/1.1 400 Bad",
    ],
)
def test_a_redis_that_answers_nonsense_is_as_good_as_one_that_is_away(make_things, answer):
    with NonsenseRedis(answer) as nonsense:
        owner = Person(make_things(rate_limit_enabled=True, redis_url=nonsense.url), "owner@example.com")

        answers = [owner.get("/auth/me") for _ in range(3)]

    assert [(each.status_code, each.headers["RateLimit-Remaining"]) for each in answers] == [
        (200, "99"),
        (200, "98"),
        (200, "97"),
    ]


def test_sessions_stay_known_while_new_connections_come(server, counter, headers):
    def generation_after(path):
        requests.get(f"{server.url}{path}", headers=headers, timeout=30)
        return counter.remember()[b"tiktok-api:generation"]

    first = generation_after("/api/v1/auth/me")
    again = [generation_after("/readyz") for _ in range(3)]  # in a thread, and so on a connection, of its own
    counter.kill()
    counter.start()

    assert again == [first] * 3
    wait_until(lambda: b"tiktok-api:generation" in counter.remember() or ask(server, headers) is None, every=0.5)
    assert generation_after("/api/v1/auth/me") != first
