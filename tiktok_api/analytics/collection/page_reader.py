"""One page of a sync: commit which it is, ask TikTok with no transaction open, commit what came back."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import structlog

from tiktok_api import clock
from tiktok_api.accounts.errors import AccountNeedsReconnection
from tiktok_api.accounts.rate_limits import AppCall
from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.analytics.collection import ingest, sync_position
from tiktok_api.analytics.collection.sync_position import BackfillRuns, PageToRead, SyncProgress
from tiktok_api.analytics.metrics import Reason
from tiktok_api.db import end_reading, transaction
from tiktok_api.errors import NotFound
from tiktok_api.tiktok import ScopeMissing, TikTokBusy, TikTokUnreachable

log = structlog.get_logger(__name__)

_RETRY = timedelta(seconds=60)
_WHILE_BACKFILLED = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class PageStored:
    """A page was stored; `is_over`: it was the last one for this driver."""

    videos: int
    is_over: bool


@dataclass(frozen=True, slots=True)
class Postponed:
    """TikTok, or another driver of the sync, asks for a pause."""

    pause: timedelta
    reason: str


@dataclass(frozen=True, slots=True)
class NothingToRead:
    """There is nothing to read for this driver; `reason`: why TikTok may not be asked, where that is so."""

    reason: str | None = None


Outcome = PageStored | Postponed | NothingToRead


def read_next(account_id: UUID, holder: str, vault: TokenVault) -> Outcome:
    """Read the next page of the account's sync as a worker's job."""
    with transaction():
        page_to_read = sync_position.next_page(account_id, holder)
    if isinstance(page_to_read, BackfillRuns):
        return Postponed(_WHILE_BACKFILLED, "a backfill reads the account")
    return _read(page_to_read, vault) if page_to_read else NothingToRead()


@dataclass(slots=True)
class Backfill:
    """Everything that TikTok lists of an account, read page by page until it is over."""

    account_id: UUID
    vault: TokenVault
    _since: datetime | None = None

    def read_next(self) -> Outcome:
        """Read the next page."""
        with transaction():
            page_to_read = sync_position.next_page_of_backfill(self.account_id, since=self._since)
        if page_to_read is None:
            return NothingToRead(None if self._since else Reason.SCOPE_MISSING)
        self._since = page_to_read.started_at
        outcome = _read(page_to_read, self.vault)
        if isinstance(outcome, PageStored) and outcome.is_over and self.progress().is_running:
            return PageStored(outcome.videos, is_over=False)  # another driver was faster with this page
        return outcome

    def progress(self) -> SyncProgress:
        """How far it came."""
        found = sync_position.progress_of(self.account_id)
        end_reading()
        return found


def _read(page_to_read: PageToRead, vault: TokenVault) -> Outcome:
    account_id = page_to_read.account_id
    try:
        list_page = partial(vault.tiktok.list_videos, cursor=page_to_read.cursor)
        page = vault.read(account_id, AppCall.VIDEO_LIST, list_page)
    except (TikTokBusy, TikTokUnreachable) as error:
        log.info("videos.postponed", account=str(account_id), error=str(error))
        asked = getattr(error, "retry_after", None)
        return Postponed(_RETRY if asked is None else timedelta(seconds=asked), str(error))
    except (AccountNeedsReconnection, NotFound, ScopeMissing) as refusal:
        is_missing = isinstance(refusal, ScopeMissing)
        with transaction():
            sync_position.abandon(page_to_read, Reason.SCOPE_MISSING if is_missing else None)
        return NothingToRead(Reason.SCOPE_MISSING if is_missing else str(refusal))
    with transaction():
        is_over = ingest.store_page(page_to_read, page, clock.now())
    return PageStored(len(page.videos), is_over)
