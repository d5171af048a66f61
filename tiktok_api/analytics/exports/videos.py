"""The rows of what was stored of videos: the videos themselves, and their readings, batch by batch as in `readings`."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, join, literal_column, select, tuple_

from tiktok_api.analytics.exports.columns import Inquiry, Rows, owner_of_row, provenance
from tiktok_api.analytics.exports.readings import AT_ONCE, columns_of, must_be_there
from tiktok_api.analytics.metrics import VIDEO_COUNTERS, Reason
from tiktok_api.analytics.models import Video, VideoReading
from tiktok_api.db.reads import Given, is_any, reading
from tiktok_api.posts.bookkeeping.labels import PostLabel

_VIDEOS_AT_ONCE = 200
_READ_TOGETHER = 20
"""Videos whose readings are read by one query: most have few."""

_VIDEO = ("title", "description", "share_url", "duration_seconds")


@reading
def _videos(given: Given) -> Select[Any]:
    """The account's next videos in the order in which they were first seen."""
    columns = columns_of(
        Video, "id", "position", "video_id", "post_id", "matched_by", "posted_at", "listed_at", *_VIDEO
    )
    counted = columns_of(Video, *VIDEO_COUNTERS, "captured_at", "is_restated", "gone_at")
    query = select(*columns, *counted).where(Video.account_id == given["account_id"], Video.position > given["after"])
    query = query.where(Video.created_at < given["as_of"])
    if "since" in given:
        query = query.where(Video.listed_at >= given["since"], Video.listed_at < given["until"])
    if "labels" in given:
        labelled = select(PostLabel.post_id).where(is_any(PostLabel.label, given["labels"]))
        query = query.where(Video.post_id.in_(labelled))
    return query.order_by(Video.position).limit(literal_column(str(_VIDEOS_AT_ONCE)))


@reading
def _last_readings(given: Given) -> Select[Any]:
    """What was last read of these videos by a moment: all four counters, and whether one had been lowered by then."""
    table = VideoReading.__table__
    row, inner, lowered = table.alias(), table.alias(), table.alias()
    last = select(inner.c.id).where(
        inner.c.video_id == Video.id,
        inner.c.captured_at < given["as_of"],
        *(inner.c[name].is_not(None) for name in VIDEO_COUNTERS),
    )
    last_id = last.order_by(inner.c.captured_at.desc()).limit(literal_column("1")).scalar_subquery()
    was_lowered = exists().where(
        lowered.c.video_id == Video.id, lowered.c.captured_at < given["as_of"], lowered.c.is_restated
    )
    counters = [row.c[name] for name in VIDEO_COUNTERS]
    query = select(Video.id, *counters, row.c.captured_at, was_lowered.label("is_restated"))
    return query.select_from(join(Video, row, row.c.id == last_id)).where(is_any(Video.id, given["ids"]))


def videos(question: Inquiry) -> Rows:
    """The videos that were posted in the window, with their numbers as of then."""
    for account, batch in _video_batches(question, is_windowed=True):
        late = [video.id for video in batch if video.captured_at is not None and video.captured_at >= question.as_of]
        earlier = {row.id: row for row in _last_readings.all(ids=late, as_of=question.as_of)} if late else {}
        for video in batch:
            known = earlier.get(video.id) if video.id in late else video
            yield _video_row(account, video, known, question)


def _video_row(account: Any, video: Any, known: Any, question: Inquiry) -> tuple[Any, ...]:
    counters = [getattr(known, name, None) for name in VIDEO_COUNTERS]
    captured_at = getattr(known, "captured_at", None)
    gone_at = video.gone_at if video.gone_at is not None and video.gone_at < question.as_of else None
    what = (video.id, video.video_id, video.post_id, video.matched_by, video.posted_at)
    words = (video.title, video.description, video.share_url, video.duration_seconds)
    reason = Reason.NOT_READ_YET.value if captured_at is None else None
    source = None if captured_at is None else "video_list"
    how = provenance(source, is_restated=bool(getattr(known, "is_restated", False)), reason=reason)
    return *owner_of_row(account), *what, *words, *counters, captured_at, gone_at, *how


def _video_batches(question: Inquiry, *, is_windowed: bool) -> Iterator[tuple[Any, Sequence[Any]]]:
    window = {"since": question.window.starts_at, "until": question.window.ends_at} if is_windowed else {}
    labels = None if question.selection.labels is None else list(question.selection.labels)
    for account in question.selection.accounts:
        position = -1
        given: dict[str, Any] = {"account_id": account.id, "as_of": question.as_of, "labels": labels, **window}
        while batch := _videos.all(after=position, **given):
            yield account, batch
            if len(batch) < _VIDEOS_AT_ONCE:
                break
            position = batch[-1].position
        must_be_there(account)


@reading
def _video_readings(given: Given) -> Select[Any]:
    """The next readings of these videos, in the order of the videos' ids."""
    keys = (VideoReading.video_id, VideoReading.captured_at)
    columns = columns_of(VideoReading, "source", *VIDEO_COUNTERS, "is_restated")
    query = select(*keys, *columns).where(is_any(VideoReading.video_id, given["ids"]))
    query = query.where(VideoReading.captured_at >= given["since"], VideoReading.captured_at < given["until"])
    if "after" in given:
        query = query.where(tuple_(*keys) > tuple_(given["after_id"], given["after"]))
    return query.order_by(*keys).limit(literal_column(str(AT_ONCE)))


def video_readings(question: Inquiry) -> Rows:
    """Each time the counters of a video were read."""
    for account, batch in _video_batches(question, is_windowed=False):
        for first in range(0, len(batch), _READ_TOGETHER):
            known = {video.id: video.video_id for video in batch[first : first + _READ_TOGETHER]}
            for row in _readings_of(sorted(known), question):
                counters = row[3:7]
                reason = Reason.LEFT_OUT_BY_TIKTOK.value if None in counters else None
                how = provenance(row.source, is_restated=row.is_restated, reason=reason)
                yield *owner_of_row(account), row.video_id, known[row.video_id], row.captured_at, *counters, *how


def _readings_of(ids: list[UUID], question: Inquiry) -> Iterator[Any]:
    window: dict[str, Any] = {"since": question.window.starts_at, "until": question.window.ends_at}
    after: dict[str, Any] = {}
    while rows := _video_readings.all(ids=ids, **window, **after):
        yield from rows
        if len(rows) < AT_ONCE:
            return
        last = rows[-1]
        ids = ids[bisect_left(ids, last.video_id) :]  # those before are done: SQLite would sort their rows again
        after = {"after_id": last.video_id, "after": last.captured_at}
