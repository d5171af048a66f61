"""Posts, their publications and attempts, and the timeline that people read."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, false, func, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column

from tiktok_api import clock
from tiktok_api.db import Model, enum_column
from tiktok_api.db.search import searched
from tiktok_api.posts.states import ALIVE, RECEIVED, TO_GO_OUT, UNFINISHED, AttemptState, PublicationState
from tiktok_api.posts.vocabulary import LatePolicy, PostIdSource, PostMode, PostStatus, PostType

LATE = "late"
"""The reason of a publication that is held because it is too late to go out by itself: its person is asked."""
SPACED = "spaced"
"""The reason of a publication that is late and waits for its turn among the late ones of its account."""
UPLOAD_URL_LIFETIME = timedelta(hours=1)
"""TikTok's direct-post page."""
URL_EXPIRED = "upload_url_expired"
"""The reason of an attempt that ended because its upload URL lapsed: TikTok still counts what it began."""
WORKER_DIED = "worker_died"
"""The reason of an attempt whose init TikTok may have taken, although nothing came back."""


def _is_one_of(states: Iterable[StrEnum]) -> str:
    """Returns the condition of a partial index."""
    return f"state in ({', '.join(repr(state.value) for state in states)})"


_HAS_LOCAL_TIME = "status = 'scheduled' AND local_time IS NOT NULL"


def is_set(column: str) -> dict[str, Any]:
    """Returns the options of a partial index of the rows that have a value in a column."""
    return dict.fromkeys(("sqlite_where", "postgresql_where"), text(f"{column} IS NOT NULL"))


class Post(Model):
    """What goes out and when. Text and settings may be overridden for each target.

    `labels` are shown; they are found by the rows of PostLabel. `external_id` is the client's own name for it.
    `recurrence_id` is the recurrence that made it, `queued_account_id` the account whose queue gave it its time; both name
    them also once they are deleted.
    `consented_with_key` is the API key with which consent was given; it may be deleted since.
    """

    __tablename__ = "posts"
    __table_args__ = (
        Index("ix_posts_owner_created", "owner_id", "created_at", "id"),
        Index("ix_posts_owner_status_created", "owner_id", "status", "created_at", "id"),
        Index("ix_posts_owner_status_publish", "owner_id", "status", "publish_at", "created_at", "id"),
        # Of all owners, those that a change of a time zone's rules may move.
        Index(
            "ix_posts_local_times",
            "id",
            sqlite_where=text(_HAS_LOCAL_TIME),
            postgresql_where=text(_HAS_LOCAL_TIME),
        ),
        Index("uq_posts_owner_external_id", "owner_id", "external_id", unique=True, **is_set("external_id")),
        Index("ix_posts_queue", "queued_account_id", "publish_at", **is_set("queued_account_id")),
    )

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    type: Mapped[PostType] = mapped_column(enum_column(PostType), default=PostType.VIDEO)
    mode: Mapped[PostMode] = mapped_column(enum_column(PostMode), default=PostMode.DIRECT)
    status: Mapped[PostStatus] = mapped_column(enum_column(PostStatus), default=PostStatus.DRAFT)
    caption: Mapped[str] = mapped_column(default="")
    title: Mapped[str] = mapped_column(default="", server_default="")
    description: Mapped[str] = mapped_column(default="", server_default="")
    privacy_level: Mapped[str | None]
    allow_comment: Mapped[bool] = mapped_column(default=False)
    allow_duet: Mapped[bool] = mapped_column(default=False)
    allow_stitch: Mapped[bool] = mapped_column(default=False)
    auto_add_music: Mapped[bool] = mapped_column(default=False, server_default=false())
    brand_content_toggle: Mapped[bool] = mapped_column(default=False)
    brand_organic_toggle: Mapped[bool] = mapped_column(default=False)
    is_aigc: Mapped[bool] = mapped_column(default=False)
    video_cover_timestamp_ms: Mapped[int | None]
    photo_cover_index: Mapped[int | None]
    consent: Mapped[bool] = mapped_column(default=False)
    consented_at: Mapped[datetime | None]
    consented_by: Mapped[UUID | None]
    consented_with_key: Mapped[UUID | None]
    publish_at: Mapped[datetime | None]
    local_time: Mapped[str | None]
    timezone: Mapped[str | None]
    if_late: Mapped[LatePolicy | None] = mapped_column(enum_column(LatePolicy))  # null: LATE_POLICY decides
    labels: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    external_id: Mapped[str | None]
    recurrence_id: Mapped[UUID | None]
    queued_account_id: Mapped[UUID | None]
    updated_at: Mapped[datetime] = mapped_column(default=clock.now, onupdate=clock.now)

    @property
    def is_direct(self) -> bool:
        """True if it goes live without another touch."""
        return self.mode == PostMode.DIRECT

    @property
    def is_movable(self) -> bool:
        """True while its content and time may be chosen."""
        return self.status in (PostStatus.DRAFT, PostStatus.SCHEDULED)


