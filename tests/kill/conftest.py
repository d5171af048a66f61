"""Prepared databases, and a TikTok of this folder's own without limits."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from tests.databases import new_database
from tests.kill.scene import KINDS, Stage
from tests.media import sample_media
from tiktok_api.simulator import running

_LIMITS = dict.fromkeys(("creator_info", "video_init", "inbox_init", "photo_init", "status"), 0)


@pytest.fixture(scope="session")
def busy_simulator() -> Iterator[Any]:
    """A TikTok that takes any number of posts and is quick about it."""
    knobs = {
        "processing_seconds": 0.0,
        "processing_seconds_per_gb": 0.0,
        "post_cap": 1_000_000,
        "pending_share_cap": 1_000_000,
    }
    with running(allow_http=True, limits=_LIMITS, inspect_media=False, keep_media=False, **knobs) as simulator:
        yield simulator


@pytest.fixture(scope="session")
def build_stage(busy_simulator: Any, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Stage]:
    """A new stage of a kind of post, in a folder of this name; on SQLite, unless a database is named."""

    def build(name: str, kind: str = "video", *contents: bytes, url: str | None = None, **draft: Any) -> Stage:
        folder = tmp_path_factory.mktemp(name)
        url = url or f"sqlite:///{folder / 'template.sqlite3'}"
        return Stage.build(busy_simulator, folder, url, *(contents or _contents_of(kind)), **KINDS[kind], **draft)

    return build


def _contents_of(kind: str) -> list[bytes]:
    if "photos" in kind:
        return [sample_media.photo(width=width) for width in (700, 710)]
    return [sample_media.video()]


@pytest.fixture(scope="session")
def small_stage(build_stage: Callable[..., Stage]) -> Stage:
    return build_stage("small")


@pytest.fixture(scope="session")
def big_stage(build_stage: Callable[..., Stage]) -> Stage:
    """A video that goes out in six chunks."""
    return build_stage("big", "video", sample_media.big_video())


@pytest.fixture(scope="session")
def postgresql_stage(build_stage: Callable[..., Stage], postgresql_server: str) -> Stage:
    return build_stage("postgresql_kill", url=new_database(postgresql_server, "kill_template"))


@pytest.fixture(scope="session")
def make_stage(build_stage: Callable[..., Stage], request: pytest.FixtureRequest) -> Callable[[str, bool], Stage]:
    """A stage of a kind of post, on SQLite or PostgreSQL; each is built once."""

    @cache
    def make(kind: str, is_on_postgresql: bool) -> Stage:
        url = None
        if is_on_postgresql:
            url = new_database(request.getfixturevalue("postgresql_server"), f"kill_{kind}")
        return build_stage(kind, kind, url=url)

    return make
