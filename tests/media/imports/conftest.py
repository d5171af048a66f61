"""An application that may import from 127.0.0.1 alone, and how an import fares."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from tests.conftest import Person
from tiktok_api import clock_offset
from tiktok_api.outbound import Fetcher

MOST_BYTES = 4_000_000


@pytest.fixture
def app(make_app: Callable[..., Flask], fetcher: Fetcher) -> Flask:
    return make_app(replaced={Fetcher: fetcher}, media_max_bytes=MOST_BYTES, log_level="INFO")


@pytest.fixture
def begin(owner: Person) -> Callable[..., dict[str, Any]]:
    """Have a URL imported; the media as it is answered then."""

    def begin(url: str, **wish: Any) -> dict[str, Any]:
        response = owner.post("/media/import", json={"url": url} | wish)
        assert response.status_code == 202, response.data
        media: dict[str, Any] = response.json
        return media

    return begin


@pytest.fixture
def wait(app: Flask) -> Callable[..., None]:
    """Let time pass: `wait(hours=1)`."""

    def wait(**time: float) -> None:
        with app.app_context():
            clock_offset.advance(timedelta(**time))

    return wait


@pytest.fixture
def finish(owner: Person, run_jobs: Callable[[], int], wait: Callable[..., None]) -> Callable[..., dict[str, Any]]:
    """Run and wait until an import has ended, at most so many hours; the media as it is then."""

    def finish(media: dict[str, Any], *, hours: int = 12) -> dict[str, Any]:
        run_jobs()
        for _ in range(hours):
            shown: dict[str, Any] = owner.get(f"/media/{media['id']}").json
            if shown["status"] in ("ready", "rejected"):
                return shown
            wait(hours=1)
            run_jobs()
        raise AssertionError(f"still not done: {shown}")

    return finish


@dataclass(frozen=True)
class Imports:
    """The scene of an import: its owner, and everything that may happen to it."""

    owner: Person
    begin: Callable[..., dict[str, Any]]
    finish: Callable[..., dict[str, Any]]
    run_jobs: Callable[[], int]
    wait: Callable[..., None]
    stored: Callable[[], set[str]]


@pytest.fixture
def imports(
    owner: Person,
    begin: Callable[..., dict[str, Any]],
    finish: Callable[..., dict[str, Any]],
    run_jobs: Callable[[], int],
    wait: Callable[..., None],
    stored: Callable[[], set[str]],
) -> Imports:
    return Imports(owner, begin, finish, run_jobs, wait, stored)
