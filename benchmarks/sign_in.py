"""Whether the time an answer takes tells known addresses from unknown ones, wherever an address can be tried."""

import random
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from benchmarks.stage import PASSWORD, make_app
from tiktok_api.cli.stack.settings import local_settings
from tiktok_api.settings import Settings

AUTH = "/api/v1/auth"
KNOWN, UNPROVEN, WRONG = "known@example.com", "unproven@example.com", "not the password"

Kinds = dict[tuple[str, str], Callable[[int], Any]]


@dataclass(frozen=True, slots=True)
class SignInFigures:
    """An act with one kind of address; the floor is the first kind of the same act, from which none should differ."""

    act: str
    address: str
    median_ms: float
    floor_median_ms: float


def measure(*, rounds: int = 40) -> list[SignInFigures]:
    """The kinds of an act are taken in turn to share the machine's moods."""
    with tempfile.TemporaryDirectory() as scratch:
        database_url = f"sqlite:///{Path(scratch) / 'bench.sqlite3'}"
        return _measure(local_settings(database_url=database_url, log_level="ERROR"), rounds)


def _measure(settings: Settings, rounds: int) -> list[SignInFigures]:
    client = make_app(settings).test_client()
    _post(client, "register", email=KNOWN, password=PASSWORD)
    proving = make_app(settings, email_verification=True).test_client()
    _post(proving, "register", email=UNPROVEN, password=PASSWORD)
    limited = make_app(settings, rate_limit_enabled=True).test_client()
    for email in (KNOWN, "nobody@example.com"):
        for _ in range(6):
            _post(limited, "login", email=email, password=WRONG)
    groups = (_signing_in(client), _throttled(limited), _other_ways(proving))
    return [figure for group in groups for figure in _medians(group, rounds)]


def _signing_in(client: FlaskClient) -> Kinds:
    return {
        ("sign in", "known, wrong password"): lambda _: _post(client, "login", email=KNOWN, password=WRONG),
        ("sign in", "unknown"): lambda n: _post(client, "login", email=f"unknown{n}@example.com", password=WRONG),
        ("sign in", "known, right password"): lambda _: _post(client, "login", email=KNOWN, password=PASSWORD),
    }


def _throttled(client: FlaskClient) -> Kinds:
    """By itself: what follows upon hashing is slower for that alone."""
    return {
        ("sign in, throttled", "known"): lambda _: _post(client, "login", email=KNOWN, password=WRONG),
        ("sign in, throttled", "unknown"): lambda _: _post(client, "login", email="nobody@example.com", password=WRONG),
    }


def _other_ways(client: FlaskClient) -> Kinds:
    """Where addresses must be proven, registering does not tell either."""
    new = {"password": PASSWORD, "token": "A" * 43}
    return {
        ("forgotten password", "known"): lambda _: _post(client, "password/forgot", email=KNOWN),
        ("forgotten password", "unknown"): lambda n: _post(client, "password/forgot", email=f"u{n}@example.com"),
        ("register, to be proven", "known"): lambda _: _post(client, "register", email=KNOWN, password=PASSWORD),
        ("register, to be proven", "unproven"): lambda _: _post(client, "register", email=UNPROVEN, password=PASSWORD),
        ("register, to be proven", "unknown"): lambda n: _post(
            client, "register", email=f"new{n}@example.com", password=PASSWORD
        ),
        ("reset, no such token", "nobody's"): lambda _: _post(client, "password/reset", **new),
    }


def _medians(kinds: Kinds, rounds: int) -> list[SignInFigures]:
    times: dict[tuple[str, str], list[float]] = {kind: [] for kind in kinds}
    order = list(kinds)
    for number in range(rounds):
        random.shuffle(order)  # what comes after a slow one is slower for that alone
        for kind in order:
            began = time.perf_counter()
            kinds[kind](number)
            times[kind].append((time.perf_counter() - began) * 1000)
    first: dict[str, float] = {}
    return [
        SignInFigures(act, kind, median, first.setdefault(act, median))
        for (act, kind), found in times.items()
        for median in [statistics.median(found)]
    ]


def _post(client: FlaskClient, path: str, **body: str) -> int:
    return client.post(f"{AUTH}/{path}", json=body).status_code
