"""When events are handled, and when old ones are deleted."""

from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.db import transaction
from tiktok_api.jobs.lanes import Lane
from tiktok_api.jobs.registry import ClaimedJob, daily, task
from tiktok_api.webhooks.incoming import handle, receive
from tiktok_api.webhooks.incoming.receive import HANDLE_EVENT


@task(HANDLE_EVENT, lane=Lane.DELIVER)
def handle_event(job: ClaimedJob, *, vault: TokenVault) -> None:
    """Confirm one event with TikTok and apply it."""
    if job.subject is not None:
        handle.handle(job.subject, vault)


@task("webhooks.sweep", lane=Lane.SYNC, every=daily)
def delete_old_events(job: ClaimedJob) -> None:
    """Delete old events."""
    with transaction():
        receive.delete_old()
