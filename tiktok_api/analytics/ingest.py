"""Stores what TikTok says: profiles as they are read, and videos page by page.

A sync reads video/list from the newest video to the oldest. Each page is one transaction that stores its videos and the
position of the sync, so a crash costs one page. The last page also stores the totals over all videos, in the same
transaction. Lock order: the account, then its sync.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update

from tiktok_api import clock, events
from tiktok_api.accounts.models import VIDEO_LIST_SCOPE, Account
from tiktok_api.accounts.services import owner_for_jobs
from tiktok_api.analytics import days, video_arrays
from tiktok_api.analytics.metrics import PROFILE_METRICS, VIDEO_COUNTERS, Reason
from tiktok_api.analytics.models import AccountReading, AccountTotals, Video, VideoReading, VideoSync, VideoTotals
from tiktok_api.analytics.pictures.services import FETCH_PICTURES, identity_of
from tiktok_api.db import Model, db, insert_into, new_id
from tiktok_api.jobs import queue
from tiktok_api.tiktok import TikTokVideo, UserInfo, VideoPage

SYNC_VIDEOS = "analytics.collect"

MOST_PAGES = 500
"""Of 20 videos each: the newest 10,000 are kept fresh; older ones keep the numbers they had."""
STALE_AFTER = timedelta(hours=1)
"""A sync that was interrupted for longer begins again: its totals would mix numbers of very different times."""
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
    if began is None or captured_at - began > SAME_SYNC:
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
        + _is_lower(counters[name], getattr(before, name, None))
        for name in PROFILE_METRICS
    }
    _insert_once(AccountReading, {"account_id": account_id, "captured_at": captured_at, **counters, **drops})
    days.mark_last(AccountReading, account_id, captured_at)


def _is_lower(value: int | None, before: int | None) -> bool:
    return value is not None and before is not None and value < before


def _insert_once(model: type[Model], *rows: dict[str, Any]) -> None:
    """Insert rows that are not there yet: storing a reading twice has no effect."""
    now = clock.now()
    whole = [{"id": new_id(), "created_at": now, **row} for row in rows]
    if whole:
        db.session.execute(insert_into(model).on_conflict_do_nothing(), whole)


@dataclass(frozen=True, slots=True)
class PageToRead:
    """The next page of a sync; `holder` is the claimed job that reads it."""

    account_id: UUID
    holder: str
    started_at: datetime
    cursor: int | None


def next_page(account_id: UUID, holder: str) -> PageToRead | None:
    """Resume the account's sync, or begin one. Returns None if its videos may not be read (any longer)."""
    sync = _lock_sync(account_id)
    if sync is None:
        return None
    now = clock.now()
    if not sync.is_running or sync.started_at is None or now - sync.started_at > STALE_AFTER:
        sync.started_at, sync.cursor, sync.pages, sync.is_running = now, None, 0, True
    sync.holder, sync.skip_reason = holder, None
    return PageToRead(account_id, holder, sync.started_at, sync.cursor)


def _lock_sync(account_id: UUID) -> VideoSync | None:
    """Lock the account's sync. Returns None if the account is gone or has not granted the scope."""
    query = select(Account.scopes).where(Account.id == account_id)
    scopes = db.session.scalar(query.with_for_update(read=True, key_share=True))
    if scopes is None:
        return None
    _insert_once(VideoSync, {"account_id": account_id, "holder": "", "pages": 0, "is_running": False})
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


def abandon(page_to_read: PageToRead, because: Reason | None = None) -> None:
    """End a sync that TikTok refuses to continue."""
    sync = _lock_sync(page_to_read.account_id)
    if sync is not None and sync.holder == page_to_read.holder:
        sync.is_running, sync.skip_reason = False, because


def store_page(page_to_read: PageToRead, page: VideoPage, captured_at: datetime) -> bool:
    """Store one page and the position of the sync. Returns True if the sync has ended or another job holds it."""
    sync = _lock_sync(page_to_read.account_id)
    if sync is None or (sync.holder, sync.started_at, sync.cursor) != (
        page_to_read.holder,
        page_to_read.started_at,
        page_to_read.cursor,
    ):
        return True
    _store_videos(sync, page.videos, captured_at)
    sync.pages += 1
    sync.cursor = page.cursor
    is_at_end = not page.has_more or page.cursor is None
    if not is_at_end and sync.pages < MOST_PAGES:
        return False
    _mark_gone(sync, page_to_read.started_at, None if is_at_end else page.cursor)
    _store_totals(page_to_read.account_id, page_to_read.started_at, captured_at)
    sync.is_running, sync.completed_at = False, captured_at
    sync.watched_since = sync.watched_since or page_to_read.started_at
    db.session.flush()
    events.announce("account.videos_listed", account_id=page_to_read.account_id)
    owner_id = owner_for_jobs(page_to_read.account_id)
    queue.enqueue(FETCH_PICTURES, owner_id=owner_id, subject=page_to_read.account_id, due_at=captured_at)
    return True


