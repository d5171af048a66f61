"""Posts, their videos and the time, for every folder that publishes: a plugin of `tests/conftest.py`.

Every run imports it, so it imports the codecs only where a video is made.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from tests.conftest import Person
from tiktok_api import clock_offset


@pytest.fixture(scope="session")
def video_bytes() -> bytes:
    from tests.media import sample_media

    return sample_media.video()


@pytest.fixture
def make_video(owner: Person, run_jobs: Callable[[], int], video_bytes: bytes) -> Callable[..., str]:
    """A ready video of the owner's; returns its id."""
    from tests.media import sample_media

    def make(content: bytes | None = None, person: Person = owner, name: str = "video.mp4") -> str:
        body = sample_media.multipart(sample_media.part("file", content or video_bytes, filename=name))
        response = person.post("/media", data=body, content_type=sample_media.MULTIPART)
        media_id: str = response.json["id"]
        run_jobs()
        return media_id

    return make


@pytest.fixture
def make_post(
    owner: Person, connect_account: Any, make_video: Callable[..., str], run_jobs: Callable[[], int]
) -> Callable[..., dict[str, Any]]:
    """A draft that lacks nothing but a time; what matters may be named: `make_post(privacy_level="SELF_ONLY")`."""

    def make(person: Person = owner, creators: tuple[str, ...] = ("ada",), **what_matters: Any) -> dict[str, Any]:
        draft = {"caption": "Hello #world", "privacy_level": "SELF_ONLY", "consent": True} | what_matters
        if "media_ids" not in draft:
            draft["media_ids"] = [make_video(person=person)]
        if "targets" not in draft:
            draft["targets"] = [{"account_id": connect_account(person, creator)} for creator in creators]
            run_jobs()  # a new account is read at once, and must not meet what a test prepares for the post
        response = person.post("/posts", json=draft)
        assert response.status_code == 201, response.json
        post: dict[str, Any] = response.json
        return post

    return make


@pytest.fixture
def pass_time(app: Flask, simulator: Any) -> Callable[[float], None]:
    """Let business time go by, here and at TikTok."""

    def advance(seconds: float) -> None:
        with app.app_context():
            clock_offset.advance(timedelta(seconds=seconds))
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
