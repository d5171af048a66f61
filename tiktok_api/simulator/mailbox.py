"""Webhook events on their way to the apps: what was sent, when, and what came back."""

import itertools
from dataclasses import asdict, dataclass, field
from typing import Any

from tiktok_api.simulator.clock import iso


@dataclass
class Delivery:
    """One event for one callback URL, with every attempt to deliver it."""

    id: int
    client_key: str
    url: str | None
    event: str
    body: bytes
    created_at: float
    state: str = "pending"
    attempts: list[dict[str, Any]] = field(default_factory=list)
    first_signature: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The delivery as the control API shows it."""
        shown = asdict(self)
        shown["body"] = self.body.decode()
        shown["created_at"] = iso(self.created_at)
        return shown


class Mailbox:
    """All deliveries of a world, oldest first, and those held back to be delivered in another order."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self.held: list[Delivery] = []
        self._ids = itertools.count(1)

    def add(self, client_key: str, url: str | None, event: str, body: bytes, created_at: float) -> Delivery:
        """Note an event for an app; without a URL it stays here."""
        delivery = Delivery(next(self._ids), client_key, url, event, body, created_at)
        if url is None:
            delivery.state = "no_url"
        self.deliveries.append(delivery)
        return delivery

    def find(self, delivery_id: int) -> Delivery | None:
        """A delivery by its id."""
        return next((delivery for delivery in self.deliveries if delivery.id == delivery_id), None)
