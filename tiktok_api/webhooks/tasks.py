"""When events are handled, and when old ones are deleted."""

from datetime import timedelta

from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.db import transaction
from tiktok_api.jobs.registry import ClaimedJob, task
from tiktok_api.settings import Settings
from tiktok_api.webhooks.incoming import handle, receive
from tiktok_api.webhooks.incoming.receive import HANDLE_EVENT


@task(HANDLE_EVENT)
def handle_event(job: ClaimedJob, *, vault: TokenVault) -> None:
    """Confirm one event with TikTok and apply it."""
    if job.subject is not None:
        handle.handle(job.subject, vault)


def _daily(_settings: Settings) -> timedelta:
    return timedelta(days=1)


@task("webhooks.sweep", every=_daily)
def delete_old_events(job: ClaimedJob) -> None:
    """Delete old events."""
    with transaction():
        receive.delete_old()
