"""The control API's developer portal: apps, and URL properties verified by a file."""

from http import HTTPStatus
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, request

from tiktok_api.simulator.api.envelopes import compact
from tiktok_api.simulator.background.connections import connect
from tiktok_api.simulator.control import views
from tiktok_api.simulator.control.parsing import BadOrder, carry_over, changes, order
from tiktok_api.simulator.world.models import NAME, App
from tiktok_api.simulator.world.option_types import Option, options_of
from tiktok_api.simulator.world.portal import check_app, pull_problem
from tiktok_api.simulator.world.world import World, current_world

blueprint = Blueprint("registering", __name__)

MOST_APPS = 1_000
SETTINGS = {name: each for name, each in options_of(App).items() if name != "client_key"}
PROPERTY = {"prefix": Option(kind="text", meaning="an absolute URL that ends with a slash")}
PATIENCE_SECONDS = 10.0


@blueprint.get("/apps")
def show_apps() -> Response:
    """All apps, secrets included: they are make-believe."""
    world = current_world()
    with world.moment():
        return compact({"apps": [views.app_shown(app) for app in world.apps.values()]})


@blueprint.route("/apps/<client_key>", methods=["POST", "PATCH"])
def save_app(client_key: str) -> Response:
    """{name: value, …}: register an app, or change one; the portal's rules hold."""
    world = current_world()
    body = order(SETTINGS)
    if not NAME.fullmatch(client_key):
        raise BadOrder("a client_key is 1 to 64 letters, digits, dots, dashes and underscores")
    with world.moment():
        known = world.apps.get(client_key)
        if (known is None) == (request.method == "PATCH"):
            raise BadOrder("no such app" if known is None else "this app exists", 409 if known else 404)
        if known is None and len(world.apps) >= MOST_APPS:
            raise BadOrder(f"there are {MOST_APPS} apps already", 409)
        present: dict[str, Any] = {"client_secret": f"secret-of-{client_key}", "name": client_key}
        app = App(**{"client_key": client_key, **(views.app_shown(known) if known else present)})
        carry_over(app, body)
        check_app(app)
        world.apps[client_key] = app
        return compact(views.app_shown(app), 200 if known else 201)


@blueprint.get("/apps/<client_key>/property")
def show_property(client_key: str) -> Response:
    """The file that proves `?prefix=` to be this app's: its URL and what it must contain."""
    world = current_world()
    with world.moment():
        prefix = changes(PROPERTY, {"prefix": request.args.get("prefix", "")})["prefix"]
        url, content = _proof(world, client_key, prefix)
        return compact({"url": url, "content": content})


@blueprint.post("/apps/<client_key>/property")
def verify_property(client_key: str) -> Response:
    """{prefix}: fetch that file, and from then on let the app pull from under the prefix."""
    world = current_world()
    prefix = str(order(PROPERTY).get("prefix", ""))
    with world.moment():
        generation = world.generation
        url, content = _proof(world, client_key, prefix)
    found = _fetch(world, url)
    if found.strip() != content:
        raise BadOrder(f"{url} does not contain {content}", 409)
    with world.moment():
        if world.generation != generation:
            raise BadOrder("the world was reset meanwhile", 409)
        app = world.apps[client_key]
        if prefix not in app.verified_prefixes:
            if len(app.verified_prefixes) >= SETTINGS["verified_prefixes"].most_items:
                raise BadOrder("this app has enough verified prefixes", 409)
            app.verified_prefixes = [*app.verified_prefixes, prefix]
        return compact(views.app_shown(app))


def _proof(world: World, client_key: str, prefix: str) -> tuple[str, str]:
    if client_key not in world.apps:
        raise BadOrder("no such app", 404)
    if problem := pull_problem(world.knobs, prefix):
        raise BadOrder(problem)
    if not prefix.endswith("/"):
        raise BadOrder("a URL prefix ends with a slash")
    token = world.mint.signature(f"property {client_key} {prefix}").replace("-", "x").replace("_", "y")
    return f"{prefix}tiktok{token}.txt", f"tiktok-developers-site-verification={token}"


def _fetch(world: World, url: str) -> str:
    parts = urlsplit(url)
    try:
        line = connect(parts.scheme, parts.netloc, PATIENCE_SECONDS)
        with world.courier.connected(line, ("property", url), PATIENCE_SECONDS) as connection:
            connection.request("GET", parts.path)
            response = connection.getresponse()
            found = response.read(65_536).decode(errors="replace")
    except (OSError, HTTPException, ValueError) as error:
        raise BadOrder(f"{url}: {error}", 409) from error
    return found if response.status == HTTPStatus.OK else f"HTTP {response.status}"