def _store_videos(sync: VideoSync, listed: tuple[TikTokVideo, ...], captured_at: datetime) -> None:
    ids = [each.id for each in listed]
    known = {
        video.video_id: video
        for video in db.session.scalars(
            select(Video).where(Video.account_id == sync.account_id, Video.video_id.in_(ids))
        )
    }
    readings = []
    last = select(func.max(Video.position)).where(Video.account_id == sync.account_id)
    free = count(0 if (taken := db.session.scalar(last)) is None else taken + 1)
    for each in listed:
        video = known.get(each.id)
        if video is None:
            place = {"account_id": sync.account_id, "position": next(free)}
            video = Video(id=new_id(), **place, video_id=each.id, listed_at=captured_at)
            known[each.id] = video
            db.session.add(video)
        _store_description(video, each, captured_at)
        is_restated = _store_counts(video, each, captured_at, watched_since=sync.watched_since)
        readings.append(
            {"video_id": video.id, "captured_at": captured_at, "is_restated": is_restated, **_numbers(each)}
        )
    db.session.flush()
    _insert_once(VideoReading, *readings)


def _numbers(listed: TikTokVideo) -> dict[str, int | None]:
    return {
        "views": listed.view_count,
        "likes": listed.like_count,
        "comments": listed.comment_count,
        "shares": listed.share_count,
    }


def _store_description(video: Video, listed: TikTokVideo, captured_at: datetime) -> None:
    """Store everything about a video but its numbers; what TikTok leaves out stays as it was."""
    video.posted_at = listed.created_at or video.posted_at
    video.listed_at = video.posted_at or video.listed_at
    video.title = listed.title if listed.title is not None else video.title
    video.description = listed.video_description if listed.video_description is not None else video.description
    video.share_url = listed.share_url or video.share_url
    video.cover_url = listed.cover_image_url or video.cover_url
    is_named = listed.cover_image_url is not None
    video.is_cover_due = is_named and identity_of(str(listed.cover_image_url)) != video.cover_source
    video.duration_seconds = listed.duration_seconds or video.duration_seconds
    video.seen_at, video.gone_at = captured_at, None


def _store_counts(video: Video, listed: TikTokVideo, captured_at: datetime, *, watched_since: datetime | None) -> bool:
    """Store the four counters if TikTok sent all of them, so that rates divide like by like. Returns True if one was lowered."""
    numbers = {name: value for name, value in _numbers(listed).items() if value is not None}
    if len(numbers) < len(VIDEO_COUNTERS):
        return False
    is_new = video.captured_at is None
    is_ours = watched_since is not None and video.posted_at is not None and video.posted_at >= watched_since
    lowered = [name for name, value in numbers.items() if not is_new and value < getattr(video, name)]
    for name, value in numbers.items():
        setattr(video, name, value)
        if is_new:
            setattr(video, f"first_{name}", 0 if is_ours else value)
    for name in lowered:
        setattr(video, f"{name}_drops", getattr(video, f"{name}_drops") + 1)
    video.captured_at = captured_at
    video.is_restated = bool(video.is_restated or lowered)
    return bool(lowered)


def _mark_gone(sync: VideoSync, started_at: datetime, cursor: int | None) -> None:
    """Mark videos that the sync passed and did not see: they are not public any more.

    `cursor` (ms) is how far the sync came; None: to the end.
    """
    unseen = update(Video).where(
        Video.account_id == sync.account_id, Video.seen_at < started_at, Video.gone_at.is_(None)
    )
    if cursor is not None:
        unseen = unseen.where(Video.listed_at >= datetime.fromtimestamp(cursor / 1000, UTC))
    db.session.execute(unseen.values(gone_at=started_at).execution_options(synchronize_session=False))


def _store_totals(account_id: UUID, started_at: datetime, captured_at: datetime) -> None:
    """Store the totals, sums over the public videos and gains over all, and what each video had."""
    columns = [Video.position, Video.captured_at, Video.gone_at]
    for name in VIDEO_COUNTERS:
        columns += [getattr(Video, name), getattr(Video, f"first_{name}"), getattr(Video, f"{name}_drops")]
    videos = db.session.execute(select(*columns).where(Video.account_id == account_id)).all()
    counted = [video for video in videos if video.captured_at is not None]
    public = [video for video in counted if video.gone_at is None]
    size = max((video.position + 1 for video in videos), default=0)
    totals: dict[str, Any] = {"videos_counted": len(public)}
    arrays: dict[str, bytes] = {}
    for name in VIDEO_COUNTERS:
        gained = [(video.position, getattr(video, name) - getattr(video, f"first_{name}")) for video in counted]
        totals[name] = sum(getattr(video, name) for video in public)
        totals[f"{name}_gained"] = sum(number for _, number in gained)
        totals[f"{name}_drops"] = sum(getattr(video, f"{name}_drops") for video in videos)
        arrays[name] = video_arrays.pack(gained, size)
    is_public = bytearray(size)
    for video in public:
        is_public[video.position] = 1
    key = {"account_id": account_id, "captured_at": captured_at}
    _insert_once(AccountTotals, {**key, "started_at": started_at, **totals})
    _insert_once(VideoTotals, {**key, **arrays, "public": bytes(is_public)})
    days.mark_last(AccountTotals, account_id, captured_at)
