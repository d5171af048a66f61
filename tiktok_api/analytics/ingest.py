"""Writing down what TikTok says: profiles as they are read, and videos page by page.

A walk goes through video/list from the newest to the oldest. Each page is one transaction that stores its videos and how
far the walk has come, so a crash costs one page. At the end the sums of all videos go into the tally, in the same
transaction. Whoever writes locks the account first and its walk second.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from tiktok_api import clock, events
from tiktok_api.accounts.models import VIDEO_LIST_SCOPE, Account
from tiktok_api.analytics.metrics import PROFILE_METRICS, VIDEO_COUNTERS, Reason
from tiktok_api.analytics.models import AccountReading, AccountTotals, Video, VideoReading, VideoSync
from tiktok_api.analytics.pictures.services import KEEP, identity_of
from tiktok_api.db import Model, db, new_id
from tiktok_api.jobs import queue
from tiktok_api.tiktok import UserInfo, VideoPage
from tiktok_api.tiktok import Video as ListedVideo

COLLECT = "analytics.collect"

MOST_PAGES = 500
"""Of 20 videos each: the newest 10,000 are kept fresh; older ones keep the numbers they had."""
STALE_AFTER = timedelta(hours=1)
"""A walk that was interrupted for so long begins anew: its sums would mix numbers of very different times."""
SAME_SYNC = timedelta(minutes=5)
"""A profile read so soon after a walk began belongs to the same sync, which needs no second walk."""


def request_walk(*, account: Account) -> None:
    """Have the account's videos read, soon."""
    queue.enqueue(COLLECT, subject=account.id, due_at=clock.now())


def keep_profile(*, account: Account, info: UserInfo, captured_at: datetime) -> None:
    """Keep the counters of a profile that was read, and have the videos read too."""
    counters = {
        "followers": info.follower_count,
        "following": info.following_count,
        "likes": info.likes_count,
        "videos": info.video_count,
    }
    if any(value is not None for value in counters.values()):
        _keep_reading(account.id, counters, captured_at)
    began = db.session.scalar(select(VideoSync.started_at).where(VideoSync.account_id == account.id))
    if began is None or captured_at - began > SAME_SYNC:
        request_walk(account=account)


def _keep_reading(account_id: UUID, counters: dict[str, int | None], captured_at: datetime) -> None:
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


def _is_lower(value: int | None, before: int | None) -> bool:
    return value is not None and before is not None and value < before


def _insert_once(model: type[Model], *rows: dict[str, Any]) -> None:
    """Insert rows unless they are there: the same reading twice is one reading."""
    insert = postgresql.insert if db.session.get_bind().dialect.name == "postgresql" else sqlite.insert
    now = clock.now()
    whole = [{"id": new_id(), "created_at": now, **row} for row in rows]
    if whole:
        db.session.execute(insert(model).on_conflict_do_nothing(), whole)


@dataclass(frozen=True, slots=True)
class Step:
    """The next page of a walk, and whose it is."""

    account_id: UUID
    holder: str
    started_at: datetime
    cursor: int | None


def next_step(account_id: UUID, holder: str) -> Step | None:
    """Go on with the account's walk, or begin one; None: there is nothing (any longer) that may be read."""
    walk = _lock_walk(account_id)
    if walk is None:
        return None
    now = clock.now()
    if not walk.is_running or walk.started_at is None or now - walk.started_at > STALE_AFTER:
        walk.started_at, walk.cursor, walk.pages, walk.is_running = now, None, 0, True
    walk.holder, walk.skip_reason = holder, None
    return Step(account_id, holder, walk.started_at, walk.cursor)


