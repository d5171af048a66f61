"""Puts the simulator together."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, request
from werkzeug.routing import RequestRedirect

from tiktok_api.simulator.api import consent, display, envelopes, images, oauth, publishing, upload
from tiktok_api.simulator.api.json import Notation
from tiktok_api.simulator.control import pages, routes
from tiktok_api.simulator.control.access import Access
from tiktok_api.simulator.faults.middleware import Meddling
from tiktok_api.simulator.world.world import World, current_world

LARGEST_BODY = 1 << 20
"""Of everything but uploads."""


def create_simulator(*, media_folder: Path | None = None, hosts: Collection[str] = (), **knobs: Any) -> Flask:
    """A simulated TikTok as a WSGI application; its world is `app.extensions["world"]`.

    `hosts` are names under which the control API may be reached, beside localhost and addresses. Raises UnknownKnob.
    The server calls the world's `close` in the end; `running` does.
    """
    app = Flask(__name__, static_folder=None)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.json = Notation(app)
    world = World(media_folder, **knobs)
    app.extensions["world"] = world
    app.before_request(_bound_body)
    app.before_request(_refuse_missing_slash)
    app.after_request(_note_change)
    Access(app, hosts)
    envelopes.register_error_shapes(app)
    for room in (consent, oauth, display, publishing, upload, images, routes, pages):
        app.register_blueprint(room.blueprint)
    app.wsgi_app = Meddling(app.wsgi_app, world)  # type: ignore[method-assign]
    return app


def _bound_body() -> None:
    if request.endpoint != "transfer.put_chunk":
        request.max_content_length = LARGEST_BODY


def _note_change(response: Response) -> Response:
    """Let the state be saved; rules of mischief change without the world's lock."""
    if request.method != "GET":
        current_world().is_touched = True
    return response


def _refuse_missing_slash() -> None:
    """Every path ends with a slash; TikTok does not redirect to where it is."""
    if isinstance(request.routing_exception, RequestRedirect):
        abort(404)
