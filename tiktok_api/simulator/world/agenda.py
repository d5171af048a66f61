"""The agenda: what is still to happen, kept as names and arguments so that it can be saved and loaded."""

import heapq
import itertools
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tiktok_api.simulator.world.world import World

log = logging.getLogger(__name__)

Happening = Callable[..., None]
"""Called as `happening(world, moment, *arguments)`; the moment is in seconds since 1970 (UTC), the arguments are JSON."""

HAPPENINGS: dict[str, Happening] = {}


def happening(function: Happening) -> Happening:
    """Let a function be put on the agenda; it is found again under its own name."""
    HAPPENINGS[function.__name__] = function
    return function


class Agenda:
    """Entries in order of time and, within one moment, in the order in which they were added."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, str, tuple[Any, ...]]] = []
        self._numbers = itertools.count()

    def __len__(self) -> int:
        return len(self._heap)

    def at(self, moment: float, name: str, *arguments: Any) -> None:
        """Add an entry for a moment."""
        heapq.heappush(self._heap, (moment, next(self._numbers), name, arguments))

    def next_at(self) -> float | None:
        """When the next entry is due."""
        return self._heap[0][0] if self._heap else None

    def entries(self) -> list[tuple[float, str, tuple[Any, ...]]]:
        """All entries in their order."""
        return [
            (moment, name, arguments) for moment, _, name, arguments in sorted(self._heap, key=lambda each: each[:2])
        ]

    def run_until(self, world: "World", now: float) -> None:
        """Let everything due happen, each entry at its own moment, including what that adds.

        An entry that fails is logged, and the next one follows: one broken entry must not stop the world.
        """
        while self._heap and self._heap[0][0] <= now:
            moment, _, name, arguments = heapq.heappop(self._heap)
            try:
                HAPPENINGS[name](world, moment, *arguments)
            except Exception:
                log.exception("%s of %s failed", name, arguments)
