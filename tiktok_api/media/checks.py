"""TikTok's rules for media, compared with the facts about a file.

The figures are from TikTok's media transfer guide (developers.tiktok.com/doc/content-posting-api-media-transfer-guide). TikTok
refuses a `problem`. A `warning` may work, but not everywhere or not well, or is so little beyond a limit that TikTok decides:
recorders write 180.013 s and 60.06 pictures a second where they mean 180 and 60.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Protocol

MEGABYTE = 1024 * 1024
VIDEO_CONTAINERS = ("mp4", "webm", "mov")
VIDEO_CODECS = ("h264", "hevc", "vp8", "vp9")
PHOTO_CONTAINERS = ("jpeg", "webp")
FPS = (23.0, 60.0)
FPS_TOLERANCE = 0.1
_FPS_ROUNDING = 0.05  # 60.02 is what a phone calls 60; there is no usual rate just below 23
VIDEO_SIDE_PIXELS = (360, 4096)
VIDEO_MAX_BYTES = 4 * 1024 * MEGABYTE
API_MAX_DURATION_SECONDS = 600
DURATION_TOLERANCE_SECONDS = 0.1  # the last picture, or the last packet of sound, ends so much later
EVERY_CREATOR_SECONDS = 180  # "all creators 3 min, some 5 or 10"
PHOTO_LONG_SIDE_PIXELS = 1920
PHOTO_SHORT_SIDE_PIXELS = 1080
PHOTO_MAX_BYTES = 20_000_000  # so that either meaning of MB is kept: TikTok does not say which it has


class Severity(StrEnum):
    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The result of one rule: `found` and `allowed` are JSON values; `allowed` is a list, a bound or {min, max}."""

    code: str
    severity: Severity
    message: str
    found: Any
    allowed: Any


class Inspected(Protocol):
    """The facts that rules read; `Media` has them."""

    @property
    def is_ready(self) -> bool: ...
    @property
    def status(self) -> str: ...
    @property
    def kind(self) -> str | None: ...
    @property
    def container(self) -> str | None: ...
    @property
    def size_bytes(self) -> int | None: ...
    @property
    def duration_seconds(self) -> float | None: ...
    @property
    def width(self) -> int | None: ...
    @property
    def height(self) -> int | None: ...
    @property
    def fps(self) -> float | None: ...
    @property
    def video_codec(self) -> str | None: ...


def checks_for(media: Inspected, *, max_duration_seconds: int | None) -> list[Finding]:
    """Returns the problems and warnings of `media`.

    `max_duration_seconds` is the creator's own limit (creator_info); without it the general limits apply.
    """
    findings = all_checks(media, max_duration_seconds=max_duration_seconds)
    return [finding for finding in findings if finding.severity is not Severity.OK]


def all_checks(media: Inspected, *, max_duration_seconds: int | None) -> list[Finding]:
    """Returns the result of every rule, also of those that are met."""
    if not media.is_ready:
        message = f"The media is {media.status}; only what is ready can be posted."
        return [_finding("media_not_ready", Severity.PROBLEM, message, str(media.status), ["ready"])]
    return list(_video_rules(media, max_duration_seconds) if media.kind == "video" else _photo_rules(media))


def _video_rules(media: Inspected, max_duration_seconds: int | None) -> Iterator[Finding]:
    yield _one_of("video_container", "TikTok takes videos as MP4, WebM or MOV.", media.container, VIDEO_CONTAINERS)
    yield _one_of("video_codec", "TikTok takes H.264, H.265, VP8 and VP9.", media.video_codec, VIDEO_CODECS)
    yield _frame_rate(media.fps)
    low, high = VIDEO_SIDE_PIXELS
    yield _between("video_width", "TikTok takes 360 to 4096 pixels a side.", media.width, low, high)
    yield _between("video_height", "TikTok takes 360 to 4096 pixels a side.", media.height, low, high)
    yield _at_most("video_size", "TikTok takes videos of at most 4 GB.", media.size_bytes, VIDEO_MAX_BYTES)
    yield _duration(media.duration_seconds, max_duration_seconds)


