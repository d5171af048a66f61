"""Posts of the owner's, on accounts that are connected through the simulator."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import Person
from tests.media import making
from tiktok_api import moving_clock


@pytest.fixture(scope="session")
def video_bytes() -> bytes:
    return making.video()


@pytest.fixture
def make_video(owner: Person, run_jobs: Callable[[], int], video_bytes: bytes) -> Callable[..., str]:
    """A ready video of the owner's; answers its id."""

    def make(content: bytes | None = None, person: Person = owner) -> str:
        file = io.BytesIO(content or video_bytes)
        media_id: str = person.post("/media", data={"file": (file, "video.mp4")}).json["id"]
        run_jobs()
        return media_id

    return make


@pytest.fixture
def make_post(owner: Person, connect_account: Any, make_video: Callable[..., str]) -> Callable[..., dict[str, Any]]:
    """A draft that lacks nothing but a time; what matters may be named: `make_post(privacy_level="SELF_ONLY")`."""

    def make(person: Person = owner, creators: tuple[str, ...] = ("ada",), **what_matters: Any) -> dict[str, Any]:
        draft = {
            "caption": "Hello #world",
            "privacy_level": "SELF_ONLY",
            "consent": True,
            "media_ids": [make_video(person=person)],
            "targets": [{"account_id": connect_account(person, creator)} for creator in creators],
        }
        response = person.post("/posts", json=draft | what_matters)
        assert response.status_code == 201, response.json
        post: dict[str, Any] = response.json
        return post

    return make


@pytest.fixture
def pass_time(app: Any, simulator: Any) -> Callable[[float], None]:
    """Let business time go by, here and at TikTok."""

    def advance(seconds: float) -> None:
        with app.app_context():
            moving_clock.advance(timedelta(seconds=seconds))
        simulator.control.advance(seconds)

    return advance


@pytest.fixture
def work_until(run_jobs: Callable[[], int], pass_time: Callable[[float], None]) -> Callable[..., None]:
    """Work and let time go by until `condition()`; fails when it takes more than `most` rounds."""

    def work(condition: Callable[[], Any], *, step: float = 10.0, most: int = 40) -> None:
        for _ in range(most):
            run_jobs()
            if condition():
                return
            pass_time(step)
        raise AssertionError("it never came true")

    return work
