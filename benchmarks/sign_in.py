"""Whether the time a sign-in takes tells known addresses from unknown ones."""

import statistics
import time
from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient

from benchmarks.stage import PASSWORD, make_app
from tiktok_api.settings import Settings

ROUNDS = 40
LOGIN = "/api/v1/auth/login"


def run(settings: Settings) -> list[tuple[str, float]]:
    """Median milliseconds of each kind of sign-in, taken in turn so that they share the machine's moods."""
    app = make_app(settings)
    client = app.test_client()
    client.post("/api/v1/auth/register", json={"email": "known@example.com", "password": PASSWORD})
    kinds: dict[str, Callable[[int], int]] = {
        "known address, right password": lambda _: _log_in(client, "known@example.com", PASSWORD),
        "known address, wrong password": lambda _: _log_in(client, "known@example.com", "not the password"),
        "unknown address": lambda n: _log_in(client, f"unknown{n}@example.com", "not the password"),
    }
    times: dict[str, list[float]] = {kind: [] for kind in kinds}
    for number in range(ROUNDS):
        for kind, attempt in kinds.items():
            began = time.perf_counter()
            attempt(number)
            times[kind].append((time.perf_counter() - began) * 1000)
    _throttled(settings, times)
    return [(kind, statistics.median(found)) for kind, found in times.items()]


def _log_in(client: FlaskClient, email: str, password: str) -> int:
    return client.post(LOGIN, json={"email": email, "password": password}).status_code


def _throttled(settings: Settings, times: dict[str, list[float]]) -> None:
    """Over the limit, for a known and for an unknown address."""
    app: Flask = make_app(settings, rate_limit_enabled=True)
    for kind, email in (("known", "known@example.com"), ("unknown", "nobody@example.com")):
        client = app.test_client()
        for _ in range(6):
            _log_in(client, email, "not the password")
        found = times.setdefault(f"{kind} address, throttled", [])
        for _ in range(ROUNDS):
            began = time.perf_counter()
            _log_in(client, email, "not the password")
            found.append((time.perf_counter() - began) * 1000)
