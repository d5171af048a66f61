"""The control API's developer portal: apps, and URL prefixes that are verified by a file."""

from http import HTTPStatus
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, request

from tiktok_api.simulator.api.envelopes import json_response
from tiktok_api.simulator.background.connections import open_connection
from tiktok_api.simulator.control import views
from tiktok_api.simulator.control.parsing import InvalidCommand, checked_body, checked_values, set_attributes
from tiktok_api.simulator.models.apps import App
from tiktok_api.simulator.models.names import NAME
from tiktok_api.simulator.options.declarations import OptionType, options_of
from tiktok_api.simulator.world.portal import check_app, pull_problem
from tiktok_api.simulator.world.world import World, current_world

blueprint = Blueprint("apps", __name__)

MOST_APPS = 1_000
SETTINGS = {name: each for name, each in options_of(App).items() if name != "client_key"}
PROPERTY = {"prefix": OptionType(kind="text", meaning="an absolute URL that ends with a slash")}
TIMEOUT_SECONDS = 10.0


@blueprint.get("/apps")
def show_apps() -> Response:
    """Show all apps, with their secrets: they are simulated too."""
    world = current_world()
    with world.moment():
        return json_response({"apps": [views.app_view(app) for app in world.apps.values()]})


@blueprint.route("/apps/<client_key>", methods=["POST", "PATCH"])
def save_app(client_key: str) -> Response:
    """{name: value, …}: register or change an app by the rules of the portal."""
    world = current_world()
    body = checked_body(SETTINGS)
    if not NAME.fullmatch(client_key):
        raise InvalidCommand("a client_key is 1 to 64 letters, digits, dots, dashes and underscores")
    with world.moment():
        known = world.apps.get(client_key)
        if (known is None) == (request.method == "PATCH"):
            raise InvalidCommand("no such app" if known is None else "this app exists", 409 if known else 404)
        if known is None and len(world.apps) >= MOST_APPS:
            raise InvalidCommand(f"there are {MOST_APPS} apps already", 409)
        present: dict[str, Any] = {"client_secret": f"secret-of-{client_key}", "name": client_key}
        app = App(**{"client_key": client_key, **(views.app_view(known) if known else present)})
        set_attributes(app, body)
        check_app(app)
        world.apps[client_key] = app
        return json_response(views.app_view(app), 200 if known else 201)


@blueprint.get("/apps/<client_key>/property")
def show_property(client_key: str) -> Response:
    """Show the file that verifies `?prefix=` for this app: its URL and its content."""
    world = current_world()
    with world.moment():
        prefix = checked_values(PROPERTY, {"prefix": request.args.get("prefix", "")})["prefix"]
        url, content = _verification_file(world, client_key, prefix)
        return json_response({"url": url, "content": content})


@blueprint.post("/apps/<client_key>/property")
def verify_property(client_key: str) -> Response:
    """{prefix}: fetch that file, and from then on allow the app to pull from this prefix."""
    world = current_world()
    prefix = str(checked_body(PROPERTY).get("prefix", ""))
    with world.moment():
        generation = world.generation
        url, content = _verification_file(world, client_key, prefix)
    found = _fetch(world, url)
    if found.strip() != content:
        raise InvalidCommand(f"{url} does not contain {content}", 409)
    with world.moment():
        if world.generation != generation:
            raise InvalidCommand("the world was reset meanwhile", 409)
        app = world.apps[client_key]
        if prefix not in app.verified_prefixes:
            if len(app.verified_prefixes) >= SETTINGS["verified_prefixes"].most_items:
                raise InvalidCommand("this app has enough verified prefixes", 409)
            app.verified_prefixes = [*app.verified_prefixes, prefix]
        return json_response(views.app_view(app))


def _verification_file(world: World, client_key: str, prefix: str) -> tuple[str, str]:
    if client_key not in world.apps:
        raise InvalidCommand("no such app", 404)
    if problem := pull_problem(world.options, prefix):
        raise InvalidCommand(problem)
    if not prefix.endswith("/"):
        raise InvalidCommand("a URL prefix ends with a slash")
    token = world.ids.signature(f"property {client_key} {prefix}").replace("-", "x").replace("_", "y")
    return f"{prefix}tiktok{token}.txt", f"tiktok-developers-site-verification={token}"


def _fetch(world: World, url: str) -> str:
    parts = urlsplit(url)
    try:
        connection = open_connection(parts.scheme, parts.netloc, TIMEOUT_SECONDS)
        with world.background.connected(connection, ("property", url), TIMEOUT_SECONDS):
            connection.request("GET", parts.path)
            response = connection.getresponse()
            found = response.read(65_536).decode(errors="replace")
    except (OSError, HTTPException, ValueError) as error:
        raise InvalidCommand(f"{url}: {error}", 409) from error
    return found if response.status == HTTPStatus.OK else f"HTTP {response.status}"
