"""When events are acted upon."""

from tiktok_api.jobs.registry import Ticket, task
from tiktok_api.sealing import Sealer
from tiktok_api.tiktok import TikTokClient
from tiktok_api.webhooks import acting
from tiktok_api.webhooks.receiving import ACT


@task(ACT)
def act(ticket: Ticket, *, tiktok: TikTokClient, sealer: Sealer) -> None:
    """Confirm one event with TikTok and let it have its effect."""
    if ticket.subject is not None:
        acting.act(ticket.subject, tiktok=tiktok, sealer=sealer)
