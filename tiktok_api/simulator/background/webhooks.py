"""Webhooks: composed, signed, delivered, and retried for 72 hours of virtual time."""

import http.client
import json
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from tiktok_api.simulator.background.connections import open_connection
from tiktok_api.simulator.models.deliveries import WebhookDelivery
from tiktok_api.simulator.models.publications import SimulatedPublication
from tiktok_api.simulator.options.timestamps import iso
from tiktok_api.simulator.world.agenda import scheduled_event
from tiktok_api.simulator.world.ids import webhook_signature
from tiktok_api.simulator.world.json import written
from tiktok_api.simulator.world.world import World

TIMEOUT_SECONDS = 10.0
"""For a whole delivery, also if the receiver sends its answer slowly."""
LONGEST_OUTCOME = 200
SHORTEST_PAUSE_SECONDS = 1.0
"""Least pause before the first retry: without one, a receiver that is down would be called without end."""


def announce(
    world: World, client_key: str, event: str, username: str | None, content: dict[str, Any], now: float
) -> list[WebhookDelivery]:
    """Record an event for an app and schedule its deliveries; the options say how many, how late and in which order."""
    app = world.apps[client_key]
    body: dict[str, Any] = {"client_key": client_key, "event": event, "create_time": int(now)}
    if username is not None:
        body["user_openid"] = world.ids.open_id(client_key, username)
    body["content"] = json.dumps(content, separators=(",", ":"))
    raw = written(body).encode()
    copies = 1 + world.options.webhook_duplicates
    deliveries = [world.deliveries.add(client_key, app.webhook_url, event, raw, now) for _ in range(copies)]
    for delivery in deliveries:
        _schedule_delivery(world, delivery, now)
    return deliveries


def announce_publication(world: World, publication: SimulatedPublication, event: str, now: float, **more: Any) -> None:
    """Send the app an event about a publication."""
    content = {"publish_id": publication.publish_id, **more, "publish_type": publication.publish_type}
    announce(world, publication.client_key, f"post.publish.{event}", publication.username, content, now)


def _schedule_delivery(world: World, delivery: WebhookDelivery, now: float) -> None:
    if delivery.url is None:
        return
    window = world.options.webhook_reverse_seconds
    if window <= 0:
        world.schedule(now + world.options.webhook_late_seconds, deliver, delivery.id)
        return
    world.deliveries.held.append(delivery.id)
    if len(world.deliveries.held) == 1:
        world.schedule(now + window, release_held)


@scheduled_event
def release_held(world: World, now: float) -> None:
    """Deliver the events that were held back, newest first."""
    held, world.deliveries.held = world.deliveries.held, []
    for delivery_id in reversed(held):
        deliver(world, now, delivery_id)


@scheduled_event
def deliver(world: World, now: float, delivery_id: int) -> None:
    """Attempt a delivery that is due."""
    delivery = world.deliveries.find(delivery_id)
    if delivery is not None:
        send(world, delivery, now)


@scheduled_event
def deliver_late(world: World, now: float, delivery_id: int) -> None:
    """Attempt a delivery that a fault has delayed; it is the same call, so no second fault happens to it."""
    delivery = world.deliveries.find(delivery_id)
    if delivery is not None:
        send(world, delivery, now, may_fail=False)


def send(world: World, delivery: WebhookDelivery, due: float, *, is_extra: bool = False, may_fail: bool = True) -> None:
    """Attempt a delivery in the background, after the earlier ones to the same receiver; an extra one is not retried."""
    generation = world.generation
    world.background.post(_lane(delivery), lambda: _attempt(world, delivery, due, generation, is_extra, may_fail))


def _lane(delivery: WebhookDelivery) -> tuple[str, str, str]:
    """Returns the lane of a receiver, so that a slow receiver delays no other."""
    return "webhooks", delivery.client_key, delivery.url or ""


def _attempt(
    world: World, delivery: WebhookDelivery, due: float, generation: int, is_extra: bool, may_fail: bool
) -> None:
    """Send once. An answer other than 200 leads to a retry, counted from the moment at which this attempt was due."""
    with world.moment() as now:
        if world.generation != generation or delivery.url is None:
            return
        rule = world.faults.pick("webhook", None, delivery.client_key) if may_fail else None
        if rule is not None and rule.effect == "delay":
            world.schedule(due + rule.delay_seconds, deliver_late, delivery.id)
            return
        if rule is not None and rule.effect == "duplicate":
            send(world, delivery, due, is_extra=True)
        signature = delivery.first_signature
        if world.options.webhook_resign or not signature:
            signature = webhook_signature(world.apps[delivery.client_key].client_secret, int(now), delivery.body)
        delivery.first_signature = delivery.first_signature or signature
        may_use_http = world.options.allow_http
    if rule is not None and rule.effect in ("drop", "status"):
        outcome: int | str = rule.status if rule.effect == "status" else "dropped by mischief"
    else:
        outcome = _post(world, delivery, signature, may_use_http=may_use_http)
    with world.moment() as now:
        if world.generation == generation and not world.stopping.is_set():
            delivery.add_attempt(due_at=iso(due), sent_at=iso(now), signature=signature, outcome=outcome)
            _record_outcome(world, delivery, due, outcome, is_extra=is_extra)


def _record_outcome(world: World, delivery: WebhookDelivery, due: float, outcome: int | str, *, is_extra: bool) -> None:
    if outcome == http.HTTPStatus.OK:
        world.deliveries.end(delivery, "delivered")
        return
    if is_extra or delivery.state == "delivered":
        return
    deadline = delivery.created_at + world.options.webhook_give_up_seconds
    if due >= deadline:
        world.deliveries.end(delivery, "dropped")
        return
    first_pause = max(world.options.webhook_retry_seconds, SHORTEST_PAUSE_SECONDS)
    again = due + first_pause * 2.0 ** min(delivery.attempt_count - 1, 60)
    world.schedule(min(deadline, again), deliver, delivery.id)


def _post(world: World, delivery: WebhookDelivery, signature: str, *, may_use_http: bool) -> int | str:
    """POST to a callback URL. Returns the HTTP status, or the error as text."""
    try:
        parts = urlsplit(delivery.url or "")
        if parts.scheme != "https" and not may_use_http:
            return "callback URLs are https"
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        headers = {"Content-Type": "application/json", "User-Agent": "TikTok-Webhooks", "TikTok-Signature": signature}
        connection = open_connection(parts.scheme, parts.netloc, TIMEOUT_SECONDS)
        with world.background.connected(connection, _lane(delivery), TIMEOUT_SECONDS):
            connection.request("POST", target, delivery.body, headers)
            response = connection.getresponse()
            response.read(65_536)
            return response.status
    except (OSError, HTTPException, ValueError) as error:
        return f"{type(error).__name__}: {error}"[:LONGEST_OUTCOME]