TEXTS = searched(Post.caption, Post.title, Post.description)
_SPACE = literal_column("' '", String)
WORDS = func.trim(Post.caption + _SPACE + Post.title + _SPACE + Post.description)
"""All that a post says: a video has a caption, photos have a title and a description."""


class PostMedia(Model):
    """Which media a post shows, in their order."""

    __tablename__ = "post_media"
    __table_args__ = (UniqueConstraint("post_id", "position"),)

    post_id: Mapped[UUID] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"))
    media_id: Mapped[UUID] = mapped_column(ForeignKey("media.id"), index=True)
    position: Mapped[int]


PUBLISH = "posts.publish"
"""The kind of the job that publishes a publication."""


def job_key(publication_id: UUID) -> str:
    """Returns the unique key of the job that publishes a publication."""
    return f"{PUBLISH}:{publication_id}"


_UNFINISHED = text(_is_one_of(UNFINISHED))
_TO_GO_OUT = text(_is_one_of(TO_GO_OUT))


class Publication(Model):
    """A post on one account. `reason` and `next_try_at` explain every state that is not a plain success.

    `post_created_at` and `post_publish_at` are its post's `created_at` and `publish_at`, so that an account's posts are found in
    the order of their list. `wanted_at` is when a person wants it out: its time, or when they asked for it again. Lateness counts from there.
    `consent_creator_info` is what TikTok had last said of the creator when consent was given.
    """

    __tablename__ = "publications"
    __table_args__ = (
        UniqueConstraint("post_id", "account_id"),
        Index("ix_publications_account_post", "account_id", "owner_id", "post_created_at", "post_id"),
        Index(
            "ix_publications_account_publish",
            *("account_id", "owner_id", "post_publish_at", "post_created_at", "post_id"),
            **is_set("post_publish_at"),
        ),
        Index(
            "ix_publications_account_unfinished",
            "account_id",
            "state",
            "reason",
            sqlite_where=_UNFINISHED,
            postgresql_where=_UNFINISHED,
        ),
        Index(
            "ix_publications_account_wanted",
            "account_id",
            "wanted_at",
            sqlite_where=_TO_GO_OUT,
            postgresql_where=_TO_GO_OUT,
        ),
    )

    post_id: Mapped[UUID] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"))
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"))
    post_created_at: Mapped[datetime]
    post_publish_at: Mapped[datetime | None]
    overrides: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[PublicationState] = mapped_column(enum_column(PublicationState), default=PublicationState.DRAFT)
    reason: Mapped[str | None]
    detail: Mapped[str | None]
    next_try_at: Mapped[datetime | None]
    wanted_at: Mapped[datetime | None]
    retry_count: Mapped[int] = mapped_column(default=0)  # in a row; pauses grow with them
    failed_attempts: Mapped[int] = mapped_column(default=0)  # attempts ended by TikTok since a person asked
    publish_id: Mapped[str | None]
    tiktok_post_ids: Mapped[list[str]] = mapped_column(default=list)
    post_id_source: Mapped[PostIdSource | None] = mapped_column(enum_column(PostIdSource))
    url: Mapped[str | None]
    published_at: Mapped[datetime | None]
    consent_creator_info: Mapped[dict[str, Any] | None]
    updated_at: Mapped[datetime] = mapped_column(default=clock.now, onupdate=clock.now)

    def wanted_time(self, post: Post) -> datetime | None:
        """Returns when its person wants it out: when they last asked for it, or the time of its post."""
        return self.wanted_at or post.publish_at

    @property
    def is_asked_about(self) -> bool:
        """True if it is late and waits for its person to choose."""
        return self.state is PublicationState.HELD and self.reason == LATE

    @property
    def job_key(self) -> str:
        """The unique key of the job that publishes it."""
        return job_key(self.id)


