"""When events are acted upon."""

from datetime import timedelta

from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.db import transaction
from tiktok_api.jobs.registry import ClaimedJob, task
from tiktok_api.settings import Settings
from tiktok_api.webhooks.incoming import handle, receive
from tiktok_api.webhooks.incoming.receive import ACT


@task(ACT)
def act(job: ClaimedJob, *, vault: TokenVault) -> None:
    """Confirm one event with TikTok and let it have its effect."""
    if job.subject is not None:
        handle.act(job.subject, vault)


def _daily(_settings: Settings) -> timedelta:
    return timedelta(days=1)


@task("webhooks.sweep", every=_daily)
def sweep_events(job: ClaimedJob) -> None:
    """Forget events of long ago."""
    with transaction():
        receive.sweep()