def _lock_walk(account_id: UUID) -> VideoSync | None:
    """The account's walk, for this transaction alone; None where it may not be walked."""
    query = select(Account.scopes).where(Account.id == account_id)
    scopes = db.session.scalar(query.with_for_update(read=True, key_share=True))
    if scopes is None:
        return None
    _insert_once(VideoSync, {"account_id": account_id, "holder": "", "pages": 0, "is_running": False})
    walk = db.session.scalars(
        select(VideoSync)
        .where(VideoSync.account_id == account_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if VIDEO_LIST_SCOPE not in scopes:
        walk.is_running, walk.skip_reason = False, Reason.SCOPE_MISSING
        return None
    return walk


def abandon(step: Step, because: Reason | None = None) -> None:
    """End a walk that TikTok does not let us go on with."""
    walk = _lock_walk(step.account_id)
    if walk is not None and walk.holder == step.holder:
        walk.is_running, walk.skip_reason = False, because


def keep_page(step: Step, page: VideoPage, captured_at: datetime) -> bool:
    """Keep one page and how far the walk has come; True: it is over, or somebody else's by now."""
    walk = _lock_walk(step.account_id)
    if walk is None or (walk.holder, walk.started_at, walk.cursor) != (step.holder, step.started_at, step.cursor):
        return True
    _keep_videos(walk, page.videos, captured_at)
    walk.pages += 1
    walk.cursor = page.cursor
    is_at_end = not page.has_more or page.cursor is None
    if not is_at_end and walk.pages < MOST_PAGES:
        return False
    _find_gone(walk, step.started_at, None if is_at_end else page.cursor)
    _tally(step.account_id, captured_at)
    walk.is_running, walk.completed_at = False, captured_at
    walk.watched_since = walk.watched_since or step.started_at
    db.session.flush()
    events.announce("account.videos_listed", account_id=step.account_id)
    queue.enqueue(KEEP, subject=step.account_id, due_at=captured_at)
    return True


def _keep_videos(walk: VideoSync, listed: tuple[ListedVideo, ...], captured_at: datetime) -> None:
    ids = [each.id for each in listed]
    known = {
        video.video_id: video
        for video in db.session.scalars(
            select(Video).where(Video.account_id == walk.account_id, Video.video_id.in_(ids))
        )
    }
    readings = []
    for each in listed:
        video = known.get(each.id)
        if video is None:
            video = Video(id=new_id(), account_id=walk.account_id, video_id=each.id, listed_at=captured_at)
            known[each.id] = video
            db.session.add(video)
        _describe(video, each, captured_at)
        is_restated = _count(video, each, captured_at, watched_since=walk.watched_since)
        readings.append(
            {"video_id": video.id, "captured_at": captured_at, "is_restated": is_restated, **_numbers(each)}
        )
    db.session.flush()
    _insert_once(VideoReading, *readings)


def _numbers(listed: ListedVideo) -> dict[str, int | None]:
    return {
        "views": listed.view_count,
        "likes": listed.like_count,
        "comments": listed.comment_count,
        "shares": listed.share_count,
    }


def _describe(video: Video, listed: ListedVideo, captured_at: datetime) -> None:
    """Everything about a video but its numbers; what TikTok leaves out stays as it was."""
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


def _count(video: Video, listed: ListedVideo, captured_at: datetime, *, watched_since: datetime | None) -> bool:
    """Take over the four counters if TikTok told them all, so that rates divide like by like; True: one was lowered."""
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


def _find_gone(walk: VideoSync, started_at: datetime, cursor: int | None) -> None:
    """What the walk came by and did not see is not public any more; `cursor` (ms) is how far it came, None: to the end."""
    unseen = update(Video).where(
        Video.account_id == walk.account_id, Video.seen_at < started_at, Video.gone_at.is_(None)
    )
    if cursor is not None:
        unseen = unseen.where(Video.listed_at >= datetime.fromtimestamp(cursor / 1000, UTC))
    db.session.execute(unseen.values(gone_at=started_at).execution_options(synchronize_session=False))


def _tally(account_id: UUID, captured_at: datetime) -> None:
    """Add all videos up: sums over the public ones, gains over all."""
    is_counted = Video.captured_at.is_not(None)
    is_public = is_counted & Video.gone_at.is_(None)
    sums: dict[str, Any] = {"videos_counted": func.count().filter(is_public)}
    for name in VIDEO_COUNTERS:
        counter, first = getattr(Video, name), getattr(Video, f"first_{name}")
        sums[name] = func.sum(counter).filter(is_public)
        sums[f"{name}_gained"] = func.sum(counter - first).filter(is_counted)
        sums[f"{name}_drops"] = func.sum(getattr(Video, f"{name}_drops"))
    found = db.session.execute(
        select(*(total.label(name) for name, total in sums.items())).where(Video.account_id == account_id)
    ).one()
    values = {name: int(value or 0) for name, value in found._mapping.items()}
    _insert_once(AccountTotals, {"account_id": account_id, "captured_at": captured_at, **values})
