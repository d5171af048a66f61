"""Puts the simulator together."""

from pathlib import Path
from typing import Any

from flask import Flask, abort, request
from werkzeug.routing import RequestRedirect

from tiktok_api.simulator import consent, control, envelopes, images, oauth, pages, publishing, reading, transfer
from tiktok_api.simulator.meddling import Meddling
from tiktok_api.simulator.notation import Notation
from tiktok_api.simulator.world import World


def create_simulator(*, media_folder: Path | None = None, **knobs: Any) -> Flask:
    """A simulated TikTok as a WSGI application; its world is `app.extensions["world"]`.

    Raises UnknownKnob. Whoever serves it calls the world's `close` in the end; `running` does.
    """
    app = Flask(__name__, static_folder=None)
    app.json = Notation(app)
    world = World(media_folder, **knobs)
    app.extensions["world"] = world
    app.before_request(_refuse_missing_slash)
    envelopes.register_error_shapes(app)
    for room in (consent, oauth, reading, publishing, transfer, images, control, pages):
        app.register_blueprint(room.blueprint)
    app.wsgi_app = Meddling(app.wsgi_app, world)  # type: ignore[method-assign]
    return app


def _refuse_missing_slash() -> None:
    """Every path ends with a slash; TikTok does not redirect to where it is."""
    if isinstance(request.routing_exception, RequestRedirect):
        abort(404)
