"""Prepared databases, and a TikTok of this folder's own without limits."""

from collections.abc import Callable, Iterator
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
def small_stage(busy_simulator: Any, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    folder = tmp_path_factory.mktemp("small")
    return Stage.build(busy_simulator, folder, f"sqlite:///{folder / 'template.sqlite3'}", sample_media.video())


@pytest.fixture(scope="session")
def big_stage(busy_simulator: Any, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """A video that goes out in six chunks."""
    folder = tmp_path_factory.mktemp("big")
    return Stage.build(busy_simulator, folder, f"sqlite:///{folder / 'template.sqlite3'}", sample_media.big_video())


@pytest.fixture(scope="session")
def postgresql_stage(busy_simulator: Any, postgresql_server: str, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    url = new_database(postgresql_server, "kill_template")
    return Stage.build(busy_simulator, tmp_path_factory.mktemp("postgresql_kill"), url, sample_media.video())


@pytest.fixture(scope="session")
def make_stage(
    busy_simulator: Any, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, bool], Stage]:
    """A stage of a kind of post, on SQLite or PostgreSQL; each is built once."""
    made: dict[tuple[str, bool], Stage] = {}

    def make(kind: str, is_on_postgresql: bool) -> Stage:
        if (kind, is_on_postgresql) not in made:
            folder = tmp_path_factory.mktemp(kind)
            url = f"sqlite:///{folder / 'template.sqlite3'}"
            if is_on_postgresql:
                url = new_database(request.getfixturevalue("postgresql_server"), f"kill_{kind}")
            contents = (
                [sample_media.photo(width=width) for width in (700, 710)]
                if "photos" in kind
                else [sample_media.video()]
            )
            made[kind, is_on_postgresql] = Stage.build(busy_simulator, folder, url, *contents, **KINDS[kind])
        return made[kind, is_on_postgresql]

    return make
