"""Webhooks: composed, signed, delivered, and tried again for 72 hours of virtual time."""

import http.client
import json
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tiktok_api.simulator.api.json import written
from tiktok_api.simulator.background.connections import connect
from tiktok_api.simulator.background.deliveries import Delivery
from tiktok_api.simulator.world.agenda import happening
from tiktok_api.simulator.world.clock import iso
from tiktok_api.simulator.world.ids import webhook_signature
from tiktok_api.simulator.world.models import Publication

if TYPE_CHECKING:
    from tiktok_api.simulator.world.world import World

TIMEOUT_SECONDS = 10.0
"""For a whole delivery, however slowly the receiver answers."""
LONGEST_OUTCOME = 200
SHORTEST_PAUSE_SECONDS = 1.0
"""Before the first retry, whatever the knob says: without any, a receiver that is down would be called for ever."""


def announce(
    world: "World", client_key: str, event: str, username: str | None, content: dict[str, Any], now: float
) -> list[Delivery]:
    """Note an event for an app and send it on its way, as often, as late and in the order that the knobs say."""
    app = world.apps[client_key]
    body: dict[str, Any] = {"client_key": client_key, "event": event, "create_time": int(now)}
    if username is not None:
        body["user_openid"] = world.mint.open_id(client_key, username)
    body["content"] = json.dumps(content, separators=(",", ":"))
    raw = written(body).encode()
    copies = 1 + world.knobs.webhook_duplicates
    deliveries = [world.mailbox.add(client_key, app.webhook_url, event, raw, now) for _ in range(copies)]
    for delivery in deliveries:
        _dispatch(world, delivery, now)
    return deliveries


def announce_publication(world: "World", publication: Publication, event: str, now: float, **more: Any) -> None:
    """Tell the app what became of a publication."""
    content = {"publish_id": publication.publish_id, **more, "publish_type": publication.publish_type}
    announce(world, publication.client_key, f"post.publish.{event}", publication.username, content, now)


def _dispatch(world: "World", delivery: Delivery, now: float) -> None:
    if delivery.url is None:
        return
    window = world.knobs.webhook_reverse_seconds
    if window <= 0:
        world.schedule(now + world.knobs.webhook_late_seconds, deliver, delivery.id)
        return
    world.mailbox.held.append(delivery.id)
    if len(world.mailbox.held) == 1:
        world.schedule(now + window, release_held)


@happening
def release_held(world: "World", now: float) -> None:
    """Deliver what was held back, newest first."""
    held, world.mailbox.held = world.mailbox.held, []
    for delivery_id in reversed(held):
        deliver(world, now, delivery_id)


@happening
def deliver(world: "World", now: float, delivery_id: int) -> None:
    """A delivery is due."""
    delivery = world.mailbox.find(delivery_id)
    if delivery is not None:
        hand_over(world, delivery, now)


@happening
def deliver_late(world: "World", now: float, delivery_id: int) -> None:
    """A delivery that mischief has held up is due; it is the same call, so it is held up once."""
    delivery = world.mailbox.find(delivery_id)
    if delivery is not None:
        hand_over(world, delivery, now, may_meddle=False)


def hand_over(
    world: "World", delivery: Delivery, due: float, *, is_extra: bool = False, may_meddle: bool = True
) -> None:
    """Let a delivery be attempted, after those handed over before it to the same receiver.

    An extra attempt is not tried again.
    """
    generation = world.generation
    world.courier.post(_lane(delivery), lambda: _attempt(world, delivery, due, generation, is_extra, may_meddle))


def _lane(delivery: Delivery) -> tuple[str, str, str]:
    """Each receiver has a queue of its own, so that a slow one delays no other."""
    return "webhooks", delivery.client_key, delivery.url or ""


def _attempt(world: "World", delivery: Delivery, due: float, generation: int, is_extra: bool, may_meddle: bool) -> None:
    """Try to deliver once; what is not answered 200 is tried again later, counted from when it was due."""
    with world.moment() as now:
        if world.generation != generation or delivery.url is None:
            return
        rule = world.mischief.pick("webhook", None, delivery.client_key) if may_meddle else None
        if rule is not None and rule.effect == "delay":
            world.schedule(due + rule.delay_seconds, deliver_late, delivery.id)
            return
        if rule is not None and rule.effect == "duplicate":
            hand_over(world, delivery, due, is_extra=True)
        signature = delivery.first_signature
        if world.knobs.webhook_resign or not signature:
            signature = webhook_signature(world.apps[delivery.client_key].client_secret, int(now), delivery.body)
        delivery.first_signature = delivery.first_signature or signature
        may_use_http = world.knobs.allow_http
    if rule is not None and rule.effect in ("drop", "status"):
        outcome: int | str = rule.status if rule.effect == "status" else "dropped by mischief"
    else:
        outcome = _send(world, delivery, signature, may_use_http=may_use_http)
    with world.moment() as now:
        if world.generation == generation and not world.stopping.is_set():
            delivery.note(due_at=iso(due), sent_at=iso(now), signature=signature, outcome=outcome)
            _conclude(world, delivery, due, outcome, is_extra=is_extra)


def _conclude(world: "World", delivery: Delivery, due: float, outcome: int | str, *, is_extra: bool) -> None:
    if outcome == http.HTTPStatus.OK:
        world.mailbox.end(delivery, "delivered")
        return
    if is_extra or delivery.state == "delivered":
        return
    deadline = delivery.created_at + world.knobs.webhook_give_up_seconds
    if due >= deadline:
        world.mailbox.end(delivery, "dropped")
        return
    first_pause = max(world.knobs.webhook_retry_seconds, SHORTEST_PAUSE_SECONDS)
    again = due + first_pause * 2.0 ** min(delivery.attempt_count - 1, 60)
    world.schedule(min(deadline, again), deliver, delivery.id)


def _send(world: "World", delivery: Delivery, signature: str, *, may_use_http: bool) -> int | str:
    """POST to a callback URL. Returns the status, or why there is none."""
    try:
        parts = urlsplit(delivery.url or "")
        if parts.scheme != "https" and not may_use_http:
            return "callback URLs are https"
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        headers = {"Content-Type": "application/json", "User-Agent": "TikTok-Webhooks", "TikTok-Signature": signature}
        line = connect(parts.scheme, parts.netloc, TIMEOUT_SECONDS)
        with world.courier.connected(line, _lane(delivery), TIMEOUT_SECONDS) as connection:
            connection.request("POST", target, delivery.body, headers)
            response = connection.getresponse()
            response.read(65_536)
            return response.status
    except (OSError, HTTPException, ValueError) as error:
        return f"{type(error).__name__}: {error}"[:LONGEST_OUTCOME]