_ALIVE = text(_is_one_of(ALIVE))
_RECEIVED = text(_is_one_of(RECEIVED))


class Attempt(Model):
    """One `publish_id`. `epoch` is that of the job whose worker may change it: an older worker finds it taken.

    `video_size` and the two after it say how an upload is cut; they are null where TikTok fetches photos from us.
    It outlives its publication, since TikTok's limits count it for its account; `kept_post_ids`, `kept_mode` and `kept_state`
    are then what the publication and its post had.
    """

    __tablename__ = "attempts"
    __table_args__ = (
        UniqueConstraint("publication_id", "number"),
        # No new attempt while an earlier one may still go live, whatever the code believes.
        Index("uq_attempts_one_alive", "publication_id", unique=True, sqlite_where=_ALIVE, postgresql_where=_ALIVE),
        Index("ix_attempts_account_intended", "account_id", "intended_at"),
        Index(
            "ix_attempts_account_received",
            "account_id",
            "final_at",
            sqlite_where=_RECEIVED,
            postgresql_where=_RECEIVED,
        ),
    )

    publication_id: Mapped[UUID | None] = mapped_column(ForeignKey("publications.id", ondelete="SET NULL"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"))
    number: Mapped[int]
    state: Mapped[AttemptState] = mapped_column(enum_column(AttemptState), default=AttemptState.INTENT)
    epoch: Mapped[int]
    video_size: Mapped[int | None]
    chunk_size: Mapped[int | None]
    total_chunk_count: Mapped[int | None]
    uploaded_bytes: Mapped[int] = mapped_column(default=0)
    is_acknowledged: Mapped[bool] = mapped_column(default=False)
    is_url_dead: Mapped[bool] = mapped_column(default=False)
    publish_id: Mapped[str | None] = mapped_column(index=True)
    upload_url_encrypted: Mapped[bytes | None]
    reason: Mapped[str | None]
    log_id: Mapped[str | None]
    intended_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    final_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    kept_post_ids: Mapped[list[str] | None]
    kept_mode: Mapped[str | None]
    kept_state: Mapped[str | None]

    def is_url_lapsed(self, now: datetime) -> bool:
        """True once the upload URL's hour has passed."""
        return self.opened_at is None or now - self.opened_at >= UPLOAD_URL_LIFETIME

    def end(self, state: AttemptState, reason: str | None) -> None:
        """End the attempt; its upload URL is forgotten."""
        self.state, self.reason, self.ended_at = state, reason, clock.now()
        self.upload_url_encrypted = None


class TimelineEntry(Model):
    """Something that happened to a publication, for people."""

    __tablename__ = "publication_timeline"

    publication_id: Mapped[UUID] = mapped_column(ForeignKey("publications.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(default=clock.now)
    state: Mapped[PublicationState] = mapped_column(enum_column(PublicationState))
    event: Mapped[str]
    detail: Mapped[str | None]
