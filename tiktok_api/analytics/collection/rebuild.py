"""Computes again what was derived from readings: the sums, gains and drops of totals, what each video had, and days.

A video counts at a total with its last whole reading by then, and is public if the sync read it, or if the sync did not come as far
and it was public before. How often a counter was lowered is counted backwards from the video's own count, because the oldest
readings go. What cannot be computed stays as it is: when syncs began and ended, what changes are counted from (`first_`), and
the totals of versions that did not know when their sync began.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update

from tiktok_api.analytics.collection import days
from tiktok_api.analytics.collection.rows import insert_once
from tiktok_api.analytics.collection.totals import VideoState, add_up
from tiktok_api.analytics.metrics import VIDEO_COUNTERS
from tiktok_api.analytics.models import AccountTotals, Video, VideoReading, VideoSync, VideoTotals
from tiktok_api.db import db

_ROWS_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """How many rows were computed, and how many of them were different."""

    totals: int
    different: int


@dataclass(slots=True)
class _Seen:
    """A video as its readings until some moment told it."""

    video: Row[Any]
    first: tuple[int, ...]
    numbers: tuple[int, ...] | None = None
    seen_at: datetime | None = None


@dataclass(slots=True)
class _Replay:
    """The readings of an account in their order, and what was known after some of them."""

    seen: dict[UUID, _Seen]
    lowered: list[int] = field(default_factory=lambda: [0] * len(VIDEO_COUNTERS))
    size: int = 0

    def take(self, reading: Row[Any]) -> None:
        """The next reading."""
        known = self.seen[reading.video_id]
        known.seen_at = reading.captured_at
        self.size = max(self.size, known.video.position + 1)
        numbers = tuple(getattr(reading, name) for name in VIDEO_COUNTERS)
        if None in numbers:
            return
        for place, (before, now) in enumerate(zip(known.numbers or numbers, numbers, strict=True)):
            self.lowered[place] += now < before
        known.numbers = numbers


def rebuild(account_id: UUID) -> Rebuilt:
    """Compute the account's totals and days, inside a transaction.

    The account is locked first, as everywhere: its deletion locks it and then waits for its sync.
    """
    days.zone_of_owner(account_id)
    db.session.execute(select(VideoSync.id).where(VideoSync.account_id == account_id).with_for_update())
    days_before = _days(account_id)
    days.count_days(account_id)
    different = len(days_before ^ _days(account_id))
    videos = db.session.execute(select(*Video.__table__.columns).where(Video.account_id == account_id)).all()
    replay = _Replay({video.id: _Seen(video, _numbers(video, "first_")) for video in videos})
    rows = db.session.scalars(
        select(AccountTotals)
        .where(AccountTotals.account_id == account_id, AccountTotals.started_at.is_not(None))
        .order_by(AccountTotals.captured_at)
    ).all()
    readings = _readings(account_id)
    reading = next(readings, None)
    is_public: bytes | None = None
    lowered: list[tuple[int, ...]] = []
    for row in rows:
        while reading is not None and reading.captured_at <= row.captured_at:
            replay.take(reading)
            reading = next(readings, None)
        sums, arrays = add_up(_states(replay, row, is_public), replay.size)
        is_public = arrays["public"]
        lowered.append(tuple(replay.lowered))
        different += _set(row, sums) + _store_arrays(row, arrays)
    while reading is not None:
        replay.take(reading)
        reading = next(readings, None)
    in_all = [sum(getattr(video, f"{name}_drops") for video in videos) for name in VIDEO_COUNTERS]
    for row, by_then in zip(rows, lowered, strict=True):
        drops = {
            f"{name}_drops": in_all[place] - (replay.lowered[place] - by_then[place])
            for place, name in enumerate(VIDEO_COUNTERS)
        }
        different += _set(row, drops)
    return Rebuilt(len(rows), different)


def _numbers(row: Any, prefix: str) -> tuple[int, ...]:
    return tuple(getattr(row, f"{prefix}{name}") for name in VIDEO_COUNTERS)


def _days(account_id: UUID) -> set[tuple[Any, ...]]:
    return {
        (ledger.__tablename__, *row)
        for ledger in days.LEDGERS
        for row in db.session.execute(
            select(ledger.id, ledger.day).where(ledger.account_id == account_id, ledger.day.is_not(None))
        )
    }


def _readings(account_id: UUID) -> Iterator[Row[Any]]:
    columns = [getattr(VideoReading, name) for name in ("video_id", "captured_at", *VIDEO_COUNTERS)]
    query = select(*columns).join(Video, Video.id == VideoReading.video_id).where(Video.account_id == account_id)
    ordered = query.order_by(VideoReading.captured_at, VideoReading.id)
    yield from db.session.execute(ordered.execution_options(yield_per=_ROWS_AT_ONCE))


def _states(replay: _Replay, totals: AccountTotals, public_before: bytes | None) -> Iterator[VideoState]:
    for known in replay.seen.values():
        if known.numbers is not None:
            yield VideoState(known.video.position, known.numbers, known.first, _is_public(known, totals, public_before))


def _is_public(known: _Seen, totals: AccountTotals, public_before: bytes | None) -> bool:
    if known.seen_at is not None and totals.started_at is not None and known.seen_at >= totals.started_at:
        return True
    if totals.read_back_to is None:
        return False
    is_passed = known.video.posted_at is not None and known.video.posted_at > totals.read_back_to
    position = known.video.position
    was_public = public_before is None or (position < len(public_before) and public_before[position] == 1)
    return was_public and not is_passed


def _set(row: AccountTotals, values: dict[str, int]) -> bool:
    """Set what differs. Returns True if anything does."""
    if all(getattr(row, name) == value for name, value in values.items()):
        return False
    for name, value in values.items():
        setattr(row, name, value)
    return True


def _store_arrays(row: AccountTotals, arrays: dict[str, bytes]) -> bool:
    """Store what each video had. Returns True if it was not there, or different."""
    key = {"account_id": row.account_id, "captured_at": row.captured_at}
    of_row = (VideoTotals.account_id == row.account_id, VideoTotals.captured_at == row.captured_at)
    stored = db.session.execute(select(*(getattr(VideoTotals, name) for name in arrays)).where(*of_row)).one_or_none()
    if stored is None:
        insert_once(VideoTotals, key | arrays)
    elif tuple(map(bytes, stored)) != tuple(arrays.values()):
        changed = update(VideoTotals).where(*of_row).values(arrays)
        db.session.execute(changed.execution_options(synchronize_session=False))
    else:
        return False
    return True
