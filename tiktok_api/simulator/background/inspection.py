"""Inspects received media outside the world's lock, and again after a restart."""

import logging
from pathlib import Path
from typing import Any

from tiktok_api.simulator.background import processing
from tiktok_api.simulator.media import limits
from tiktok_api.simulator.media.probe import prober
from tiktok_api.simulator.models.publications import SimulatedPublication
from tiktok_api.simulator.world.agenda import scheduled_event
from tiktok_api.simulator.world.world import World

log = logging.getLogger(__name__)


def inspect(world: World, publication: SimulatedPublication) -> None:
    """Inspect what was received. An inspection that raises fails this publication and nothing else.

    A reset may remove the files meanwhile; then there is nothing left to record.
    """
    try:
        _inspect(world, publication)
    except Exception:
        with world.moment():
            if world.knows(publication):
                log.exception("The inspection of %s failed", publication.publish_id)
                processing.record_inspection(world, publication, "internal", {})


@scheduled_event
def inspect_again(world: World, _now: float, publish_id: str) -> None:
    """A restart has interrupted an inspection: start it again in the background."""
    publication = world.publications.get(publish_id)
    if publication is not None and not publication.is_over:
        world.background.post(processing.lane(publication), lambda: inspect(world, publication))


def _inspect(world: World, publication: SimulatedPublication) -> None:
    with world.lock:
        if not world.knows(publication):
            return
        files = list(publication.files)
        longest = world.creators[publication.username].max_video_post_duration_sec
        is_wanted = world.options.inspect_media
        generation = world.generation
    reason, facts = None, dict[str, Any]()
    if is_wanted and publication.kind == "video":
        facts = prober.facts(files)
        reason = limits.video_problem(facts, longest)
    elif is_wanted:
        photos = [_photo_facts(path) for path in files]
        reason = next((problem for photo in photos if (problem := limits.photo_problem(photo))), None)
        facts = {**photos[0], "duration": 0}
    if "seconds" in facts:
        facts = {"duration": round(facts["seconds"]), **facts}
    with world.moment():
        if world.generation == generation:
            processing.record_inspection(world, publication, reason, facts)


def _photo_facts(path: Path) -> dict[str, Any]:
    """Returns format, size in pixels and size in bytes of a photo; one that is refused anyway is not decoded."""
    with path.open("rb") as file:
        head = file.read(12)
    weight = path.stat().st_size
    kind = limits.photo_format(head)
    if kind == "other" or weight > limits.HEAVIEST_PHOTO:
        return {"container": kind, "weight": weight}
    return {**prober.facts([path]), "container": kind, "weight": weight}
