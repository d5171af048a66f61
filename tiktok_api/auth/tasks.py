"""When what has had its time is forgotten."""

from datetime import timedelta

from tiktok_api import clock
from tiktok_api.auth import api_keys, sessions
from tiktok_api.db import transaction
from tiktok_api.jobs.registry import Again, Ticket, task
from tiktok_api.settings import Settings


def _hourly(_settings: Settings) -> timedelta:
    return timedelta(hours=1)


@task("auth.sweep", every=_hourly)
def sweep_auth(ticket: Ticket, *, settings: Settings) -> Again:
    """Forget sessions that are over and API keys that have expired."""
    with transaction():
        sessions.sweep()
        api_keys.sweep()
    return Again(clock.now() + _hourly(settings))
