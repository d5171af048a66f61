"""The agenda: events that are due in the future, kept as names and arguments so that they can be saved and loaded."""

import heapq
import itertools
import logging
from collections.abc import Callable
from typing import Any

log = logging.getLogger(__name__)

ScheduledEvent = Callable[..., None]
"""Called as `event(world, moment, *arguments)`; the moment is in seconds since 1970 (UTC), the arguments are JSON."""

SCHEDULED_EVENTS: dict[str, ScheduledEvent] = {}


def scheduled_event(function: ScheduledEvent) -> ScheduledEvent:
    """Register a function under its name, so that it can be put on an agenda; state files contain these names."""
    SCHEDULED_EVENTS[function.__name__] = function
    return function


class Agenda:
    """Events in order of time and, within one moment, in the order in which they were added."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, str, tuple[Any, ...]]] = []
        self._numbers = itertools.count()

    def __len__(self) -> int:
        return len(self._heap)

    def add(self, moment: float, name: str, *arguments: Any) -> None:
        """Add an event for a moment."""
        heapq.heappush(self._heap, (moment, next(self._numbers), name, arguments))

    def next_at(self) -> float | None:
        """Returns the moment of the next event, or None."""
        return self._heap[0][0] if self._heap else None

    def entries(self) -> list[tuple[float, str, tuple[Any, ...]]]:
        """Returns moment, name and arguments of all events, in their order."""
        return [
            (moment, name, arguments) for moment, _, name, arguments in sorted(self._heap, key=lambda each: each[:2])
        ]

    def run_until(self, world: object, now: float) -> None:
        """Run every event that is due, at its own moment, including those that are added meanwhile.

        An event that raises is logged, and the next one runs: one broken event must not stop the world.
        """
        while self._heap and self._heap[0][0] <= now:
            moment, _, name, arguments = heapq.heappop(self._heap)
            try:
                SCHEDULED_EVENTS[name](world, moment, *arguments)
            except Exception:
                log.exception("%s of %s failed", name, arguments)
