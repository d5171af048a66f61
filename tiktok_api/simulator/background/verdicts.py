"""Has received media inspected, whatever happens meanwhile, and again after a restart."""

import logging
from typing import TYPE_CHECKING

from tiktok_api.simulator.media import inspection
from tiktok_api.simulator.world import processing
from tiktok_api.simulator.world.agenda import happening
from tiktok_api.simulator.world.models import Publication

if TYPE_CHECKING:
    from tiktok_api.simulator.world.world import World

log = logging.getLogger(__name__)


def inspect(world: "World", publication: Publication) -> None:
    """Inspect what was received, outside the world's lock. An inspection that breaks fails the publication, no more.

    A reset may take the files away meanwhile; then there is nothing left to say.
    """
    try:
        inspection.inspect(world, publication)
    except Exception:
        with world.moment():
            if world.knows(publication):
                log.exception("The inspection of %s failed", publication.publish_id)
                processing.inspected(world, publication, "internal", {})


@happening
def inspect_again(world: "World", _now: float, publish_id: str) -> None:
    """A restart has interrupted an inspection: begin it anew, in the background."""
    publication = world.publications.get(publish_id)
    if publication is not None and not publication.is_over:
        world.courier.post(processing.lane(publication), lambda: inspect(world, publication))
