"""Webhook events for the apps: what was sent, when, and what the receiver answered."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

MOST_KEPT = 10_000
"""Events that are kept; beyond that the oldest finished ones are forgotten."""
MOST_PENDING = 20_000
"""Events that are kept even if none is finished; beyond that the oldest are forgotten."""
MOST_ATTEMPTS_KEPT = 50


@dataclass
class WebhookDelivery:
    """One event for one callback URL, with the last attempts to deliver it."""

    id: int
    client_key: str
    url: str | None
    event: str
    body: bytes
    created_at: float
    state: str = "pending"
    attempts: list[dict[str, Any]] = field(default_factory=list)
    attempt_count: int = 0
    first_signature: str = ""

    def add_attempt(self, **attempt: Any) -> None:
        """Add an attempt, and forget the oldest ones beyond MOST_ATTEMPTS_KEPT."""
        self.attempt_count += 1
        self.attempts.append(attempt)
        del self.attempts[:-MOST_ATTEMPTS_KEPT]


class DeliveryLog:
    """The deliveries of a world, oldest first, and those that are held back to be sent in reverse order."""

    def __init__(self) -> None:
        self.by_id: dict[int, WebhookDelivery] = {}
        self.held: list[int] = []
        self.last_id = 0
        self.ended: deque[int] = deque()

    @property
    def all(self) -> list[WebhookDelivery]:
        """All deliveries that are kept, oldest first."""
        return list(self.by_id.values())

    def add(self, client_key: str, url: str | None, event: str, body: bytes, created_at: float) -> WebhookDelivery:
        """Add an event for an app; without a callback URL it is never sent."""
        self.last_id += 1
        delivery = WebhookDelivery(self.last_id, client_key, url, event, body, created_at)
        self.by_id[delivery.id] = delivery
        if url is None:
            self.end(delivery, "no_url")
        self._forget_oldest()
        return delivery

    def end(self, delivery: WebhookDelivery, state: str) -> None:
        """Mark a delivery as `delivered`, `dropped` or `no_url`."""
        if delivery.state == "pending":
            self.ended.append(delivery.id)
        delivery.state = state

    def find(self, delivery_id: int) -> WebhookDelivery | None:
        """Returns a delivery by its id, or None if it was forgotten."""
        return self.by_id.get(delivery_id)

    def _forget_oldest(self) -> None:
        while len(self.by_id) > MOST_KEPT and self.ended:
            self.by_id.pop(self.ended.popleft(), None)
        while len(self.by_id) > MOST_PENDING:
            del self.by_id[next(iter(self.by_id))]
