"""Composes a simulator: the world with its background, the endpoints, the control API and the fault middleware."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, request
from werkzeug.routing import RequestRedirect

from tiktok_api.simulator.api import consent, display, envelopes, images, oauth, publishing, upload
from tiktok_api.simulator.background.lanes import BackgroundLanes
from tiktok_api.simulator.control import pages, routes
from tiktok_api.simulator.control.access import ControlAccess
from tiktok_api.simulator.faults.middleware import FaultMiddleware
from tiktok_api.simulator.world.json import StrictJSONProvider
from tiktok_api.simulator.world.world import World, current_world

LARGEST_BODY = 1 << 20
"""Bytes of a request body, except of uploads."""


def create_simulator(*, media_folder: Path | None = None, hosts: Collection[str] = (), **options: Any) -> Flask:
    """Returns a simulated TikTok as a WSGI application; its world is `app.extensions["world"]`.

    `hosts` are names under which the control API can be reached, in addition to localhost and addresses. The caller
    closes the world at the end. Raises InvalidOption.
    """
    app = Flask(__name__, static_folder=None)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.json = StrictJSONProvider(app)
    world = World(BackgroundLanes, media_folder, **options)
    app.extensions["world"] = world
    app.before_request(_bound_body)
    app.before_request(_refuse_missing_slash)
    app.after_request(_mark_changed)
    ControlAccess(app, hosts)
    envelopes.register_error_handlers(app)
    for module in (consent, oauth, display, publishing, upload, images, routes, pages):
        app.register_blueprint(module.blueprint)
    app.wsgi_app = FaultMiddleware(app.wsgi_app, world)  # type: ignore[method-assign]
    return app


def _bound_body() -> None:
    if request.endpoint != "upload.put_chunk":
        request.max_content_length = LARGEST_BODY


def _mark_changed(response: Response) -> Response:
    """Mark the world as changed, so that it is saved: fault rules change without the world's lock."""
    if request.method != "GET":
        current_world().is_touched = True
    return response


def _refuse_missing_slash() -> None:
    """Answer 404 to a path without its last slash, as TikTok does; Flask would redirect."""
    if isinstance(request.routing_exception, RequestRedirect):
        abort(404)
