"""What one page of TikTok's list changes: its videos, and a reading of each."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID

from sqlalchemy import func, select

from tiktok_api.analytics.collection import publications
from tiktok_api.analytics.collection.rows import insert_once
from tiktok_api.analytics.metrics import VIDEO_COUNTERS
from tiktok_api.analytics.models import ReadingSource, Video, VideoReading, VideoSync
from tiktok_api.analytics.pictures.services import identity_of
from tiktok_api.db import db, new_id
from tiktok_api.tiktok import TikTokVideo

YOUNG_FOR = timedelta(hours=48)
"""So long a video is read hourly."""
YOUNG_FROM = timedelta(hours=24)
"""The age from which a reading of a young video tells how it began: `Video.young_views`."""


def store_listed(sync: VideoSync, listed: Sequence[TikTokVideo], captured_at: datetime, source: ReadingSource) -> None:
    """Store the videos of one page and a reading of each. One that was stored at this very instant is left as it is."""
    at_once = {each.id: each for each in reversed(listed)}  # TikTok's first word on a video that it lists twice
    known = _known(sync.account_id, list(at_once))
    free = _free_positions(sync.account_id)
    readings, wanting = [], []
    for each in reversed(at_once.values()):
        video = known.get(each.id)
        if video is not None and video.seen_at == captured_at:
            continue
        if video is None:
            place = {"account_id": sync.account_id, "position": next(free)}
            video = Video(id=new_id(), **place, video_id=each.id, listed_at=captured_at)
            db.session.add(video)
            wanting.append(video)
        elif video.publication_id is None and captured_at - video.listed_at < YOUNG_FOR:
            wanting.append(video)
        _store_description(video, each, captured_at)
        is_restated = _store_counts(video, each, captured_at, watched_since=sync.watched_since)
        reading = {"video_id": video.id, "captured_at": captured_at, "source": source, "is_restated": is_restated}
        readings.append(reading | _numbers(each))
    publications.link(sync.account_id, wanting)
    db.session.flush()
    insert_once(VideoReading, *readings)


def _known(account_id: UUID, ids: Sequence[str]) -> dict[str, Video]:
    found = db.session.scalars(select(Video).where(Video.account_id == account_id, Video.video_id.in_(ids)))
    return {video.video_id: video for video in found}


def _free_positions(account_id: UUID) -> "count[int]":
    last = db.session.scalar(select(func.max(Video.position)).where(Video.account_id == account_id))
    return count(0 if last is None else last + 1)


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
    if video.young_at is None and video.posted_at and YOUNG_FROM <= captured_at - video.posted_at < YOUNG_FOR:
        video.young_views, video.young_at = numbers["views"], captured_at
    return bool(lowered)
