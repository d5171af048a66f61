"""A server as in production, with files to download, and users whose tokens hostile clients have."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.hostile import Target
from benchmarks.survival import Guest, hostile_targets, make_video
from tests.media.live_server import Stage, staged

THREADS = 8
"""Of `tests.media.server_process.Server`."""


@pytest.fixture(scope="session")
def large_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_video(tmp_path_factory.mktemp("videos"))


@pytest.fixture(scope="session")
def stage(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("attacked")
    with staged(sqlite_template, folder, {"STORAGE_URL": (folder / "media").as_uri()}) as running:
        yield running
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def targets(stage: Stage, large_video: Path) -> list[Target]:
    return hostile_targets(stage.server.url, large_video, lambda _guest, _media_id: stage.run_jobs(), users=3)


@pytest.fixture(scope="session")
def guest(stage: Stage) -> Guest:
    """A well-behaved client with a user of its own."""
    return Guest(stage.server.url)
