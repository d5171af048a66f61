"""The control API's operations on publications: what was received for each, and its bytes."""

import os
from collections.abc import Iterator

from flask import Blueprint, Response, request

from tiktok_api.simulator.api.envelopes import json_response
from tiktok_api.simulator.control import views
from tiktok_api.simulator.control.parsing import InvalidCommand
from tiktok_api.simulator.models.publications import SimulatedPublication
from tiktok_api.simulator.world.world import World, current_world

blueprint = Blueprint("publications", __name__)

PIECE = 1 << 20


@blueprint.get("/publications")
def show_publications() -> Response:
    """Show all publications, oldest first; `?username=`, `?client_key=` and `?status=` filter."""
    world = current_world()
    with world.moment():
        shown = [views.publication_view(world, each) for each in world.publications.values()]
    chosen = [each for each in shown if all(each.get(name) == value for name, value in request.args.items())]
    return json_response({"publications": chosen, "init_count": len(chosen)})


@blueprint.get("/publications/<publish_id>")
def show_publication(publish_id: str) -> Response:
    """Show one publication."""
    world = current_world()
    with world.moment():
        return json_response(views.publication_view(world, _publication(world, publish_id)))


@blueprint.get("/publications/<publish_id>/media")
def show_media(publish_id: str) -> Response:
    """Send the received bytes: a whole video, or the photo with `?index=`."""
    world = current_world()
    with world.moment():
        publication = _publication(world, publish_id)
        paths = list(publication.files)
        if publication.kind == "photo":
            index = max(0, request.args.get("index", 0, int))
            paths = paths[index : index + 1]
        if not paths:
            raise InvalidCommand("nothing is kept of this", 404)
        files = [path.open("rb") for path in paths]  # open files stay readable after a reset
    size = sum(os.fstat(file.fileno()).st_size for file in files)

    def pieces() -> Iterator[bytes]:
        try:
            for file in files:
                while piece := file.read(PIECE):
                    yield piece
        finally:
            for file in files:
                file.close()

    return Response(pieces(), mimetype="application/octet-stream", headers={"Content-Length": str(size)})


def _publication(world: World, publish_id: str) -> SimulatedPublication:
    if publish_id not in world.publications:
        raise InvalidCommand("no such publication", 404)
    return world.publications[publish_id]
