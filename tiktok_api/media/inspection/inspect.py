"""The inspection of a file: its kind by its first bytes, everything else in a child process."""

from dataclasses import dataclass
from pathlib import Path

from tiktok_api.media.inspection import sniff
from tiktok_api.media.inspection.sandbox import WALL_CLOCK_SECONDS, Rejection, open_in_child

__all__ = ["Facts", "Rejection", "inspect"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The result of an inspection.

    Sizes are those seen, after rotation, in square pixels. `orientation` is EXIF's 1 to 8 of a photo, or the clockwise degrees
    by which a video is rotated before it is mirrored, if it is. `bitrate` is bits per second over the whole file.
    """

    kind: str
    content_type: str
    container: str
    width: int
    height: int
    orientation: int
    duration_seconds: float | None = None
    fps: float | None = None
    video_codec: str | None = None
    audio_codec: str | None = None
    has_audio: bool | None = None
    bitrate: int | None = None
    thumbnail: bytes | None = None


def inspect(path: Path, *, wall_clock_seconds: float = WALL_CLOCK_SECONDS) -> Facts | Rejection:
    """Find out what the file at `path` is, within three minutes.

    Raises OpeningFailed if the inspection failed for a reason that says nothing about the file.
    """
    with path.open("rb") as file:
        head = file.read(sniff.HEAD_BYTES)
    if not head:
        return Rejection(code="file_empty", message="The file is empty.")
    content_type = sniff.sniff(head)
    if content_type is None:
        return Rejection(
            code="format_unsupported",
            message=f"This is {sniff.describe(head)}; send an MP4, MOV or WebM video, or a JPEG, WebP, PNG or HEIC photo.",
        )
    opened = open_in_child(path, "inspect", content_type, wall_clock_seconds=wall_clock_seconds)
    if isinstance(opened, Rejection):
        return opened
    container = sniff.CONTAINERS[content_type]
    return Facts(content_type=content_type, container=container, thumbnail=opened.picture or None, **opened.facts)
