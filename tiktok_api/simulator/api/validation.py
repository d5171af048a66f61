"""What an init says, checked: captions, chunk arithmetic and URLs, in TikTok's order."""

from dataclasses import dataclass, field
from typing import Any

from tiktok_api.simulator.api.authorization import take
from tiktok_api.simulator.api.envelopes import Refusal, bad_params
from tiktok_api.simulator.world.models import App
from tiktok_api.simulator.world.options import Knobs
from tiktok_api.simulator.world.portal import owns, pull_problem

MB = 1_000_000
MIB = 1 << 20
LARGEST_VIDEO = 4 << 30
LARGEST_CHUNK = 64 * MIB
LARGEST_LAST_CHUNK = 128 * MIB
MOST_CHUNKS = 1000
MOST_PHOTOS = 35
LONGEST_CAPTION = 2200
LONGEST_TITLE = 90
LONGEST_DESCRIPTION = 4000


@dataclass
class Source:
    """Where the media come from, as far as an init said."""

    name: str
    size: int = 0
    chunk_size: int = 0
    chunk_count: int = 0
    urls: list[str] = field(default_factory=list)


def utf16_units(text: str) -> int:
    """The length of a text as TikTok counts it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def check_video_post_info(post_info: dict[str, Any], knobs: Knobs) -> None:
    """Types and lengths of a video's post_info; its privacy is looked at later."""
    _check_text(post_info, "title", LONGEST_CAPTION)
    for name in ("disable_duet", "disable_stitch", "disable_comment", "is_aigc"):
        take(post_info, name, bool)
    _check_brands(post_info, knobs)


def check_photo_post_info(post_info: dict[str, Any], knobs: Knobs) -> None:
    """Types and lengths of a photo post's post_info; its privacy is looked at later."""
    _check_text(post_info, "title", LONGEST_TITLE)
    _check_text(post_info, "description", LONGEST_DESCRIPTION)
    for name in ("disable_comment", "auto_add_music", "is_aigc"):
        take(post_info, name, bool)
    _check_brands(post_info, knobs)


def _check_text(post_info: dict[str, Any], name: str, longest: int) -> None:
    if utf16_units(take(post_info, name, str, "")) > longest:
        raise bad_params(f"{name} is longer than {longest}")


def _check_brands(post_info: dict[str, Any], knobs: Knobs) -> None:
    branded = take(post_info, "brand_content_toggle", bool, False)
    take(post_info, "brand_organic_toggle", bool)
    privacy_level = take(post_info, "privacy_level", str)
    if branded and privacy_level == "SELF_ONLY" and knobs.branded_self_only == "refuse":
        raise bad_params("Branded content cannot be SELF_ONLY")


def read_video_source(source_info: dict[str, Any], knobs: Knobs) -> Source:
    """The source of a video, with sound chunks or a sound URL."""
    name = take(source_info, "source", str, "")
    if name == "FILE_UPLOAD":
        size, chunk, count = (
            take(source_info, part, int, 0) for part in ("video_size", "chunk_size", "total_chunk_count")
        )
        check_chunks(size, chunk, count, knobs)
        return Source(name, size, chunk, count)
    if name != "PULL_FROM_URL":
        raise bad_params("source is FILE_UPLOAD or PULL_FROM_URL")
    url = source_info.get("video_url")
    if problem := pull_problem(knobs, url):
        raise bad_params(f"video_url: {problem}")
    return Source(name, urls=[str(url)])


def check_chunks(size: int, chunk: int, count: int, knobs: Knobs) -> None:
    """The arithmetic of the media transfer guide, and the rule for single chunks in force since August 2026."""
    smallest = 5 * MIB if knobs.strict_chunks else 5 * MB
    if not 0 < size <= LARGEST_VIDEO:
        raise bad_params("The video size is invalid")
    is_whole = chunk == size and chunk <= LARGEST_CHUNK
    if chunk <= 0 or not (smallest <= chunk <= LARGEST_CHUNK or is_whole):
        raise bad_params("The chunk size is invalid")
    if size < smallest and chunk != size:
        raise bad_params("The chunk size is invalid")
    if count != size // chunk or not 1 <= count <= MOST_CHUNKS:
        raise bad_params("The total chunk count is invalid")
    if count == 1 and chunk != size and knobs.single_chunk_rule:
        raise bad_params("The chunk size is invalid")
    if size - chunk * (count - 1) > LARGEST_LAST_CHUNK:
        raise bad_params("The chunk size is invalid")


def read_photo_source(source_info: dict[str, Any], knobs: Knobs) -> Source:
    """The source of photos: 1 to 35 sound URLs and a cover among them."""
    if take(source_info, "source", str) != "PULL_FROM_URL":
        raise bad_params("Photos are pulled from URLs only")
    images = take(source_info, "photo_images", list, [])
    if not 1 <= len(images) <= MOST_PHOTOS:
        raise bad_params(f"photo_images holds 1 to {MOST_PHOTOS} URLs")
    if not 0 <= take(source_info, "photo_cover_index", int, 0) < len(images):
        raise bad_params("photo_cover_index is out of range")
    for url in images:
        if problem := pull_problem(knobs, url):
            raise bad_params(f"photo_images: {problem}")
    return Source("PULL_FROM_URL", urls=images)


def check_ownership(app: App, knobs: Knobs, urls: list[str]) -> None:
    """Refuse URLs that do not lie under a verified property of the app."""
    if not all(owns(app, knobs, url) for url in urls):
        raise Refusal("url_ownership_unverified")
