"""The control API for tests and people: clock, knobs, mischief, journal, webhooks, and back to the seed."""

from typing import Any

from flask import Blueprint, Response, request

from tiktok_api.simulator.api.envelopes import compact
from tiktok_api.simulator.background import webhooks
from tiktok_api.simulator.control import apps, creators, views
from tiktok_api.simulator.control.parsing import BadOrder, body, order
from tiktok_api.simulator.faults.rules import BadRule, Rule
from tiktok_api.simulator.world.clock import from_iso, within_time
from tiktok_api.simulator.world.option_types import BadValue, Option, options_of
from tiktok_api.simulator.world.options import Knobs, UnknownKnob
from tiktok_api.simulator.world.portal import NotRegistrable
from tiktok_api.simulator.world.world import World, current_world

blueprint = Blueprint("control", __name__, url_prefix="/_simulator/v1")

WHOLE_TIME = 60 * 365 * 86_400
CLOCK = {
    "advance_seconds": Option(
        kind="number", meaning="jump so far, back if negative", least=-WHOLE_TIME, most=WHOLE_TIME
    ),
    "set": Option(kind="moment", meaning="jump there, from 1980 to 2037"),
    "frozen": Option(kind="boolean", meaning="stand still, or run on"),
}
WEBHOOK = {
    "client_key": Option(kind="text", meaning="the app"),
    "event": Option(kind="text", meaning="its name", shortest=1, longest=200),
    "username": Option(kind="text", meaning="the creator whose open_id it carries", nullable=True, longest=64),
    "content": Option(kind="object", meaning="becomes a JSON text in the event"),
}
SETTLE = {"timeout_seconds": Option(kind="number", meaning="in real time", default=10, most=600)}
blueprint.register_blueprint(creators.blueprint)
blueprint.register_blueprint(apps.blueprint)


@blueprint.errorhandler(BadOrder)
@blueprint.errorhandler(BadValue)
@blueprint.errorhandler(BadRule)
@blueprint.errorhandler(UnknownKnob)
@blueprint.errorhandler(NotRegistrable)
def refuse(error: ValueError) -> Response:
    """Say what is wrong with an order."""
    return compact({"error": str(error)}, getattr(error, "status", 400))


@blueprint.get("/state")
def show_state() -> Response:
    """Everything at once."""
    world = current_world()
    with world.moment() as now:
        return compact(
            {
                "clock": views.clock_shown(world),
                **views.knobs_shown(world),
                "apps": [views.app_shown(app) for app in world.apps.values()],
                "creators": [views.creator_shown(world, creator, now) for creator in world.creators.values()],
                "publications": [views.publication_shown(world, each) for each in world.publications.values()],
                "live": [
                    views.video_shown(world, video, now)
                    for video in world.videos.values()
                    if video.is_live and video.publish_id is not None
                ],
                "webhooks": [delivery.as_dict() for delivery in world.mailbox.deliveries],
                "mischief": world.mischief.listed(),
            }
        )


@blueprint.get("/clock")
def show_clock() -> Response:
    """What time it is."""
    world = current_world()
    with world.moment():
        return compact(views.clock_shown(world))


@blueprint.post("/clock")
def turn_clock() -> Response:
    """{advance_seconds?, set?, frozen?}: what has come due by then has happened when this answers."""
    world = current_world()
    body = order(CLOCK)
    with world.lock:
        _turn_clock(world, body)
        with world.moment():
            world.courier.stir()
            return compact(views.clock_shown(world))


def _turn_clock(world: World, body: dict[str, Any]) -> None:
    """Do all of an order or nothing. Raises BadOrder."""
    clock = world.clock
    try:
        target = from_iso(body["set"]) if "set" in body else clock.now()
        within_time(target + body.get("advance_seconds", 0))
    except (ValueError, OverflowError) as error:
        raise BadOrder(f"not a time: {error}") from error
    if body.get("frozen") is True:
        clock.freeze()
    if "set" in body:
        clock.set(target)
    if "advance_seconds" in body:
        clock.advance(body["advance_seconds"])
    if body.get("frozen") is False:
        clock.thaw()


@blueprint.get("/knobs")
def show_knobs() -> Response:
    """All knobs as they stand, and what each means."""
    world = current_world()
    with world.lock:
        return compact({**views.knobs_shown(world), "described": Knobs.described()})


