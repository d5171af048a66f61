"""The control API's operations on webhooks: show, send and repeat events."""

from flask import Blueprint, Response

from tiktok_api.simulator.api.envelopes import json_response
from tiktok_api.simulator.background import webhooks
from tiktok_api.simulator.control import views
from tiktok_api.simulator.control.parsing import InvalidCommand, checked_body
from tiktok_api.simulator.options.declarations import OptionType
from tiktok_api.simulator.world.world import current_world

blueprint = Blueprint("webhooks", __name__)

WEBHOOK = {
    "client_key": OptionType(kind="text", meaning="the app"),
    "event": OptionType(kind="text", meaning="its name", shortest=1, longest=200),
    "username": OptionType(kind="text", meaning="the creator whose open_id it carries", nullable=True, longest=64),
    "content": OptionType(kind="object", meaning="becomes a JSON text in the event"),
}


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
