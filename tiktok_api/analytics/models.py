"""What TikTok said and when, and the running totals that make looking back cheap.

Two ledgers are read back: `AccountReading`, one row for each time the profile was read, and `AccountTotals`, one row for
each sync of the videos. An account's views are a sum over all of its videos, and adding them up again for every day of a
chart would cost videos x readings; instead each sync stores the sum once.

Both ledgers hold cumulative numbers (counters, totals, how often a counter was lowered), so a period needs only the last
row before each of its ends: one index seek, at the exact instant of midnight in the zone of the request. That is why there
are no buckets by day or hour, which would be right for some zones only, and why the cost of a series depends on its points
and not on the number of readings.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tiktok_api.analytics.metrics import Reason
from tiktok_api.db import Model, enum_column


def _owned_by_account() -> Mapped[UUID]:
    return mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))


def _count() -> Mapped[int]:
    return mapped_column(BigInteger, default=0)


def _unread_count() -> Mapped[int | None]:
    return mapped_column(BigInteger)


class AccountReading(Model):
    """The profile's counters as read at one time; null is what TikTok did not send."""

    __tablename__ = "account_readings"
    __table_args__ = (UniqueConstraint("account_id", "captured_at"),)

    account_id: Mapped[UUID] = _owned_by_account()
    captured_at: Mapped[datetime]
    source: Mapped[str] = mapped_column(String(32), default="user_info")  # TikTok's endpoint; no other counts followers
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
    expires within hours; `cover_key` is the storage key of our copy of `cover_source`.
    """

    __tablename__ = "videos"
    __table_args__ = (
        UniqueConstraint("account_id", "video_id"),
        Index("ix_videos_account_listed", "account_id", "listed_at", "id"),
    )

    account_id: Mapped[UUID] = _owned_by_account()
    video_id: Mapped[str]
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
    seen_at: Mapped[datetime]
    gone_at: Mapped[datetime | None]


class VideoReading(Model):
    """A video's counters as read at one time; `is_restated`: at least one was lower than in the reading before."""

    __tablename__ = "video_readings"
    __table_args__ = (UniqueConstraint("video_id", "captured_at"),)

    video_id: Mapped[UUID] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"))
    captured_at: Mapped[datetime]
    views: Mapped[int | None] = _unread_count()
    likes: Mapped[int | None] = _unread_count()
    comments: Mapped[int | None] = _unread_count()
    shares: Mapped[int | None] = _unread_count()
    is_restated: Mapped[bool] = mapped_column(default=False)


class AccountTotals(Model):
    """The totals over all videos of an account, stored by a sync that reached the end.

    `views` to `shares` are sums over the public videos; the `_gained` columns are the gains of all videos, deleted ones
    included, since the account was connected; the `_drops` count how often TikTok lowered one.
    """

    __tablename__ = "account_totals"
    __table_args__ = (UniqueConstraint("account_id", "captured_at"),)

    account_id: Mapped[UUID] = _owned_by_account()
    captured_at: Mapped[datetime]
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


class VideoSync(Model):
    """The position of the sync of an account's videos: one row per account, so that a sync resumes after a crash.

    `holder` is the job that reads, `skip_reason` why none may; `cursor` is TikTok's, null at the newest video;
    `watched_since` is the start of the first sync that reached the end.
    """

    __tablename__ = "video_syncs"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), unique=True)
    holder: Mapped[str] = mapped_column(default="")
    started_at: Mapped[datetime | None]
    cursor: Mapped[int | None] = mapped_column(BigInteger)
    pages: Mapped[int] = mapped_column(default=0)
    is_running: Mapped[bool] = mapped_column(default=False)
    watched_since: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    skip_reason: Mapped[Reason | None] = mapped_column(enum_column(Reason))
