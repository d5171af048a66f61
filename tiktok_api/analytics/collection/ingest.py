"""Stores what TikTok says: profiles as they are read, and videos page by page.

A sync reads video/list from the newest video to the oldest. Each page is one transaction that stores its videos and the
position of the sync, so a crash costs one page. The last page of a whole list also stores the totals over all videos, in the same
transaction. Lock order: the account, then its sync, then its `DayZone`.
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, select, update

from tiktok_api import clock, events
from tiktok_api.accounts.models import Account
from tiktok_api.accounts.services import owner_for_jobs
from tiktok_api.analytics.collection import days, publications, totals
from tiktok_api.analytics.collection.listed_videos import YOUNG_FOR, store_listed
from tiktok_api.analytics.collection.rows import insert_once
from tiktok_api.analytics.collection.sync_position import PageToRead, lock_sync, not_before, stands_at
from tiktok_api.analytics.models import AccountReading, ReadingSource, SyncKind, Video, VideoSync
from tiktok_api.analytics.pictures.services import FETCH_PICTURES
from tiktok_api.db import db
from tiktok_api.jobs import queue
from tiktok_api.tiktok import UserInfo, VideoPage

SYNC_VIDEOS = "analytics.collect"

MOST_PAGES = 500
"""Of 20 videos each: the newest 10,000 are kept fresh; older ones keep the numbers they had."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST_CURSOR = 10**14  # in the year 5138: a larger number is no time
SAME_SYNC = timedelta(minutes=5)
"""A profile that was read so soon after a sync began requests no second sync."""


def request_video_sync(*, account: Account) -> None:
    """Enqueue a sync of the account's videos."""
    queue.enqueue(SYNC_VIDEOS, owner_id=account.owner_id, subject=account.id, due_at=clock.now())


def store_profile(*, account: Account, info: UserInfo, captured_at: datetime) -> None:
    """Store the counters of a profile that was read, and request a sync of the videos."""
    counters = {
        "followers": info.follower_count,
        "following": info.following_count,
        "likes": info.likes_count,
        "videos": info.video_count,
    }
    if any(value is not None for value in counters.values()):
        _store_reading(account.id, counters, captured_at)
    began = db.session.scalar(select(VideoSync.started_at).where(VideoSync.account_id == account.id))
    if began is None or abs(captured_at - began) > SAME_SYNC:
        request_video_sync(account=account)


def _store_reading(account_id: UUID, counters: dict[str, int | None], captured_at: datetime) -> None:
    before = db.session.scalar(
        select(AccountReading)
        .where(AccountReading.account_id == account_id, AccountReading.captured_at < captured_at)
        .order_by(AccountReading.captured_at.desc())
        .limit(1)
    )
    drops = {
        f"{name}_drops": (getattr(before, f"{name}_drops") if before else 0)
        + (value is not None and _is_lower(value, _last_known(before, name)))
        for name, value in counters.items()
    }
    reading = {"account_id": account_id, "captured_at": captured_at, "source": ReadingSource.USER_INFO}
    insert_once(AccountReading, reading | counters | drops)
    days.mark_last(AccountReading, account_id, captured_at)


def _last_known(reading: AccountReading | None, name: str) -> int | None:
    """What a reading, or else the last one before in which TikTok did not leave it out, had of a counter."""
    if reading is None or getattr(reading, name) is not None:
        return getattr(reading, name, None)
    counter = getattr(AccountReading, name)
    earlier = (AccountReading.account_id == reading.account_id, AccountReading.captured_at < reading.captured_at)
    known = select(counter).where(*earlier, counter.is_not(None)).order_by(AccountReading.captured_at.desc()).limit(1)
    value: int | None = db.session.scalar(known)
    return value


def _is_lower(value: int, before: int | None) -> bool:
    return before is not None and value < before


