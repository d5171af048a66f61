"""When TikTok is asked again what became of an attempt."""

from datetime import datetime, timedelta

from tiktok_api import clock
from tiktok_api.settings import Settings

_UNCONFIRMED_PAUSE = timedelta(hours=1)
_GIVE_UP_AFTER = 3  # times UNCONFIRMED_AFTER_SECONDS: 24 h and 72 h by default


def next_poll_at(age: timedelta, patience: timedelta, not_before: datetime, settings: Settings) -> datetime | None:
    """Returns when to ask again for an attempt whose last chunk left `age` ago; None: it is given up.

    5 s growing to 60 s, hourly once it is unconfirmed; whatever keeps us from asking, the moment at which it becomes
    unconfirmed is not missed.
    """
    now = clock.now()
    if age >= patience * _GIVE_UP_AFTER:
        return None
    if age >= patience:
        return max(now + _UNCONFIRMED_PAUSE, not_before)
    pause = poll_pause(age, settings.poll_min_seconds, settings.poll_max_seconds)
    return min(max(now + pause, not_before), now + patience - age)


def poll_pause(age: timedelta, shortest_seconds: float, longest_seconds: float) -> timedelta:
    """Returns how long to wait between two questions about what began `age` ago: a quarter of that, within bounds."""
    return timedelta(seconds=min(max(age.total_seconds() / 4, shortest_seconds), longest_seconds))
