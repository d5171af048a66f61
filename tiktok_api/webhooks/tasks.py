"""When events are acted upon."""

from datetime import timedelta

from tiktok_api.db import transaction
from tiktok_api.encryption import Sealer
from tiktok_api.jobs.registry import Ticket, task
from tiktok_api.settings import Settings
from tiktok_api.tiktok import TikTokClient
from tiktok_api.webhooks.incoming import handle, receive
from tiktok_api.webhooks.incoming.receive import ACT


@task(ACT)
def act(ticket: Ticket, *, tiktok: TikTokClient, sealer: Sealer) -> None:
    """Confirm one event with TikTok and let it have its effect."""
    if ticket.subject is not None:
        handle.act(ticket.subject, tiktok=tiktok, sealer=sealer)


def _daily(_settings: Settings) -> timedelta:
    return timedelta(days=1)


@task("webhooks.sweep", every=_daily)
def sweep_events(ticket: Ticket) -> None:
    """Forget events of long ago."""
    with transaction():
        receive.sweep()
