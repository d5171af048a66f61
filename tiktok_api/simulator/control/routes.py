"""The control API: clock, options, fault rules, journal, webhooks, and reset."""

from typing import Any

from flask import Blueprint, Response, request

from tiktok_api.simulator.api.envelopes import json_response
from tiktok_api.simulator.background import webhooks
from tiktok_api.simulator.control import apps, creators, publications, videos, views
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
WEBHOOK = {
    "client_key": OptionType(kind="text", meaning="the app"),
    "event": OptionType(kind="text", meaning="its name", shortest=1, longest=200),
    "username": OptionType(kind="text", meaning="the creator whose open_id it carries", nullable=True, longest=64),
    "content": OptionType(kind="object", meaning="becomes a JSON text in the event"),
}
SETTLE = {"timeout_seconds": OptionType(kind="number", meaning="in real time", default=10, most=600)}
for _records in (creators, videos, publications, apps):
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
            world.background.stir()
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
        "webhook": WEBHOOK,
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


@blueprint.get("/mischief")
def show_faults() -> Response:
    """Show the fault rules, with how many calls each has counted (`seen`) and made fail (`fired`)."""
    return json_response({"mischief": current_world().faults.listed()})


@blueprint.post("/mischief")
def add_fault() -> Response:
    """{endpoint, effect, …}: add a fault rule and answer its id."""
    rule = current_world().faults.add(json_body())
    return json_response({"id": rule.id}, 201)


@blueprint.delete("/mischief")
def clear_faults() -> Response:
    """Remove all fault rules."""
    current_world().faults.clear()
    return json_response({})


@blueprint.delete("/mischief/<int:rule_id>")
def remove_fault(rule_id: int) -> Response:
    """Remove one fault rule."""
    if not current_world().faults.remove(rule_id):
        raise InvalidCommand("no such rule", 404)
    return json_response({})


@blueprint.get("/requests")
def show_requests() -> Response:
    """Show the journal, filtered by the query: endpoint, username, client_key, publish_id, method."""
    wanted = {name: value for name, value in request.args.items() if value}
    return json_response({"requests": current_world().journal.read(**wanted)})


@blueprint.delete("/requests")
def clear_requests() -> Response:
    """Empty the journal."""
    current_world().journal.clear()
    return json_response({})


@blueprint.get("/webhooks")
def show_webhooks() -> Response:
    """Show every event with the attempts to deliver it."""
    world = current_world()
    with world.moment():
        return json_response({"webhooks": [views.delivery_view(delivery) for delivery in world.deliveries.all]})


@blueprint.post("/webhooks")
def send_webhook() -> Response:
    """{client_key, event, username?, content}: send any event."""
    world = current_world()
    event = checked_body(WEBHOOK)
    with world.moment() as now:
        if event.get("client_key") not in world.apps or "event" not in event:
            raise InvalidCommand("client_key and event are needed")
        sent = webhooks.announce(
            world, event["client_key"], event["event"], event.get("username"), event.get("content", {}), now
        )
        return json_response({"webhooks": [views.delivery_view(delivery) for delivery in sent]}, 201)


@blueprint.post("/webhooks/<int:delivery_id>/redeliver")
def redeliver_webhook(delivery_id: int) -> Response:
    """Deliver the same event once more, as a duplicate."""
    world = current_world()
    with world.moment() as now:
        delivery = world.deliveries.find(delivery_id)
        if delivery is None or delivery.url is None:
            raise InvalidCommand("no such delivery", 404)
        webhooks.send(world, delivery, now, is_extra=True)
        return json_response({}, 202)


@blueprint.post("/settle")
def settle() -> Response:
    """{timeout_seconds?}: wait in real time until no pull or webhook is due or running."""
    seconds = checked_body(SETTLE).get("timeout_seconds", 10)
    return json_response({"idle": current_world().background.settle(seconds)})


@blueprint.post("/reset")
def reset() -> Response:
    """{name: value, …}: back to the seed and the options of the start, with these changes until the next reset."""
    world = current_world()
    changes = json_body()
    with world.lock:
        world.reset(changes)
        return json_response(views.options_view(world))
