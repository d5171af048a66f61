"""Random histories of videos: what a hand would note in a book, and the rows that syncs would have stored of it."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tiktok_api import clock
from tiktok_api.analytics import video_arrays
from tiktok_api.analytics.metrics import VIDEO_COUNTERS
from tiktok_api.analytics.models import AccountTotals, Video, VideoReading, VideoTotals
from tiktok_api.db import new_id, transaction

START = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass
class BookVideo:
    """A video and every reading of it: the time, the four counters (none if TikTok withheld one)."""

    account_id: UUID
    position: int
    posted_at: datetime
    is_watched: bool
    id: UUID = field(default_factory=new_id)
    readings: list[tuple[datetime, dict[str, int] | None]] = field(default_factory=list)
    gone_at: datetime | None = None

    def counted(self, before: datetime) -> list[tuple[datetime, dict[str, int]]]:
        return [(at, numbers) for at, numbers in self.readings if numbers is not None and at < before]

    @property
    def first(self) -> dict[str, int]:
        known = self.counted(datetime.max.replace(tzinfo=UTC))
        return dict.fromkeys(VIDEO_COUNTERS, 0) if self.is_watched or not known else known[0][1]

    def value(self, counter: str, before: datetime) -> int | None:
        known = self.counted(before)
        return known[-1][1][counter] if known else None

    def gain(self, counter: str, before: datetime) -> int | None:
        value = self.value(counter, before)
        return None if value is None else value - self.first[counter]

    def is_public(self, before: datetime) -> bool:
        return self.value("views", before) is not None and (self.gone_at is None or self.gone_at >= before)


@dataclass
class Book:
    """The syncs of each account and its videos."""

    syncs: dict[UUID, list[datetime]] = field(default_factory=dict)
    videos: list[BookVideo] = field(default_factory=list)

    def of(self, account_id: UUID) -> list[BookVideo]:
        return [video for video in self.videos if video.account_id == account_id]

    def last_sync(self, account_id: UUID, before: datetime) -> datetime | None:
        return max((at for at in self.syncs[account_id] if at < before), default=None)


def write(account_ids: list[UUID], seed: int, *, days: int = 12, videos: int = 8) -> Book:
    """A book of random syncs of these accounts, and its rows in the database."""
    chance = random.Random(seed)
    book = Book()
    for account_id in account_ids:
        _live(book, account_id, chance, days, chance.randrange(videos + 1))
    with transaction() as session:
        session.add_all(rows_of(book))
    return book


def _live(book: Book, account_id: UUID, chance: random.Random, days: int, videos: int) -> None:
    seconds = sorted(chance.sample(range(days * 86_400), chance.randrange(1, 2 * days)))
    syncs = [START + timedelta(seconds=second) for second in seconds]
    book.syncs[account_id] = syncs
    appearances = sorted(chance.randrange(len(syncs)) for _ in range(videos))
    for position, appears in enumerate(appearances):
        is_watched = appears > 0 and chance.random() < 0.8
        earliest = syncs[appears - 1] if is_watched else syncs[0] - timedelta(days=20)
        posted_at = earliest + (syncs[appears] - earliest) * chance.random()
        video = BookVideo(account_id, position, posted_at, is_watched)
        numbers = {name: chance.randrange(200) for name in VIDEO_COUNTERS}
        starts_at = appears + (chance.randrange(3) if chance.random() < 0.2 else 0)
        for place in range(appears, len(syncs)):
            if chance.random() < 0.04:
                video.gone_at = syncs[place] - timedelta(microseconds=1)
                break
            numbers = {name: max(0, number + chance.choice([0, 0, 1, 7, 90, -3])) for name, number in numbers.items()}
            video.readings.append((syncs[place], dict(numbers) if place >= starts_at else None))
        book.videos.append(video)


def rows_of(book: Book) -> list[Any]:
    """The rows of everything in a book."""
    found: list[Any] = [row for video in book.videos for row in _rows_of_video(video)]
    for account_id, syncs in book.syncs.items():
        found += [row for at in syncs for row in _totals(book.of(account_id), account_id, at)]
    return found


def _rows_of_video(video: BookVideo) -> list[Any]:
    readings: list[Any] = []
    before: dict[str, int] | None = None
    for at, numbers in video.readings:
        lowered = bool(before and numbers and any(numbers[name] < before[name] for name in VIDEO_COUNTERS))
        readings.append(VideoReading(video_id=video.id, captured_at=at, is_restated=lowered, **(numbers or {})))
        before = numbers or before
    known = video.counted(datetime.max.replace(tzinfo=UTC))
    latest: dict[str, Any] = {**known[-1][1], "captured_at": known[-1][0]} if known else {}
    row = Video(
        id=video.id,
        account_id=video.account_id,
        video_id=str(video.id.int),
        position=video.position,
        posted_at=video.posted_at,
        listed_at=video.posted_at,
        seen_at=video.readings[-1][0] if video.readings else video.posted_at,
        gone_at=video.gone_at,
        is_restated=any(reading.is_restated for reading in readings),
        **{f"first_{name}": number for name, number in video.first.items()},
        **latest,
    )
    return [row, *readings]


def _totals(videos: list[BookVideo], account_id: UUID, at: datetime) -> list[Any]:
    until = at + timedelta(microseconds=1)
    seen = [video for video in videos if video.readings and video.readings[0][0] <= at]
    size = max((video.position + 1 for video in seen), default=0)
    gains: dict[str, list[tuple[int, int]]] = {
        name: [(each.position, gain) for each in seen if (gain := each.gain(name, until)) is not None]
        for name in VIDEO_COUNTERS
    }
    public = [video for video in seen if video.is_public(until)]
    sums = {name: sum(video.value(name, until) or 0 for video in public) for name in VIDEO_COUNTERS}
    gained = {f"{name}_gained": sum(gain for _, gain in pairs) for name, pairs in gains.items()}
    of_sync = {"account_id": account_id, "captured_at": at}
    places = {video.position for video in public}
    return [
        AccountTotals(**of_sync, videos_counted=len(public), **sums, **gained),
        VideoTotals(
            **of_sync,
            public=bytes(place in places for place in range(size)),
            **{name: video_arrays.pack(pairs, size) for name, pairs in gains.items()},
        ),
    ]


def write_later_sync(account_ids: list[UUID]) -> None:
    """A sync that ends now, after which every video has gained very differently."""
    with transaction() as session:
        for account_id in account_ids:
            size = session.query(Video).filter_by(account_id=account_id).count()
            gains = {
                name: video_arrays.pack(((place, place**3) for place in range(size)), size) for name in VIDEO_COUNTERS
            }
            session.add(VideoTotals(account_id=account_id, captured_at=clock.now(), public=b"\1" * size, **gains))
