"""The simulator's page: clock, creators, live posts, publications, webhooks, journal, faults, options and the control API."""

from typing import Any

from flask import Blueprint, Flask, Response, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from tiktok_api.simulator.background import processing, revocation
from tiktok_api.simulator.control import creators, videos, views
from tiktok_api.simulator.control.access import TOKEN_FIELD, form_token
from tiktok_api.simulator.models.fault_rules import EFFECTS, ENDPOINTS, FaultRule, InvalidFaultRule
from tiktok_api.simulator.options.declarations import options_of
from tiktok_api.simulator.options.options import InvalidOption, Options
from tiktok_api.simulator.world.json import read
from tiktok_api.simulator.world.world import World, current_world

blueprint = Blueprint("pages", __name__, url_prefix="/_simulator")
blueprint.app_context_processor(lambda: {"form_token": form_token(), "form_token_field": TOKEN_FIELD})

SHOWN_AT_MOST = 100
SWITCHES = ("private", "banned", "comment_disabled", "duet_disabled", "stitch_disabled")


@blueprint.errorhandler(InvalidOption)
@blueprint.errorhandler(InvalidFaultRule)
@blueprint.errorhandler(ValueError)
def explain(error: ValueError) -> AnyResponse:
    """Answer a form that is not valid with the reason."""
    return Response(str(error), 400, mimetype="text/plain")


@blueprint.get("/")
def show_console() -> AnyResponse:
    """Show everything on one page; with `?refresh=5` it reloads every five seconds."""
    world = current_world()
    with world.moment() as now:
        facts = _facts(world, now)
    page = render_template("console.html", refresh=request.args.get("refresh", 0, int), **facts)
    return Response(page.encode(errors="replace"), mimetype="text/html")


def _facts(world: World, now: float) -> dict[str, Any]:
    publications = list(world.publications.values())[-SHOWN_AT_MOST:]
    live = [video for video in world.videos.values() if video.is_live and video.publish_id]
    values = views.options_view(world)["knobs"]
    return {
        "clock": views.clock_view(world),
        "ahead": _ahead(world.clock.offset_seconds),
        "creators": [views.creator_view(world, creator, now) for creator in world.creators.values()],
        "switches": SWITCHES,
        "live": [views.video_view(world, video, now) for video in reversed(live[-SHOWN_AT_MOST:])],
        "publications": [views.publication_view(world, each) for each in reversed(publications)],
        "webhooks": [views.delivery_view(delivery) for delivery in reversed(world.deliveries.all[-SHOWN_AT_MOST:])],
        "requests": list(reversed(world.journal.read()[-SHOWN_AT_MOST:])),
        "apps": [views.app_view(app) for app in world.apps.values()],
        "options": [{**each, "value": values[each["name"]]} for each in Options.described()],
        "rules": world.faults.listed(),
        "endpoints": ENDPOINTS,
        "effects": EFFECTS,
        "meanings": {name: each.meaning for name, each in options_of(FaultRule).items()},
        "operations": _operations(current_app),
    }


def _operations(app: Flask) -> list[tuple[str, str, str]]:
    """Returns method, path and docstring of every operation of the control API."""
    found = []
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/_simulator/v1/"):
            meaning = (app.view_functions[rule.endpoint].__doc__ or "").strip()
            methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
            found += [(method, rule.rule, meaning) for method in methods]
    return sorted(found, key=lambda each: each[1])


def _ahead(seconds: float) -> str:
    """Returns the distance of the clock from real time, in words."""
    days, rest = divmod(round(abs(seconds)), 86_400)
    parts = ((days, "d"), (rest // 3_600, "h"), (rest % 3_600 // 60, "min"), (rest % 60, "s"))
    words = " ".join(f"{count} {unit}" for count, unit in parts if count)
    return f"{words} {'ahead of' if seconds > 0 else 'behind'} real time" if words else "real time"


@blueprint.post("/clock")
def set_clock() -> AnyResponse:
    """Advance, stop or start the clock."""
    world = current_world()
    with world.lock:
        if "frozen" in request.form:
            (world.clock.freeze if request.form["frozen"] == "yes" else world.clock.thaw)()
        else:
            world.clock.advance(float(request.form["advance_seconds"]))
        with world.moment():
            world.background.stir()
    return _back("clock")


@blueprint.post("/knobs")
def change_options() -> AnyResponse:
    """Set all options to the values of the form."""
    world = current_world()
    changes: dict[str, Any] = {}
    for name, present in Options().as_dict().items():
        if isinstance(present, bool):
            changes[name] = name in request.form
        elif name in request.form:
            text = request.form[name]
            changes[name] = text if isinstance(present, str) else read(text)
    with world.moment():
        world.change_options(changes)
    return _back("knobs")


@blueprint.post("/mischief")
def add_fault() -> AnyResponse:
    """Add a fault rule, or remove all."""
    rules = current_world().faults
    if "clear" in request.form:
        rules.clear()
    else:
        numbers = {name: int(request.form[name] or 1) for name in ("nth", "times")}
        words = {"endpoint": request.form["endpoint"], "effect": request.form["effect"]}
        facts = {**words, "when": request.form.get("when", ""), **numbers}
        facts["status"] = int(request.form["status"] or 500)
        facts["delay_seconds"] = float(request.form["delay_seconds"] or 0)
        rules.add(facts)
    return _back("mischief")


@blueprint.post("/creators/<username>")
def change_creator(username: str) -> AnyResponse:
    """Change a creator's settings, or remove all apps as the creator."""
    world = current_world()
    with world.moment() as now:
        if username not in world.creators:
            return Response("no such creator", 404)
        if "disconnect" in request.form:
            revocation.remove_everywhere(world, username, revocation.USER_DISCONNECTED, now)
        else:
            settings = {name: name in request.form for name in SWITCHES}
            creators.change_settings(world, world.creators[username], settings, now)
    return _back("creators")


@blueprint.post("/videos/<int:video_id>/take-down")
def take_down(video_id: int) -> AnyResponse:
    """Take a post down."""
    world = current_world()
    with world.moment() as now:
        if video_id not in world.videos:
            return Response("no such post", 404)
        videos.remove_video(world, world.videos[video_id], now)
    return _back("live")


@blueprint.post("/publications/<publish_id>/complete")
def complete_draft(publish_id: str) -> AnyResponse:
    """Post a draft from the inbox, as the creator would in the app."""
    world = current_world()
    with world.moment() as now:
        publication = world.publications.get(publish_id)
        if publication is None or publication.status != "SEND_TO_USER_INBOX":
            return Response("no such draft", 404)
        processing.complete_draft(world, publication, 1, None, now)
    return _back("publications")


@blueprint.post("/reset")
def reset() -> AnyResponse:
    """Back to the seed."""
    current_world().reset()
    return _back("clock")


def _back(section: str) -> AnyResponse:
    return redirect(url_for("pages.show_console", _anchor=section), 303)
