"""What TikTok said and when, and the running totals that make looking back cheap.

Two ledgers are read back: `AccountReading`, one row for each time the profile was read, and `AccountTotals`, one row for
each sync of the videos. An account's views are a sum over all of its videos, and adding them up again for every day of a
chart would cost videos x readings; instead each sync stores the sum once.

Both ledgers hold cumulative numbers (counters, totals, how often a counter was lowered), so a period needs only the last
row before each of its ends: one index seek, at the exact instant of midnight in the zone of the request. That is why there
are no buckets by day or hour, which would be right for some zones only, and why the cost of a series depends on its points
and not on the number of readings.

Sums over hundreds of accounts would need too many seeks. So the last reading of each day in the owner's zone (`DayZone`)
carries that day in `day`, and a covering index has those rows alone. They are also what retention leaves of old days.
`VideoTotals` holds what each video had at a sync, all videos of an account in one row: the gains of 200,000 videos in a window
are two rows of each account, not 400,000 seeks.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from tiktok_api.analytics.metrics import PROFILE_METRICS, Reason
from tiktok_api.db import Model, enum_column
from tiktok_api.posts.vocabulary import PostIdSource


def _owned_by_account() -> Mapped[UUID]:
    return mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))


def _count() -> Mapped[int]:
    return mapped_column(BigInteger, default=0)


def _unread_count() -> Mapped[int | None]:
    return mapped_column(BigInteger)


def _array() -> Mapped[bytes]:
    return mapped_column(LargeBinary, info={"is_plain": True})


def _last_of_days(name: str, *columns: str) -> Index:
    """The last rows of their days alone, with these columns at hand on PostgreSQL."""
    is_last: dict[str, Any] = {f"{dialect}_where": text("day IS NOT NULL") for dialect in ("sqlite", "postgresql")}
    return Index(name, "account_id", "day", unique=True, postgresql_include=["captured_at", *columns], **is_last)


class ReadingSource(StrEnum):
    """How a number came: a profile, a list of videos read by a sync, or by a backfill from the command line."""

    USER_INFO = "user_info"
    VIDEO_LIST = "video_list"
    BACKFILL = "backfill"


class AccountReading(Model):
    """The profile's counters as read at one time; null is what TikTok did not send.

    `day` is set on the last reading of each day in the zone of `DayZone`, and null on the others.
    """

    __tablename__ = "account_readings"
    __table_args__ = (
        UniqueConstraint("account_id", "captured_at"),
        _last_of_days("ix_account_readings_day", *PROFILE_METRICS, *(f"{name}_drops" for name in PROFILE_METRICS)),
    )

    account_id: Mapped[UUID] = _owned_by_account()
    captured_at: Mapped[datetime]
    day: Mapped[date | None]
    source: Mapped[str] = mapped_column(
        String(32), default=ReadingSource.USER_INFO
    )  # no other endpoint counts followers
    followers: Mapped[int | None] = _unread_count()
    following: Mapped[int | None] = _unread_count()
    likes: Mapped[int | None] = _unread_count()
    videos: Mapped[int | None] = _unread_count()
    followers_drops: Mapped[int] = mapped_column(default=0)
    following_drops: Mapped[int] = mapped_column(default=0)
    likes_drops: Mapped[int] = mapped_column(default=0)
    videos_drops: Mapped[int] = mapped_column(default=0)


COVER_LINK = "pictures.show_cover"
"""The route that shows a stored cover without a token."""


class Video(Model):
    """A video that TikTok listed, with its latest numbers.

    `views` to `shares` and `captured_at` are of the last reading that had all four. The `first_` numbers are what changes
    are counted from: 0 for a video posted while the account was being watched, otherwise its first reading.
    `listed_at` orders lists: when it was posted or, if TikTok does not say, first seen. `cover_url` is TikTok's link, which
    expires within hours; `cover_key` is the storage key of our copy of `cover_source`. `position` is its place in `VideoTotals`,
    counted from 0 in the order in which the account's videos were first seen.

    `post_id` and `publication_id` are what we published, and `matched_by` tells how that is known (`PostIdSource`). `young_views`
    is what it had in the first reading at an age of 24 to 48 hours, at `young_at`.
    """

    __tablename__ = "videos"
    __table_args__ = (
        UniqueConstraint("account_id", "video_id"),
        Index("ix_videos_account_listed", "account_id", "listed_at", "id"),
        Index("ix_videos_account_position", "account_id", "position", unique=True),
    )

    account_id: Mapped[UUID] = _owned_by_account()
    video_id: Mapped[str]
    position: Mapped[int]
    post_id: Mapped[UUID | None] = mapped_column(ForeignKey("posts.id", ondelete="SET NULL"), index=True)
    publication_id: Mapped[UUID | None] = mapped_column(ForeignKey("publications.id", ondelete="SET NULL"), index=True)
    matched_by: Mapped[PostIdSource | None] = mapped_column(enum_column(PostIdSource))
    posted_at: Mapped[datetime | None]
    listed_at: Mapped[datetime]
    title: Mapped[str | None]
    description: Mapped[str | None]
    share_url: Mapped[str | None]
    cover_url: Mapped[str | None]
    cover_key: Mapped[str | None] = mapped_column(index=True)
    cover_type: Mapped[str | None]
    cover_source: Mapped[str | None]
    is_cover_due: Mapped[bool] = mapped_column(default=False)
    duration_seconds: Mapped[int | None]
    views: Mapped[int | None] = _unread_count()
    likes: Mapped[int | None] = _unread_count()
    comments: Mapped[int | None] = _unread_count()
    shares: Mapped[int | None] = _unread_count()
    captured_at: Mapped[datetime | None]
    first_views: Mapped[int] = _count()
    first_likes: Mapped[int] = _count()
    first_comments: Mapped[int] = _count()
    first_shares: Mapped[int] = _count()
    views_drops: Mapped[int] = mapped_column(default=0)
    likes_drops: Mapped[int] = mapped_column(default=0)
    comments_drops: Mapped[int] = mapped_column(default=0)
    shares_drops: Mapped[int] = mapped_column(default=0)
    is_restated: Mapped[bool] = mapped_column(default=False)
    young_views: Mapped[int | None] = _unread_count()
    young_at: Mapped[datetime | None]
    seen_at: Mapped[datetime]
    gone_at: Mapped[datetime | None]


class VideoReading(Model):
    """A video's counters as read at one time; `is_restated`: at least one was lower than in the reading before."""

    __tablename__ = "video_readings"
    __table_args__ = (UniqueConstraint("video_id", "captured_at"),)

    video_id: Mapped[UUID] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"))
    captured_at: Mapped[datetime]
    source: Mapped[ReadingSource] = mapped_column(enum_column(ReadingSource), default=ReadingSource.VIDEO_LIST)
    views: Mapped[int | None] = _unread_count()
    likes: Mapped[int | None] = _unread_count()
    comments: Mapped[int | None] = _unread_count()
    shares: Mapped[int | None] = _unread_count()
    is_restated: Mapped[bool] = mapped_column(default=False)