@blueprint.get("/options")
def show_options() -> Response:
    """Everything that can be set, declared: type, null, bounds, default, meaning and when it takes effect."""
    declared = {
        "knobs": options_of(Knobs),
        "app": apps.SETTINGS,
        "creator": creators.CREATOR_ORDER,
        "video": creators.VIDEO_ORDER,
        "videos": creators.SEEDING,
        "disconnect": creators.DISCONNECT,
        "complete_draft": creators.COMPLETE_DRAFT,
        "mischief": options_of(Rule),
        "clock": CLOCK,
        "webhook": WEBHOOK,
        "settle": SETTLE,
    }
    return compact(
        {"options": {what: [each.described(name) for name, each in of.items()] for what, of in declared.items()}}
    )


@blueprint.patch("/knobs")
def turn_knobs() -> Response:
    """{name: value, …}: turn some knobs, all or none; those that count from the next reset wait for it (`at_reset`)."""
    world = current_world()
    changes = body()
    with world.moment():
        world.turn(changes)
        return compact(views.knobs_shown(world))


@blueprint.get("/mischief")
def show_mischief() -> Response:
    """The rules in force, with how often each has counted (`seen`) and struck (`fired`)."""
    return compact({"mischief": current_world().mischief.listed()})


@blueprint.post("/mischief")
def add_mischief() -> Response:
    """{endpoint, effect, …}: put a rule of mischief into force, answers its id."""
    rule = current_world().mischief.add(body())
    return compact({"id": rule.id}, 201)


@blueprint.delete("/mischief")
def clear_mischief() -> Response:
    """No more mischief."""
    current_world().mischief.clear()
    return compact({})


@blueprint.delete("/mischief/<int:rule_id>")
def remove_mischief(rule_id: int) -> Response:
    """Take one rule out of force."""
    if not current_world().mischief.remove(rule_id):
        raise BadOrder("no such rule", 404)
    return compact({})


@blueprint.get("/requests")
def show_requests() -> Response:
    """The journal, filtered by what is in the query: endpoint, username, client_key, publish_id, method."""
    wanted = {name: value for name, value in request.args.items() if value}
    return compact({"requests": current_world().journal.read(**wanted)})


@blueprint.delete("/requests")
def clear_requests() -> Response:
    """Begin a new journal."""
    current_world().journal.clear()
    return compact({})


@blueprint.get("/webhooks")
def show_webhooks() -> Response:
    """Every event with every attempt to deliver it."""
    world = current_world()
    with world.moment():
        return compact({"webhooks": [delivery.as_dict() for delivery in world.mailbox.deliveries]})


@blueprint.post("/webhooks")
def send_webhook() -> Response:
    """{client_key, event, username?, content}: send an event of one's own making."""
    world = current_world()
    event = order(WEBHOOK)
    with world.moment() as now:
        if event.get("client_key") not in world.apps or "event" not in event:
            raise BadOrder("client_key and event are needed")
        sent = webhooks.announce(
            world, event["client_key"], event["event"], event.get("username"), event.get("content", {}), now
        )
        return compact({"webhooks": [delivery.as_dict() for delivery in sent]}, 201)


@blueprint.post("/webhooks/<int:delivery_id>/redeliver")
def redeliver_webhook(delivery_id: int) -> Response:
    """Deliver the same event once more, as a duplicate would arrive."""
    world = current_world()
    with world.moment() as now:
        delivery = world.mailbox.find(delivery_id)
        if delivery is None or delivery.url is None:
            raise BadOrder("no such delivery", 404)
        webhooks.hand_over(world, delivery, now, is_extra=True)
        return compact({}, 202)


@blueprint.post("/settle")
def settle() -> Response:
    """{timeout_seconds?}: wait, in real time, until no pull or webhook is due or on its way."""
    seconds = order(SETTLE).get("timeout_seconds", 10)
    return compact({"idle": current_world().courier.settle(seconds)})


@blueprint.post("/reset")
def reset() -> Response:
    """{name: value, …}: back to the seed and the knobs of the start, with such changes until the next reset."""
    world = current_world()
    changes = body()
    with world.lock:
        world.reset(changes)
        return compact(views.knobs_shown(world))
