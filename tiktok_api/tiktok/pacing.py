"""Rate limits per token: how often this process may send each kind of request.

Waits are short: when the budget is used up, TikTokBusy says when to try again, and the worker's thread is free for other
accounts. Other processes have their own budgets, so TikTok may still answer 429.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from tiktok_api.redaction import fingerprint
from tiktok_api.tiktok.errors import TikTokBusy

SWEEP_ABOVE = 4_096
INITS_A_MINUTE = 6
STATUS_CALLS_A_MINUTE = 30
"""What TikTok's pages of direct post, photo post, upload and status allow each user token; each kind of init counts alone."""


@dataclass(frozen=True, slots=True)
class Budget:
    """At most `count` requests in any `seconds`; waits up to `patience` seconds, else raises TikTokBusy.

    `name` keeps budgets with the same figures apart.
    """

    name: str
    count: int
    seconds: float
    patience: float = 0.0


class Pace(Enum):
    """Budgets per token. Those of the posting API are TikTok's own, per user token and minute.

    The narrower budgets of `accounts/rate_limits.py` hold for all processes together; these spare a process that has used
    up its own a refusal. Display endpoints are limited per app (600 a minute), but about 36 pages in a row have earned one
    user a 429, so they go at one a second.
    """

    USER_INFO = Budget("user_info", 3, 3.0, patience=3.0)
    VIDEO_LIST = Budget("video_list", 3, 3.0, patience=3.0)
    VIDEO_QUERY = Budget("video_query", 3, 3.0, patience=3.0)
    CREATOR_INFO = Budget("creator_info", 20, 60.0)
    VIDEO_INIT = Budget("video_init", INITS_A_MINUTE, 60.0)
    INBOX_INIT = Budget("inbox_init", INITS_A_MINUTE, 60.0)
    PHOTO_INIT = Budget("photo_init", INITS_A_MINUTE, 60.0)
    STATUS = Budget("status", STATUS_CALLS_A_MINUTE, 60.0)


class Pacer:
    """Counts the requests of each token in a moving window. Tokens are stored by fingerprint only."""

    def __init__(
        self, *, now: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._now = now
        self._sleep = sleep
        self._lock = threading.Lock()
        self._slots: dict[tuple[str, Pace], deque[float]] = {}

    def take(self, token: str, pace: Pace) -> None:
        """Take one request from the token's budget. Raises TikTokBusy, without taking it, if the wait is too long."""
        budget = pace.value
        with self._lock:
            now = self._now()
            slots = self._slots_of(fingerprint(token), pace, now)
            is_full = len(slots) == budget.count
            wait = max(0.0, slots[0] + budget.seconds - now) if is_full else 0.0
            if wait > budget.patience:
                raise TikTokBusy(f"{budget.name}: {budget.count} in {budget.seconds:g} s are used up", retry_after=wait)
            slots.append(now + wait)
        if wait:
            self._sleep(wait)

    def _slots_of(self, token: str, pace: Pace, now: float) -> deque[float]:
        if len(self._slots) > SWEEP_ABOVE:
            self._slots = {key: kept for key, kept in self._slots.items() if kept[-1] + key[1].value.seconds > now}
        return self._slots.setdefault((token, pace), deque(maxlen=pace.value.count))


class Unpaced(Pacer):
    """Limits nothing: for tests and for a simulator."""

    def take(self, token: str, pace: Pace) -> None:
        """Nothing to count."""
