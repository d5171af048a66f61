"""Media in the library of a person, and uploads on their way."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests import storages
from tests.conftest import Person
from tests.media import sample_media
from tests.media.live_server import Stage, staged
from tests.media.tus_client import Upload, begin
from tiktok_api import clock, clock_offset
from tiktok_api.db import transaction
from tiktok_api.jobs import queue


@pytest.fixture
def upload(owner: Person) -> Callable[..., Upload]:
    """Begin an upload of the owner's: `upload(length=1000)`."""

    def make(length: int | None = 1000, **what_matters: Any) -> Upload:
        return begin(what_matters.pop("person", owner), length, **what_matters)

    return make


@pytest.fixture
def make_media(owner: Person, run_jobs: Callable[[], int]) -> Callable[..., dict[str, Any]]:
    """Inspected media of the owner's, as the API shows it: `make_media(sample_media.photo())`."""

    def make(content: bytes | None = None, *, name: str = "video.mp4", person: Person = owner) -> dict[str, Any]:
        body = sample_media.multipart(
            sample_media.part("file", sample_media.video() if content is None else content, filename=name)
        )
        media: dict[str, Any] = person.post("/media", data=body, content_type=sample_media.MULTIPART).json
        run_jobs()
        shown: dict[str, Any] = person.get(f"/media/{media['id']}").json
        return shown

    return make


@pytest.fixture
def sweep(app: Flask, run_jobs: Callable[[], int]) -> Callable[..., None]:
    """Let time go by, then have the worker clean up: `sweep(hours=20)`."""

    def sweep(**later: float) -> None:
        with app.app_context():
            clock_offset.advance(timedelta(**later))
            with transaction():
                queue.enqueue("media.sweep", owner_id=None, due_at=clock.now())
        run_jobs()

    return sweep


@pytest.fixture
def stored(app: Flask) -> Callable[[], set[str]]:
    """The keys of whatever is in storage."""
    return lambda: storages.keys_in(app)


@pytest.fixture(scope="session")
def files_stage(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("stage")
    with staged(sqlite_template, folder, storages.files(folder)) as stage:
        yield stage


@pytest.fixture(scope="session")
def s3_stage(sqlite_template: Path, s3_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(sqlite_template, tmp_path_factory.mktemp("s3-stage"), storages.s3(s3_server)) as stage:
        yield stage


@pytest.fixture
def stage(request: pytest.FixtureRequest) -> Stage:
    """A server in a process of its own, on local files, or in turn on whatever `tests.media.live_server.on_each_stage` names.

    The tests that use it share it and form one xdist group.
    """
    found: Stage = request.getfixturevalue(getattr(request, "param", "files_stage"))
    return found
