"""Calls counted over a sliding minute of virtual time."""

from collections import deque

WINDOW_SECONDS = 60.0


class SlidingWindows:
    """How often each key called within the last minute."""

    def __init__(self) -> None:
        self._calls: dict[tuple[str, str], deque[float]] = {}

    def admit(self, rule: str, key: str, limit: int, now: float) -> bool:
        """Count a call and let it pass, or refuse it uncounted; a limit of 0 lets everything pass."""
        if limit <= 0:
            return True
        calls = self._calls.setdefault((rule, key), deque())
        while calls and not now - WINDOW_SECONDS < calls[0] <= now:
            calls.popleft()
        if len(calls) >= limit:
            return False
        calls.append(now)
        return True