_GAINED = ("views", "likes", "comments", "shares")


class AccountTotals(Model):
    """The totals over all videos of an account, stored by a sync that reached the end; it began at `started_at`.

    `views` to `shares` are sums over the public videos; the `_gained` columns are the gains of all videos, deleted ones
    included, since the account was connected; the `_drops` count how often TikTok lowered one. `day` as in `AccountReading`.
    `read_back_to` is set where the sync ended before TikTok's list did: older videos were not read, and are public as before.
    """

    __tablename__ = "account_totals"
    __table_args__ = (
        UniqueConstraint("account_id", "captured_at"),
        _last_of_days(
            "ix_account_totals_day",
            *_GAINED,
            *(f"{name}_{what}" for what in ("gained", "drops") for name in _GAINED),
        ),
    )

    account_id: Mapped[UUID] = _owned_by_account()
    captured_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    read_back_to: Mapped[datetime | None]
    source: Mapped[ReadingSource] = mapped_column(enum_column(ReadingSource), default=ReadingSource.VIDEO_LIST)
    day: Mapped[date | None]
    videos_counted: Mapped[int]
    views: Mapped[int] = _count()
    likes: Mapped[int] = _count()
    comments: Mapped[int] = _count()
    shares: Mapped[int] = _count()
    views_gained: Mapped[int] = _count()
    likes_gained: Mapped[int] = _count()
    comments_gained: Mapped[int] = _count()
    shares_gained: Mapped[int] = _count()
    views_drops: Mapped[int] = mapped_column(default=0)
    likes_drops: Mapped[int] = mapped_column(default=0)
    comments_drops: Mapped[int] = mapped_column(default=0)
    shares_drops: Mapped[int] = mapped_column(default=0)


