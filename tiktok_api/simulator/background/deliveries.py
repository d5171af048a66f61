"""Webhook events on their way to the apps: what was sent, when, and what came back."""

from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any

from tiktok_api.simulator.world.clock import iso

MOST_KEPT = 10_000
"""Events kept; beyond that the oldest that have ended go."""
MOST_PENDING = 20_000
"""Events kept even if none has ended; beyond that the oldest go."""
MOST_ATTEMPTS_KEPT = 50


@dataclass
class Delivery:
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

    def note(self, **attempt: Any) -> None:
        """Add an attempt; the oldest of too many goes."""
        self.attempt_count += 1
        self.attempts.append(attempt)
        del self.attempts[:-MOST_ATTEMPTS_KEPT]

    def as_dict(self) -> dict[str, Any]:
        """The delivery as the control API shows it."""
        shown = asdict(self)
        shown["body"] = self.body.decode()
        shown["created_at"] = iso(self.created_at)
        return shown


class Mailbox:
    """The deliveries of a world, oldest first, and those held back to be delivered in another order."""

    def __init__(self) -> None:
        self.by_id: dict[int, Delivery] = {}
        self.held: list[int] = []
        self.last_id = 0
        self.ended: deque[int] = deque()

    @property
    def deliveries(self) -> list[Delivery]:
        """All deliveries that are kept, oldest first."""
        return list(self.by_id.values())

    def add(self, client_key: str, url: str | None, event: str, body: bytes, created_at: float) -> Delivery:
        """Note an event for an app; without a URL it stays here."""
        self.last_id += 1
        delivery = Delivery(self.last_id, client_key, url, event, body, created_at)
        self.by_id[delivery.id] = delivery
        if url is None:
            self.end(delivery, "no_url")
        self._forget_oldest()
        return delivery

    def end(self, delivery: Delivery, state: str) -> None:
        """Note that a delivery is delivered, dropped or without a URL."""
        if delivery.state == "pending":
            self.ended.append(delivery.id)
        delivery.state = state

    def find(self, delivery_id: int) -> Delivery | None:
        """A delivery by its id."""
        return self.by_id.get(delivery_id)

    def _forget_oldest(self) -> None:
        while len(self.by_id) > MOST_KEPT and self.ended:
            self.by_id.pop(self.ended.popleft(), None)
        while len(self.by_id) > MOST_PENDING:
            del self.by_id[next(iter(self.by_id))]
