"""Holds what was received against TikTok's media limits."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tiktok_api.simulator.media.probe import prober
from tiktok_api.simulator.world import processing
from tiktok_api.simulator.world.models import Publication

if TYPE_CHECKING:
    from tiktok_api.simulator.world.world import World

CODECS = ("h264", "hevc", "vp8", "vp9")
SLOWEST, FASTEST = 23.0, 60.0
NARROWEST, WIDEST = 360, 4096
LONGEST_BY_API = 600
HEAVIEST_PHOTO = 20_000_000
PHOTO_SIDES = (1080, 1920)
HAIR = 0.1
"""Containers round durations and frame rates, and recorders end a frame late; no video is refused for that."""


def inspect(world: "World", publication: Publication) -> None:
    """Look at the received media, outside the world's lock, and let the verdict fall in its time."""
    with world.lock:
        if not world.knows(publication):
            return
        files = list(publication.files)
        longest = min(LONGEST_BY_API, world.creators[publication.username].max_video_post_duration_sec)
        wanted = world.knobs.inspect_media
        generation = world.generation
    reason, facts = None, dict[str, Any]()
    if wanted and publication.kind == "video":
        facts = prober.facts(files)
        reason = video_problem(facts, longest)
    elif wanted:
        photos = [photo_facts(path) for path in files]
        reason = next((problem for photo in photos if (problem := photo_problem(photo))), None)
        facts = {**photos[0], "duration": 0}
    with world.moment():
        if world.generation == generation:
            processing.inspected(world, publication, reason, _summary(facts))


def video_problem(facts: dict[str, Any], longest: float) -> str | None:
    """The fail_reason that a video deserves, if any."""
    if "error" in facts or facts["codec"] not in CODECS:
        return "file_format_check_failed"
    names = facts["container"].split(",")
    if "mp4" not in names and not (facts["is_webm"] and "webm" in names):
        return "file_format_check_failed"
    if not 0 < facts["seconds"] <= longest + HAIR:
        return "duration_check_failed"
    if not SLOWEST - HAIR <= facts["fps"] <= FASTEST + HAIR:
        return "frame_rate_check_failed"
    if not NARROWEST <= min(facts["width"], facts["height"]) <= max(facts["width"], facts["height"]) <= WIDEST:
        return "picture_size_check_failed"
    return None


def photo_facts(path: Path) -> dict[str, Any]:
    """Format, size and weight of a photo."""
    with path.open("rb") as file:
        head = file.read(12)
    weight = path.stat().st_size
    kind = "jpeg" if head[:3] == b"\xff\xd8\xff" else "webp" if head[:4] + head[8:] == b"RIFFWEBP" else "other"
    if kind == "other" or weight > HEAVIEST_PHOTO:
        return {"container": kind, "weight": weight}
    return {**prober.facts([path]), "container": kind, "weight": weight}


def photo_problem(facts: dict[str, Any]) -> str | None:
    """The fail_reason that a photo deserves, if any."""
    if facts["container"] == "other" or "error" in facts:
        return "file_format_check_failed"
    if facts["weight"] > HEAVIEST_PHOTO:
        return "picture_size_check_failed"
    short, long = sorted((facts["width"], facts["height"]))
    if short > PHOTO_SIDES[0] or long > PHOTO_SIDES[1]:
        return "picture_size_check_failed"
    return None


def _summary(facts: dict[str, Any]) -> dict[str, Any]:
    if "seconds" in facts:
        facts = {"duration": round(facts["seconds"]), **facts}
    return facts
