"""What requests cost beside the floor: CPU of the processes, PostgreSQL and Redis; requests a second; the slowest; memory.

One PostgreSQL and one Redis, both servers up at once and measured in turn, so that they share the machine's moods. The clients
are on the same machine: requests a second are good for ratios alone.
"""

import itertools
import json
import statistics
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import library
from benchmarks.figures import latencies_ms
from benchmarks.load import Load, drive, request_of
from benchmarks.processes import cpu_seconds, pss_mebibytes
from benchmarks.serving import OURS, Backends, backends, environment_of, gunicorn, settings_of
from tiktok_api.app import create_app
from tiktok_api.schema import revisions
from tiktok_api.settings import Settings

CLIENTS, WORKERS = 16, 2
THE_FOUR = ("list of 50", "one post", "create", "90-day series")
FLOOR = ("benchmarks.floor:app", "--workers", str(WORKERS), "--worker-class", "gthread", "--threads", "8", "--keep-alive", "75",
          "--log-level", "error", "--no-control-socket")  # fmt: skip


@dataclass(frozen=True, slots=True)
class HttpFigures:
    """One kind of request. CPU is that of workers, PostgreSQL and Redis together."""

    request: str
    cpu_ms: float
    requests_per_second: float
    p99_ms: float
    floor_cpu_ms: float
    floor_requests_per_second: float
    floor_p99_ms: float


@dataclass(frozen=True, slots=True)
class MemoryFigures:
    """PSS of the whole server, after all requests."""

    memory: str
    pss_mebibytes: float
    floor_pss_mebibytes: float


@dataclass
class _Side:
    """One of the two servers."""

    url: str
    pids: tuple[int, ...]
    loads: dict[str, list[Load]]
    cpu: dict[str, float]

    def run(self, kind: str, requests: Iterator[bytes], seconds: float) -> None:
        drive(self.url, requests, clients=CLIENTS, seconds=min(0.3, seconds))  # warm: connections, caches, plans
        before = cpu_seconds(self.pids)
        load = drive(self.url, requests, clients=CLIENTS, seconds=seconds)
        self.cpu[kind] = self.cpu.get(kind, 0.0) + cpu_seconds(self.pids) - before
        self.loads.setdefault(kind, []).append(load)
        if load.failures:
            raise SystemExit(f"{kind}: {load.failures} of {len(load.seconds)} requests failed")

    def figures(self, kind: str) -> tuple[float, float, float]:
        """CPU ms a request, requests a second, and ms within which 99 of 100 were answered."""
        loads = self.loads[kind]
        seconds = list(itertools.chain.from_iterable(load.seconds for load in loads))
        rate = len(seconds) / sum(load.lasted for load in loads)
        _, p99_ms, _ = latencies_ms(seconds)
        return 1000 * self.cpu[kind] / len(seconds), rate, p99_ms


def measure(*, seconds: float = 2.0, rounds: int = 3, posts: int = 400) -> list[HttpFigures | MemoryFigures]:
    """Each kind of request for `seconds`, on both servers in turn, `rounds` times; each of 50 users has `posts` posts."""
    with tempfile.TemporaryDirectory() as scratch, backends() as found:
        environment = environment_of(
            Path(scratch), DATABASE_URL=found.database_url, REDIS_URL=found.redis_url, WEB_CONCURRENCY=str(WORKERS)
        )
        settings, tokens = _prepare(environment, posts)
        environment["FLOOR_KEY"] = next(iter(settings.jwt_keys.values())).hex()
        with (
            gunicorn(*OURS, environment=environment) as ours,
            gunicorn(*FLOOR, environment=environment) as floor,
        ):
            sides = [_side(*ours, found), _side(*floor, found)]
            kinds: dict[str, Iterator[bytes]] = {
                kind: itertools.cycle(made) for kind, made in _requests(tokens, posts).items()
            }
            kinds["create with a key"] = _keyed(tokens)
            for _, (kind, requests) in itertools.product(range(rounds), kinds.items()):
                for side in sides:
                    side.run(kind, requests, seconds)
            pss = [pss_mebibytes(side.pids[0]) for side in sides]
            measured: dict[str, tuple[float, ...]] = {
                kind: (*sides[0].figures(kind), *sides[1].figures(kind)) for kind in kinds
            }
            measured["geometric mean of the four"] = _means([measured[kind] for kind in THE_FOUR])
            return [*(HttpFigures(kind, *found) for kind, found in measured.items()), MemoryFigures("memory", *pss)]


def _means(figures: list[tuple[float, ...]]) -> tuple[float, ...]:
    return tuple(statistics.geometric_mean(values) for values in zip(*figures, strict=True))


def _side(url: str, pid: int, found: Backends) -> _Side:
    return _Side(url, (pid, *found.pids), {}, {})


def _prepare(environment: dict[str, str], posts: int) -> tuple[Settings, dict[int, str]]:
    settings = settings_of(environment)
    app = create_app(settings)
    with app.app_context():
        revisions.upgrade()
    return settings, library.fill(app, posts=posts)


def _requests(tokens: dict[int, str], posts: int) -> dict[str, list[bytes]]:
    def each(target: Callable[[int, int], str]) -> list[bytes]:
        users = [(number, number % library.USERS + 1) for number in range(300)]
        return [request_of("GET", target(user, number), token=tokens[user]) for number, user in users]

    days = f"from={library.FIRST_DAY}&to={library.LAST_DAY}&metric=followers"
    return {
        "nothing": each(lambda _user, _number: "/api/v1/nothing"),
        "list of 50": each(lambda _user, _number: "/api/v1/posts?limit=50"),
        "one post": each(lambda user, number: f"/api/v1/posts/{library.post_id(user, number % posts)}"),
        "90-day series": each(
            lambda user, _: f"/api/v1/analytics/accounts/{library.account_id(user)}/timeseries?{days}"
        ),
        "create": [
            request_of("POST", "/api/v1/posts", token=token, body=_new_post(user)) for user, token in tokens.items()
        ],
    }


def _keyed(tokens: dict[int, str]) -> Iterator[bytes]:
    for number in itertools.count():
        user = number % library.USERS + 1
        headers = {"Idempotency_Key": f"bench-{number}"}
        yield request_of("POST", "/api/v1/posts", token=tokens[user], body=_new_post(user), **headers)


def _new_post(user: int) -> bytes:
    post = {
        "caption": "A description with as many words in it as a caption usually has, of 120 characters or so. #fyp #bench",
        "privacy_level": "SELF_ONLY",
        "consent": True,
        "publish_at": "2030-01-01T10:00:00Z",
        "media_ids": [str(library.media_id(user))],
        "targets": [{"account_id": str(library.account_id(user))}],
    }
    return json.dumps(post).encode()
