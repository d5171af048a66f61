"""How far the sync of an account's videos came: beginning it, resuming it, and who may store the next page."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from tiktok_api import clock
from tiktok_api.accounts.models import VIDEO_LIST_SCOPE, Account
from tiktok_api.analytics.collection.rows import insert_once
from tiktok_api.analytics.metrics import Reason
from tiktok_api.analytics.models import SyncKind, Video, VideoSync
from tiktok_api.db import db

WHOLE_AFTER = timedelta(hours=20)
"""So long after a whole list the next one is read. With an hour between two syncs, even a local day of 23 hours gets one."""
STALE_AFTER = timedelta(hours=1)
"""A sync that was interrupted for longer begins again: its totals would mix numbers of very different times."""
BACKFILL_STALE_AFTER = timedelta(days=1)
"""A backfill reads for longer than others are kept, and goes on the next day."""
BACKFILL_SILENT_AFTER = timedelta(minutes=10)
"""A backfill without a sign of life for so long is dead, and a worker reads what it has left."""
BACKFILL_HOLDER = "backfill"
"""All backfills share it: two at once take turns, since a page is stored only where the sync still stands."""
_CLOCKS_APART = timedelta(minutes=2)
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class PageToRead:
    """The next page of a sync; `holder` is the claimed job that reads it, or BACKFILL_HOLDER."""

    account_id: UUID
    holder: str
    started_at: datetime
    cursor: int | None


@dataclass(frozen=True, slots=True)
class BackfillRuns:
    """A backfill reads the account, so a sync of its own would be in the way."""


def next_page(account_id: UUID, holder: str) -> PageToRead | BackfillRuns | None:
    """Resume the account's sync, or begin one. Returns None if its videos may not be read (any longer)."""
    sync = lock_sync(account_id)
    if sync is None:
        return None
    now = clock.now()
    if not _goes_on(sync, now):
        _begin(sync, _kind_now(sync, now), now)
    elif sync.holder == BACKFILL_HOLDER and sync.moved_at and now - sync.moved_at < BACKFILL_SILENT_AFTER:
        return BackfillRuns()
    return _page_for(sync, holder)


def next_page_of_backfill(account_id: UUID, *, since: datetime | None) -> PageToRead | None:
    """Resume the account's sync without its bounds, or begin one; `since` is when this backfill began.

    Returns None if its videos may not be read (any longer), or if another driver has read its last page.
    """
    sync = lock_sync(account_id)
    if sync is None:
        return None
    now = clock.now()
    if _goes_on(sync, now):
        sync.kind = SyncKind.BACKFILL
    elif since is not None and sync.completed_at is not None and sync.completed_at >= since:
        return None
    else:
        _begin(sync, SyncKind.BACKFILL, now)
    sync.moved_at = not_before(now, sync.moved_at)
    return _page_for(sync, BACKFILL_HOLDER)


def _goes_on(sync: VideoSync, now: datetime) -> bool:
    if not sync.is_running or sync.moved_at is None:
        return False
    longest = BACKFILL_STALE_AFTER if sync.kind is SyncKind.BACKFILL else STALE_AFTER
    return -_CLOCKS_APART <= now - sync.moved_at <= longest


def _kind_now(sync: VideoSync, now: datetime) -> SyncKind:
    whole_at = sync.completed_at
    asked_at = db.session.scalar(select(Account.sync_requested_at).where(Account.id == sync.account_id))
    is_known = whole_at is not None and -_CLOCKS_APART <= now - whole_at < WHOLE_AFTER  # not if a clock was ahead
    if whole_at is None or not is_known or (asked_at is not None and asked_at > whole_at):
        return SyncKind.FULL
    return SyncKind.YOUNG


def _begin(sync: VideoSync, kind: SyncKind, now: datetime) -> None:
    after = None if sync.moved_at is None else sync.moved_at + _INSTANT  # no reading belongs to two syncs
    sync.started_at = sync.moved_at = not_before(now, after)
    sync.kind, sync.cursor, sync.pages, sync.is_running = kind, None, 0, True


def not_before(now: datetime, earliest: datetime | None) -> datetime:
    """The time for what is stored next: clocks of two machines differ a little, and readings must keep their order."""
    return earliest if earliest is not None and now < earliest <= now + _CLOCKS_APART else now


def _page_for(sync: VideoSync, holder: str) -> PageToRead:
    sync.holder, sync.skip_reason = holder, None
    return PageToRead(sync.account_id, holder, sync.started_at or clock.now(), sync.cursor)


def lock_sync(account_id: UUID) -> VideoSync | None:
    """Lock the account's sync. Returns None if the account is gone or has not granted the scope."""
    query = select(Account.scopes).where(Account.id == account_id)
    scopes = db.session.scalar(query.with_for_update(read=True, key_share=True))
    if scopes is None:
        return None
    insert_once(
        VideoSync,
        {"account_id": account_id, "holder": "", "kind": SyncKind.FULL, "pages": 0, "is_running": False},
    )
    sync = db.session.scalars(
        select(VideoSync)
        .where(VideoSync.account_id == account_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if VIDEO_LIST_SCOPE not in scopes:
        sync.is_running, sync.skip_reason = False, Reason.SCOPE_MISSING
        return None
    return sync


@dataclass(frozen=True, slots=True)
class SyncProgress:
    """How far the account's sync came; `expected` is how many videos its profile counts."""

    is_running: bool
    pages: int
    videos: int
    expected: int | None


def progress_of(account_id: UUID) -> SyncProgress:
    """How far the account's sync came."""
    seen = select(func.count()).where(Video.account_id == account_id, Video.seen_at >= VideoSync.started_at)
    query = select(
        VideoSync.is_running, VideoSync.pages, seen.correlate(VideoSync).scalar_subquery(), Account.video_count
    )
    row = db.session.execute(
        query.join(Account, Account.id == VideoSync.account_id).where(VideoSync.account_id == account_id)
    ).one_or_none()
    return SyncProgress(*row) if row else SyncProgress(False, 0, 0, None)


def abandon(page_to_read: PageToRead, because: Reason | None = None) -> None:
    """End a sync that TikTok refuses to continue."""
    sync = lock_sync(page_to_read.account_id)
    if sync is not None and sync.holder == page_to_read.holder:
        sync.is_running, sync.skip_reason = False, because


def stands_at(sync: VideoSync, page_to_read: PageToRead) -> bool:
    """Whether the page is the sync's next one still, and no other worker has taken the sync over."""
    position = (page_to_read.holder, page_to_read.started_at, page_to_read.cursor)
    return sync.is_running and (sync.holder, sync.started_at, sync.cursor) == position
