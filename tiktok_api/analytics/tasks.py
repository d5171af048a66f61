"""When videos are read: page by page at TikTok's pace, letting other accounts in now and then."""

from datetime import timedelta
from functools import partial

import structlog

from tiktok_api import clock
from tiktok_api.accounts.errors import AccountNeedsReconnection
from tiktok_api.accounts.rate_limits import AppCall
from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.analytics import ingest
from tiktok_api.analytics.ingest import SYNC_VIDEOS
from tiktok_api.analytics.metrics import Reason
from tiktok_api.db import transaction
from tiktok_api.errors import NotFound
from tiktok_api.jobs.lanes import Lane
from tiktok_api.jobs.registry import ClaimedJob, RunAgain, task
from tiktok_api.tiktok import ScopeMissing, TikTokBusy, TikTokUnreachable

log = structlog.get_logger(__name__)

PAGES_AT_ONCE = 10
"""So many pages keep a worker busy for about ten seconds; then other accounts have their turn."""
RETRY_SECONDS = 60.0


@task(SYNC_VIDEOS, lane=Lane.SYNC)
def sync_videos(job: ClaimedJob, *, vault: TokenVault) -> RunAgain | None:
    """Read an account's list of videos, newest first, and store their numbers."""
    if job.subject is None:
        return None
    holder = f"{job.id}/{job.epoch}"
    for _ in range(PAGES_AT_ONCE):
        with transaction():
            page_to_read = ingest.next_page(job.subject, holder)
        if page_to_read is None:
            return None
        try:
            list_page = partial(vault.tiktok.list_videos, cursor=page_to_read.cursor)
            page = vault.read(page_to_read.account_id, AppCall.VIDEO_LIST, list_page)
        except (TikTokBusy, TikTokUnreachable) as error:
            log.info("videos.postponed", account=str(job.subject), error=str(error))
            return RunAgain(clock.now() + timedelta(seconds=getattr(error, "retry_after", RETRY_SECONDS)))
        except (AccountNeedsReconnection, NotFound, ScopeMissing) as refusal:
            with transaction():
                ingest.abandon(page_to_read, Reason.SCOPE_MISSING if isinstance(refusal, ScopeMissing) else None)
            return None
        with transaction():
            is_over = ingest.store_page(page_to_read, page, clock.now())
        if is_over:
            return None
    return RunAgain(clock.now())