Ledger = type[AccountReading] | type[AccountTotals]


class VideoTotals(Model):
    """What each video of an account had at the `AccountTotals` of the same `captured_at`, by its `Video.position`.

    Each column is an array of little-endian int64. The four hold the gain of each video since its `first_` number, so that
    the gain in a window is a difference of two rows; `NOT_COUNTED` for a video whose counters were not read by then. A shorter
    array knew no more videos. `public` has a byte for each: 1 if it was public, as counted in the sums of `AccountTotals`.
    """

    __tablename__ = "video_totals"
    __table_args__ = (UniqueConstraint("account_id", "captured_at"),)

    account_id: Mapped[UUID] = _owned_by_account()
    captured_at: Mapped[datetime]
    views: Mapped[bytes] = _array()
    likes: Mapped[bytes] = _array()
    comments: Mapped[bytes] = _array()
    shares: Mapped[bytes] = _array()
    public: Mapped[bytes] = _array()


NOT_COUNTED = -(2**63)


class VideoStarts(Model):
    """What the changes of each video of an account are counted from, in arrays as those of its last `VideoTotals`.

    They are the `first_` numbers of `Video`, which for a ranking of very many videos take too long to be gathered.
    """

    __tablename__ = "video_starts"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), unique=True)
    views: Mapped[bytes] = _array()
    likes: Mapped[bytes] = _array()
    comments: Mapped[bytes] = _array()
    shares: Mapped[bytes] = _array()


class DayZone(Model):
    """The zone by whose days `day` is set on an account's readings: the owner's; no row: not set yet.

    `thinned_until`: of what was read before, only what retention leaves of each day is there.
    """

    __tablename__ = "day_zones"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), unique=True)
    timezone: Mapped[str]
    thinned_until: Mapped[datetime | None]


class SyncKind(StrEnum):
    """How far a sync reads: to videos older than two days, to the end or the newest 10,000, or to the end."""

    YOUNG = "young"
    FULL = "full"
    BACKFILL = "backfill"


class VideoSync(Model):
    """The position of the sync of an account's videos: one row per account, so that a sync resumes after a crash.

    `holder` is the job that reads, `skip_reason` why none may; `cursor` is TikTok's, null at the newest video, and `moved_at`
    is when it last moved; `watched_since` is the start of the first sync that reached the end. `completed_at` is when the last
    one did, whatever its `kind`; a sync of young videos that does not reach the end leaves it.
    """

    __tablename__ = "video_syncs"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), unique=True)
    holder: Mapped[str] = mapped_column(default="")
    started_at: Mapped[datetime | None]
    kind: Mapped[SyncKind] = mapped_column(enum_column(SyncKind), default=SyncKind.FULL)
    cursor: Mapped[int | None] = mapped_column(BigInteger)
    moved_at: Mapped[datetime | None]
    pages: Mapped[int] = mapped_column(default=0)
    is_running: Mapped[bool] = mapped_column(default=False)
    watched_since: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    skip_reason: Mapped[Reason | None] = mapped_column(enum_column(Reason))
