"""Photo posts of the owner's, on a server that TikTok is told of to fetch them."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.media import sample_media


@pytest.fixture
def settings(public_url: str) -> dict[str, Any]:
    return {"public_url": public_url}


@pytest.fixture(scope="session")
def photos() -> list[bytes]:
    """Three photos that can be told apart."""
    return [sample_media.photo(width=width) for width in (700, 710, 720)]


@pytest.fixture
def make_photo_post(make_post: Callable[..., Any], make_video: Callable[..., str], photos: list[bytes]) -> Any:
    """A draft of three photos that lacks nothing but a time."""

    def make(**what_matters: Any) -> Any:
        if "media_ids" not in what_matters:
            what_matters["media_ids"] = [make_video(photo, name="photo.jpg") for photo in photos]
        said = {"caption": "", "title": "Three views", "description": "#views"} | what_matters
        return make_post(type="photo", **said)

    return make


@pytest.fixture
def offered_urls(simulator: Any) -> Callable[[], list[str]]:
    """The URLs of the photos that TikTok was offered last."""
    return lambda: simulator.control.publications()[-1]["source_info"]["photo_images"]
