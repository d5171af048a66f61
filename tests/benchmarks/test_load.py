"""The clients of a benchmark get every answer, and the floor gives the answers that the product gives."""

import itertools

import pytest
import requests

from benchmarks import library
from benchmarks.http import FLOOR
from benchmarks.load import drive, request_of
from benchmarks.processes import cpu_seconds, pss_mebibytes
from benchmarks.serving import OURS, environment_of, gunicorn

pytestmark = pytest.mark.xdist_group("benchmarks")


def test_clients_get_the_same_posts_from_both(tmp_path, make_app, postgresql_url, base_settings, redis_server):
    """Tokens of the library are good, and both servers find its posts."""
    tokens = library.fill(make_app(database_url=postgresql_url), posts=3)
    keys = {
        "SECRET_KEY": "a secret for tests, forty characters long",
        "JWT_KEYS": "",
        "FLOOR_KEY": next(iter(base_settings.jwt_keys.values())).hex(),
    }
    environment = environment_of(tmp_path, DATABASE_URL=postgresql_url, REDIS_URL=redis_server, **keys)
    series = f"/api/v1/analytics/accounts/{library.account_id(2)}/timeseries?from={library.FIRST_DAY}"
    targets = (
        f"/api/v1/posts/{library.post_id(2, 1)}",
        f"{series}&to={library.LAST_DAY}&metric=followers",
        "/api/v1/posts?limit=2",
    )
    heads = {"Authorization": f"Bearer {tokens[2]}"}

    answers = {}
    for name, served in {"ours": OURS, "floor": FLOOR}.items():
        with gunicorn(*served, environment=environment) as (url, pid):
            answers[name] = [requests.get(url + target, headers=heads, timeout=60).json() for target in targets]
            wire = itertools.cycle(request_of("GET", target, token=tokens[2]) for target in targets)
            load = drive(url, wire, clients=3, seconds=0.2)
            assert load.failures == 0
            assert len(load.seconds) >= 3
            assert cpu_seconds([pid]) > 0
            assert pss_mebibytes(pid) > 1

    ours, least = answers["ours"], answers["floor"]
    assert ours[0]["id"] == least[0]["id"]
    assert ours[0]["caption"] == least[0]["caption"]
    assert len(ours[1]["points"]) == len(least[1]["points"]) == 90
    assert len(ours[2]["data"]) == 2
    assert [post["id"] for post in ours[2]["data"]] == [post["id"] for post in least[2]["data"]]
