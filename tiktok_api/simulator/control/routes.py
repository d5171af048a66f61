"""The control API: state, clock, options, reset, and the operations of the other modules."""

from typing import Any

from flask import Blueprint, Response

from tiktok_api.simulator.api.envelopes import json_response
from tiktok_api.simulator.control import apps, creators, faults, publications, videos, views, webhooks
from tiktok_api.simulator.control.parsing import InvalidCommand, checked_body, json_body
from tiktok_api.simulator.models.fault_rules import FaultRule, InvalidFaultRule
from tiktok_api.simulator.options.declarations import InvalidValue, OptionType, options_of
from tiktok_api.simulator.options.options import InvalidOption, Options
from tiktok_api.simulator.options.timestamps import from_iso, within_time
from tiktok_api.simulator.world.portal import NotRegistrable
from tiktok_api.simulator.world.world import World, current_world

blueprint = Blueprint("control", __name__, url_prefix="/_simulator/v1")

WHOLE_TIME = 60 * 365 * 86_400
CLOCK = {
    "advance_seconds": OptionType(
        kind="number", meaning="jump so far, back if negative", least=-WHOLE_TIME, most=WHOLE_TIME
    ),
    "set": OptionType(kind="moment", meaning="jump there, from 1980 to 2037"),
    "frozen": OptionType(kind="boolean", meaning="stop the clock, or let it run"),
}
SETTLE = {"timeout_seconds": OptionType(kind="number", meaning="in real time", default=10, most=600)}
for _records in (creators, videos, publications, apps, faults, webhooks):
    blueprint.register_blueprint(_records.blueprint)


@blueprint.errorhandler(InvalidCommand)
@blueprint.errorhandler(InvalidValue)
@blueprint.errorhandler(InvalidFaultRule)
@blueprint.errorhandler(InvalidOption)
@blueprint.errorhandler(NotRegistrable)
def refuse(error: ValueError) -> Response:
    """Answer a request that is not valid with the reason."""
    return json_response({"error": str(error)}, getattr(error, "status", 400))


@blueprint.get("/state")
def show_state() -> Response:
    """Show everything except the journal."""
    world = current_world()
    with world.moment() as now:
        return json_response(
            {
                "clock": views.clock_view(world),
                **views.options_view(world),
                "apps": [views.app_view(app) for app in world.apps.values()],
                "creators": [views.creator_view(world, creator, now) for creator in world.creators.values()],
                "publications": [views.publication_view(world, each) for each in world.publications.values()],
                "live": [
                    views.video_view(world, video, now)
                    for video in world.videos.values()
                    if video.is_live and video.publish_id is not None
                ],
                "webhooks": [views.delivery_view(delivery) for delivery in world.deliveries.all],
                "mischief": world.faults.listed(),
            }
        )


@blueprint.get("/clock")
def show_clock() -> Response:
    """Show the virtual time."""
    world = current_world()
    with world.moment():
        return json_response(views.clock_view(world))


@blueprint.post("/clock")
def set_clock() -> Response:
    """{advance_seconds?, set?, frozen?}: change the clock, and run every event that is due before answering."""
    world = current_world()
    body = checked_body(CLOCK)
    with world.lock:
        _set_clock(world, body)
        with world.moment():
            world.background.recheck()
            return json_response(views.clock_view(world))


def _set_clock(world: World, body: dict[str, Any]) -> None:
    """Make all changes or none. Raises InvalidCommand."""
    clock = world.clock
    try:
        target = from_iso(body["set"]) if "set" in body else clock.now()
        within_time(target + body.get("advance_seconds", 0))
    except (ValueError, OverflowError) as error:
        raise InvalidCommand(f"not a time: {error}") from error
    if body.get("frozen") is True:
        clock.freeze()
    if "set" in body:
        clock.set(target)
    if "advance_seconds" in body:
        clock.advance(body["advance_seconds"])
    if body.get("frozen") is False:
        clock.thaw()


@blueprint.get("/knobs")
def show_option_values() -> Response:
    """Show all options with their values (`knobs`), and what each means."""
    world = current_world()
    with world.lock:
        return json_response({**views.options_view(world), "described": Options.described()})


@blueprint.get("/options")
def show_options() -> Response:
    """Show the declaration of everything that can be set: type, null, bounds, default, meaning, when it takes effect."""
    declared = {
        "knobs": options_of(Options),
        "app": apps.SETTINGS,
        "creator": creators.CREATOR,
        "video": videos.VIDEO,
        "videos": videos.NEW_VIDEOS,
        "disconnect": creators.DISCONNECT,
        "complete_draft": creators.COMPLETE_DRAFT,
        "mischief": options_of(FaultRule),
        "clock": CLOCK,
        "webhook": webhooks.WEBHOOK,
        "settle": SETTLE,
    }
    return json_response(
        {"options": {what: [each.described(name) for name, each in of.items()] for what, of in declared.items()}}
    )


@blueprint.patch("/knobs")
def change_options() -> Response:
    """{name: value, …}: change some options, all or none; `at_reset` are those that take effect at the next reset."""
    world = current_world()
    changes = json_body()
    with world.moment():
        world.change_options(changes)
        return json_response(views.options_view(world))


@blueprint.post("/settle")
def settle() -> Response:
    """{timeout_seconds?}: wait in real time until no pull or webhook is due or running."""
    seconds = checked_body(SETTLE).get("timeout_seconds", 10)
    return json_response({"idle": current_world().background.wait_until_idle(seconds)})


@blueprint.post("/reset")
def reset() -> Response:
    """{name: value, …}: back to the seed and the options of the start, with these changes until the next reset."""
    world = current_world()
    changes = json_body()
    with world.lock:
        world.reset(changes)
        return json_response(views.options_view(world))
