"""Calls counted over a sliding minute of virtual time."""

from collections import deque
from typing import Any

WINDOW_SECONDS = 60.0
SWEEP_AT = 256
"""At this many windows, those without a call in the last minute are dropped for the first time."""


class SlidingWindows:
    """The calls of each key within the last minute."""

    def __init__(self) -> None:
        self._calls: dict[tuple[str, str], deque[float]] = {}
        self._sweep_at = SWEEP_AT

    def __len__(self) -> int:
        return len(self._calls)

    def count(self, rule: str, key: str, limit: int, now: float) -> bool:
        """Count a call and return True, or return False at the limit; a refused call is not counted. 0 is no limit."""
        if limit <= 0:
            return True
        if len(self._calls) >= self._sweep_at:
            self._sweep(now)
        calls = self._calls.setdefault((rule, key), deque())
        while calls and not now - WINDOW_SECONDS < calls[0] <= now:
            calls.popleft()
        if len(calls) >= limit:
            return False
        calls.append(now)
        return True

    def saved(self) -> list[list[Any]]:
        """Returns all windows as JSON."""
        return [[*key, list(calls)] for key, calls in self._calls.items() if calls]

    def load(self, saved: list[list[Any]]) -> None:
        """Replace all windows by saved ones."""
        self._calls = {(rule, key): deque(map(float, calls)) for rule, key, calls in saved}

    def _sweep(self, now: float) -> None:
        """Drop the windows without a call in the last minute: keys are tokens, so their number grows without end."""
        self._calls = {
            key: calls for key, calls in self._calls.items() if calls and now - WINDOW_SECONDS < calls[-1] <= now
        }
        self._sweep_at = max(SWEEP_AT, 2 * len(self._calls))