def store_page(page_to_read: PageToRead, page: VideoPage, captured_at: datetime) -> bool:
    """Store one page and the position of the sync. Returns True if the sync has ended or does not stand there any more.

    Where clocks were put back in between, the page is left and the sync begins again.
    """
    sync = lock_sync(page_to_read.account_id)
    if sync is None or not stands_at(sync, page_to_read):
        return True
    captured_at = not_before(captured_at, sync.moved_at)
    if captured_at < page_to_read.started_at:
        sync.is_running = False  # a clock was put back: by times, its videos would not be of this sync
        return False
    sync.moved_at = captured_at
    source = ReadingSource.BACKFILL if sync.kind is SyncKind.BACKFILL else ReadingSource.VIDEO_LIST
    store_listed(sync, page.videos, captured_at, source)
    sync.pages, sync.cursor = sync.pages + 1, page.cursor
    read_back_to = _read_back_to(page) if page.has_more else None
    if read_back_to is not None and not _is_far_enough(sync, page_to_read.started_at, read_back_to):
        return False
    is_whole = sync.kind is not SyncKind.YOUNG if read_back_to else not _is_cut(sync, page, page_to_read.started_at)
    if is_whole or read_back_to:
        _mark_gone(sync, page_to_read.started_at, read_back_to)
    if is_whole:
        totals.store_totals(
            sync.account_id,
            captured_at,
            started_at=page_to_read.started_at,
            read_back_to=read_back_to,
            source=source,
        )
        publications.link_unlinked(sync.account_id)
        sync.completed_at = captured_at
        sync.watched_since = sync.watched_since or page_to_read.started_at
    sync.is_running = False
    db.session.flush()
    events.announce("account.videos_listed", account_id=page_to_read.account_id)
    owner_id = owner_for_jobs(page_to_read.account_id)
    queue.enqueue(FETCH_PICTURES, owner_id=owner_id, subject=page_to_read.account_id, due_at=captured_at)
    return True


def _read_back_to(page: VideoPage) -> datetime | None:
    """Returns the time to which the list was read: what is newer was passed, listed or not. None: to the end.

    The later of what the cursor says and the last video: so a cursor that is no time passes nothing by.
    """
    if page.cursor is None:
        return None
    last = next((video.created_at for video in reversed(page.videos) if video.created_at), None)
    named = _EPOCH + timedelta(milliseconds=min(page.cursor, _LATEST_CURSOR))
    return named if last is None else max(named, last)


def _is_far_enough(sync: VideoSync, started_at: datetime, read_back_to: datetime) -> bool:
    """Whether a sync of this kind ends here, although TikTok has more."""
    is_past_young = sync.kind is SyncKind.YOUNG and read_back_to < started_at - YOUNG_FOR
    return is_past_young or (sync.kind is not SyncKind.BACKFILL and sync.pages >= MOST_PAGES)


def _is_cut(sync: VideoSync, page: VideoPage, started_at: datetime) -> bool:
    """Whether videos are missing: TikTok has more and names no way to it, or lists none where its profile counts some.

    If none is known, nothing is missing.
    """
    unseen = select(Video.id).where(*_unseen(sync, started_at)).limit(1)
    is_doubtful = page.is_cut or (not page.videos and _is_denied_by_profile(sync, started_at))
    return is_doubtful and db.session.scalar(unseen) is not None


def _is_denied_by_profile(sync: VideoSync, started_at: datetime) -> bool:
    """Whether the sync saw no video at all, although the profile counts some."""
    seen = select(Video.id).where(Video.account_id == sync.account_id, Video.seen_at >= started_at).limit(1)
    counted = db.session.scalar(select(Account.video_count).where(Account.id == sync.account_id))
    return bool(counted) and db.session.scalar(seen) is None


def _unseen(sync: VideoSync, started_at: datetime) -> tuple[ColumnElement[bool], ...]:
    return Video.account_id == sync.account_id, Video.seen_at < started_at, Video.gone_at.is_(None)


def _mark_gone(sync: VideoSync, started_at: datetime, read_back_to: datetime | None) -> None:
    """Mark videos that the sync passed and did not see: they are not public any more."""
    unseen = update(Video).where(*_unseen(sync, started_at))
    if read_back_to is not None:
        unseen = unseen.where(Video.posted_at > read_back_to)
    db.session.execute(unseen.values(gone_at=started_at).execution_options(synchronize_session=False))
