"""Checks what an init says: captions, chunk arithmetic and URLs, in TikTok's order."""

from dataclasses import dataclass, field
from typing import Any

from tiktok_api.simulator.api.authorization import read_field
from tiktok_api.simulator.api.envelopes import Refusal, invalid_params
from tiktok_api.simulator.models.apps import App
from tiktok_api.simulator.options.options import Options
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
class MediaSource:
    """The source of the media according to an init."""

    name: str
    size: int = 0
    chunk_size: int = 0
    chunk_count: int = 0
    urls: list[str] = field(default_factory=list)


def utf16_units(text: str) -> int:
    """Returns the length of a text in UTF-16 code units, as TikTok counts it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def check_video_post_info(post_info: dict[str, Any], options: Options) -> None:
    """Raises Refusal for wrong types and lengths in a video's post_info; the privacy level is checked later."""
    _check_text(post_info, "title", LONGEST_CAPTION)
    for name in ("disable_duet", "disable_stitch", "disable_comment", "is_aigc"):
        read_field(post_info, name, bool)
    _check_brands(post_info, options)


def check_photo_post_info(post_info: dict[str, Any], options: Options) -> None:
    """Raises Refusal for wrong types and lengths in a photo post's post_info; the privacy level is checked later."""
    _check_text(post_info, "title", LONGEST_TITLE)
    _check_text(post_info, "description", LONGEST_DESCRIPTION)
    for name in ("disable_comment", "auto_add_music", "is_aigc"):
        read_field(post_info, name, bool)
    _check_brands(post_info, options)


def _check_text(post_info: dict[str, Any], name: str, longest: int) -> None:
    if utf16_units(read_field(post_info, name, str, "")) > longest:
        raise invalid_params(f"{name} is longer than {longest}")


def _check_brands(post_info: dict[str, Any], options: Options) -> None:
    branded = read_field(post_info, "brand_content_toggle", bool, False)
    read_field(post_info, "brand_organic_toggle", bool)
    privacy_level = read_field(post_info, "privacy_level", str)
    if branded and privacy_level == "SELF_ONLY" and options.branded_self_only == "refuse":
        raise invalid_params("Branded content cannot be SELF_ONLY")


def read_video_source(source_info: dict[str, Any], options: Options) -> MediaSource:
    """Returns the source of a video. Raises Refusal for impossible chunks or a URL that cannot be pulled from."""
    name = read_field(source_info, "source", str, "")
    if name == "FILE_UPLOAD":
        size, chunk, count = (
            read_field(source_info, part, int, 0) for part in ("video_size", "chunk_size", "total_chunk_count")
        )
        check_chunks(size, chunk, count, options)
        return MediaSource(name, size, chunk, count)
    if name != "PULL_FROM_URL":
        raise invalid_params("source is FILE_UPLOAD or PULL_FROM_URL")
    url = source_info.get("video_url")
    if problem := pull_problem(options, url):
        raise invalid_params(f"video_url: {problem}")
    return MediaSource(name, urls=[str(url)])


def check_chunks(size: int, chunk: int, count: int, options: Options) -> None:
    """Raises Refusal for chunks that break the media transfer guide or the single-chunk rule of August 2026."""
    smallest = 5 * MIB if options.strict_chunks else 5 * MB
    if not 0 < size <= LARGEST_VIDEO:
        raise invalid_params("The video size is invalid")
    is_whole = chunk == size and chunk <= LARGEST_CHUNK
    if chunk <= 0 or not (smallest <= chunk <= LARGEST_CHUNK or is_whole):
        raise invalid_params("The chunk size is invalid")
    if size < smallest and chunk != size:
        raise invalid_params("The chunk size is invalid")
    if count != size // chunk or not 1 <= count <= MOST_CHUNKS:
        raise invalid_params("The total chunk count is invalid")
    if count == 1 and chunk != size and options.single_chunk_rule:
        raise invalid_params("The chunk size is invalid")
    if size - chunk * (count - 1) > LARGEST_LAST_CHUNK:
        raise invalid_params("The chunk size is invalid")


def read_photo_source(source_info: dict[str, Any], options: Options) -> MediaSource:
    """Returns the source of photos: 1 to 35 URLs and the index of the cover. Raises Refusal."""
    if read_field(source_info, "source", str) != "PULL_FROM_URL":
        raise invalid_params("Photos are pulled from URLs only")
    images = read_field(source_info, "photo_images", list, [])
    if not 1 <= len(images) <= MOST_PHOTOS:
        raise invalid_params(f"photo_images holds 1 to {MOST_PHOTOS} URLs")
    if not 0 <= read_field(source_info, "photo_cover_index", int, 0) < len(images):
        raise invalid_params("photo_cover_index is out of range")
    for url in images:
        if problem := pull_problem(options, url):
            raise invalid_params(f"photo_images: {problem}")
    return MediaSource("PULL_FROM_URL", urls=images)


def check_ownership(app: App, options: Options, urls: list[str]) -> None:
    """Raises Refusal for URLs outside the verified properties of the app."""
    if not all(owns(app, options, url) for url in urls):
        raise Refusal("url_ownership_unverified")
