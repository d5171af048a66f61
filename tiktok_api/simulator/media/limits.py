"""TikTok's limits for videos and photos. Source: the media transfer guide of the Content Posting API."""

from typing import Any

CODECS = ("h264", "hevc", "vp8", "vp9")
SLOWEST, FASTEST = 23.0, 60.0
NARROWEST, WIDEST = 360, 4096
LONGEST_BY_API = 600
HEAVIEST_PHOTO = 20_000_000
PHOTO_SIDES = (1080, 1920)
TOLERANCE = 0.1
"""Containers round durations and frame rates, and recorders end a frame late; no video is refused for that."""


def video_problem(facts: dict[str, Any], longest_seconds: float) -> str | None:
    """Returns the fail_reason of a video, or None; `longest_seconds` is what the creator's account allows."""
    if "error" in facts or facts["codec"] not in CODECS:
        return "file_format_check_failed"
    names = facts["container"].split(",")
    if "mp4" not in names and not (facts["is_webm"] and "webm" in names):
        return "file_format_check_failed"
    if not 0 < facts["seconds"] <= min(LONGEST_BY_API, longest_seconds) + TOLERANCE:
        return "duration_check_failed"
    if not SLOWEST - TOLERANCE <= facts["fps"] <= FASTEST + TOLERANCE:
        return "frame_rate_check_failed"
    if not NARROWEST <= min(facts["width"], facts["height"]) <= max(facts["width"], facts["height"]) <= WIDEST:
        return "picture_size_check_failed"
    return None


def photo_format(head: bytes) -> str:
    """Returns jpeg, webp or other, by the first 12 bytes."""
    if head[:3] == b"\xff\xd8\xff":
        return "jpeg"
    return "webp" if head[:4] + head[8:] == b"RIFFWEBP" else "other"


def photo_problem(facts: dict[str, Any]) -> str | None:
    """Returns the fail_reason of a photo, or None."""
    if facts["container"] == "other" or "error" in facts:
        return "file_format_check_failed"
    if facts["weight"] > HEAVIEST_PHOTO:
        return "picture_size_check_failed"
    short, long = sorted((facts["width"], facts["height"]))
    if short > PHOTO_SIDES[0] or long > PHOTO_SIDES[1]:
        return "picture_size_check_failed"
    return None
