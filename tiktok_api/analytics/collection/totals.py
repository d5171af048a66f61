"""What an account's videos add up to when its whole list was read."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select, update

from tiktok_api.analytics import video_arrays
from tiktok_api.analytics.collection import days
from tiktok_api.analytics.collection.rows import insert_once
from tiktok_api.analytics.metrics import VIDEO_COUNTERS
from tiktok_api.analytics.models import AccountTotals, ReadingSource, Video, VideoStarts, VideoTotals
from tiktok_api.db import db


class VideoState(NamedTuple):
    """The four counters of a video in its last whole reading, and what its changes are counted from."""

    position: int
    numbers: Sequence[int]
    first: Sequence[int]
    is_public: bool


def add_up(counted: Iterable[VideoState], size: int) -> tuple[dict[str, int], dict[str, bytes]]:
    """Returns sums over the public videos and gains over all, and the arrays of what each video had.

    `size`: how many positions are known by then, also those whose counters were never read.
    """
    videos = list(counted)
    public = [video for video in videos if video.is_public]
    sums = {"videos_counted": len(public)}
    arrays: dict[str, bytes] = {}
    for place, name in enumerate(VIDEO_COUNTERS):
        gained = [(video.position, video.numbers[place] - video.first[place]) for video in videos]
        sums[name] = sum(video.numbers[place] for video in public)
        sums[f"{name}_gained"] = sum(number for _, number in gained)
        arrays[name] = video_arrays.pack(gained, size)
    is_public = bytearray(size)
    for video in public:
        is_public[video.position] = 1
    return sums, arrays | {"public": bytes(is_public)}


def store_totals(
    account_id: UUID,
    captured_at: datetime,
    *,
    started_at: datetime,
    read_back_to: datetime | None,
    source: ReadingSource,
) -> None:
    """Store the totals of the videos as they are now, at the end of a sync that read the whole list."""
    columns: list[Any] = [Video.position, Video.captured_at, Video.gone_at]
    for prefix, suffix in (("", ""), ("first_", ""), ("", "_drops")):
        columns += [getattr(Video, f"{prefix}{name}{suffix}") for name in VIDEO_COUNTERS]
    rows = [tuple(row) for row in db.session.execute(select(*columns).where(Video.account_id == account_id))]
    states = [
        VideoState(position, row[0:4], row[4:8], gone_at is None)
        for position, read_at, gone_at, *row in rows
        if read_at is not None
    ]
    sums, arrays = add_up(states, max((row[0] + 1 for row in rows), default=0))
    drops = {f"{name}_drops": sum(row[11 + place] for row in rows) for place, name in enumerate(VIDEO_COUNTERS)}
    key = {"account_id": account_id, "captured_at": captured_at}
    facts = {"started_at": started_at, "read_back_to": read_back_to, "source": source}
    insert_once(AccountTotals, {**key, **facts, **sums, **drops})
    insert_once(VideoTotals, {**key, **arrays})
    _store_starts(account_id, states, len(arrays["public"]))
    days.mark_last(AccountTotals, account_id, captured_at)


def _store_starts(account_id: UUID, states: Sequence[VideoState], size: int) -> None:
    """Store what the changes of the videos are counted from; 0 for a video that was never counted, which has none."""
    arrays = {}
    for place, name in enumerate(VIDEO_COUNTERS):
        first = {state.position: state.first[place] for state in states}
        arrays[name] = video_arrays.pack(((position, first.get(position, 0)) for position in range(size)), size)
    insert_once(VideoStarts, {"account_id": account_id, **arrays})
    changed = update(VideoStarts).where(VideoStarts.account_id == account_id).values(arrays)
    db.session.execute(changed.execution_options(synchronize_session=False))