def _frame_rate(found: float | None) -> Finding:
    low, high = FPS
    message = f"TikTok takes {low:.0f} to {high:.0f} frames a second."
    finding = _between("video_fps", message, found, low, high, _FPS_ROUNDING)
    is_near = found is not None and low - FPS_TOLERANCE < found < high + FPS_TOLERANCE
    return _as_warning(finding, f"{FPS_TOLERANCE} beyond") if is_near else finding


def _duration(found: float | None, max_duration_seconds: int | None) -> Finding:
    code, own = "video_duration", API_MAX_DURATION_SECONDS if max_duration_seconds is None else max_duration_seconds
    allowed = min(own, API_MAX_DURATION_SECONDS)
    if found is not None and found <= 0:
        return _finding(code, Severity.PROBLEM, "The video shows nothing: it lasts no time at all.", found, allowed)
    if max_duration_seconds is not None:
        message = f"This creator may post up to {allowed} s."
    else:
        message = "TikTok takes videos of at most 10 minutes."
    finding = _at_most(code, message, found, allowed)
    if finding.severity is Severity.PROBLEM and found is not None and found < allowed + DURATION_TOLERANCE_SECONDS:
        return _as_warning(finding, f"{DURATION_TOLERANCE_SECONDS} s more")
    if max_duration_seconds is None and finding.severity is Severity.OK and (found or 0) > EVERY_CREATOR_SECONDS:
        message = "Every creator may post 3 minutes; only some may post more."
        return _finding(code, Severity.WARNING, message, found, EVERY_CREATOR_SECONDS)
    return finding


def _as_warning(finding: Finding, tolerance: str) -> Finding:
    """Turn a problem that is within the tolerance into a warning; a met rule stays met."""
    if finding.severity is Severity.OK:
        return finding
    message = f"{finding.message} This is less than {tolerance}, so it is sent, and TikTok decides."
    return replace(finding, severity=Severity.WARNING, message=message)


def _photo_rules(media: Inspected) -> Iterator[Finding]:
    yield _one_of("photo_format", "TikTok takes photos as JPEG or WebP only.", media.container, PHOTO_CONTAINERS)
    yield _at_most("photo_size", "TikTok takes photos of at most 20 MB.", media.size_bytes, PHOTO_MAX_BYTES)
    width, height = media.width or 0, media.height or 0
    fits = max(width, height) <= PHOTO_LONG_SIDE_PIXELS and min(width, height) <= PHOTO_SHORT_SIDE_PIXELS
    yield _finding(
        "photo_dimensions",
        Severity.OK if fits else Severity.PROBLEM,
        "TikTok takes photos of up to 1080p: 1080 × 1920 or 1920 × 1080 pixels.",
        {"width": width, "height": height},
        {"long_side": PHOTO_LONG_SIDE_PIXELS, "short_side": PHOTO_SHORT_SIDE_PIXELS},
    )


def _one_of(code: str, message: str, found: str | None, allowed: tuple[str, ...]) -> Finding:
    return _finding(code, Severity.OK if found in allowed else Severity.PROBLEM, message, found, list(allowed))


def _between(code: str, message: str, found: float | None, low: float, high: float, rounding: float = 0.0) -> Finding:
    """`rounding` is how far above `high` still means `high`."""
    is_met = found is not None and low <= found <= high + rounding
    return _finding(code, Severity.OK if is_met else Severity.PROBLEM, message, found, {"min": low, "max": high})


def _at_most(code: str, message: str, found: float | None, allowed: float) -> Finding:
    is_met = found is not None and found <= allowed
    return _finding(code, Severity.OK if is_met else Severity.PROBLEM, message, found, allowed)


def _finding(code: str, severity: Severity, message: str, found: Any, allowed: Any) -> Finding:
    return Finding(code=code, severity=severity, message=message, found=found, allowed=allowed)
