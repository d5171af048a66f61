"""Which readings of videos need not stay."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import aliased

from tiktok_api.analytics.metrics import VIDEO_COUNTERS
from tiktok_api.analytics.models import AccountTotals, Video, VideoReading
from tiktok_api.db import db

ROWS_AT_ONCE = 2_000
"""So many rows of each table one transaction deletes at most."""
VIDEOS_AT_ONCE = 200


def forget_readings(account_id: UUID, until: datetime) -> bool:
    """Delete readings that a later whole one by `until` replaces. Returns True if there may be more."""
    later = aliased(VideoReading)
    is_replaced = (
        select(later.id)
        .where(
            later.video_id == VideoReading.video_id,
            later.captured_at > VideoReading.captured_at,
            later.captured_at <= until,
            *_is_whole(later),
        )
        .exists()
    )
    old = (Video.account_id == account_id, VideoReading.captured_at < until, is_replaced)
    found = db.session.scalars(
        select(VideoReading.id).join(Video, Video.id == VideoReading.video_id).where(*old).limit(ROWS_AT_ONCE)
    ).all()
    delete_rows(VideoReading, found)
    return len(found) == ROWS_AT_ONCE


def thin_readings(account_id: UUID, first: int, starts: datetime, ends: datetime) -> bool:
    """Delete readings of the videos from the position `first` on. Returns True if there are no videos after these."""
    whole = _is_whole(VideoReading)
    query = (
        select(
            VideoReading.id,
            VideoReading.video_id,
            VideoReading.captured_at,
            VideoReading.is_restated,
            (VideoReading.captured_at == Video.young_at).label("is_young"),
            *(each.label(f"has_{place}") for place, each in enumerate(whole)),
        )
        .join(Video, Video.id == VideoReading.video_id)
        .where(
            Video.account_id == account_id,
            Video.position >= first,
            Video.position < first + VIDEOS_AT_ONCE,
            VideoReading.captured_at >= starts,
            VideoReading.captured_at < ends,
        )
        .order_by(VideoReading.video_id, VideoReading.captured_at)
    )
    totals = select(AccountTotals.captured_at).where(
        AccountTotals.account_id == account_id, AccountTotals.captured_at >= starts, AccountTotals.captured_at < ends
    )
    until = [*db.session.scalars(totals.order_by(AccountTotals.captured_at)), ends]
    rows = db.session.execute(query).all()
    superfluous = [
        row.id for _, of_video in groupby(rows, lambda row: row.video_id) for row in _surplus(of_video, until)
    ]
    for start in range(0, len(superfluous), ROWS_AT_ONCE):
        delete_rows(VideoReading, superfluous[start : start + ROWS_AT_ONCE])
    last = db.session.scalar(select(func.max(Video.position)).where(Video.account_id == account_id))
    return last is None or last < first + VIDEOS_AT_ONCE


def _surplus(readings: Iterable[Any], until: list[datetime]) -> Iterator[Any]:
    """The readings of one video that need not stay; `until`: the moments by which the last one counts, in their order."""
    of_video = list(readings)
    kept: set[UUID] = set()
    whole_before = None
    for row in of_video:
        if row.is_restated or row.is_young:
            kept.add(row.id)
        if row.is_restated and whole_before is not None:
            kept.add(whole_before.id)
        whole_before = row if _has_all(row) else whole_before
    for moment in until:
        by_then = [row for row in of_video if row.captured_at <= moment]
        for last in (by_then[-1:], [row for row in by_then if _has_all(row)][-1:]):
            kept.update(row.id for row in last)
    return (row for row in of_video if row.id not in kept)


def _has_all(row: Any) -> bool:
    return bool(row.has_0 and row.has_1 and row.has_2 and row.has_3)


def _is_whole(reading: Any) -> tuple[Any, ...]:
    """The conditions that a reading had all four counters, without which it counts for nothing."""
    return tuple(getattr(reading, name).is_not(None) for name in VIDEO_COUNTERS)


def delete_rows(model: Any, ids: Iterable[UUID]) -> None:
    """Delete rows by their ids."""
    if ids := list(ids):
        db.session.execute(delete(model).where(model.id.in_(ids)).execution_options(synchronize_session=False))
