"""The tables of media, imports, labels and pictures to choose a cover by."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from tiktok_api import clock
from tiktok_api.db import Model, enum_column
from tiktok_api.db.search import searched
from tiktok_api.web.link_target import LinkTarget


class MediaStatus(StrEnum):
    """uploading → inspecting → ready or rejected."""

    UPLOADING = "uploading"
    INSPECTING = "inspecting"
    READY = "ready"
    REJECTED = "rejected"


UNINSPECTED = (MediaStatus.UPLOADING, MediaStatus.INSPECTING)
"""Neither ready nor rejected yet."""

THUMBNAIL_LINK, CONTENT_LINK = "media.show_linked_thumbnail", "media.show_linked_content"
"""The endpoints that serve media without a token."""
FRAME_LINK = "media.show_linked_frame"


class MediaKind(StrEnum):
    VIDEO = "video"
    PHOTO = "photo"


_UNFINISHED = text("status in ('uploading', 'inspecting')")


class Media(Model):
    """One video or photo. Before its inspection, `content_type` is only what the client says.

    `size_bytes` is unknown while the length is deferred; `received_bytes` never passes what storage has made durable, and
    `reserved_bytes` is what an unfinished upload counts for. `is_wanted`: a second connection was refused while another one
    held the upload. `source_url`, without its query, is the URL of an import, `source_id` what this was made from (of a slideshow
    the first photo), `progress` the made percentage of a film that is in the making. `labels` are also rows of MediaLabel. The results of inspection are null before it; sizes are those seen, after rotation. Rows of one owner with the same
    `sha256` share their bytes; see `deduplication`.
    """

    __tablename__ = "media"
    __table_args__ = (
        Index("ix_media_owner", "owner_id", "created_at", "id"),
        Index("ix_media_owner_kind", "owner_id", "kind", "created_at", "id"),
        Index("ix_media_owner_status", "owner_id", "status", "created_at", "id"),
        Index("ix_media_owner_sha256", "owner_id", "sha256"),
        Index("ix_media_unfinished", "status", sqlite_where=_UNFINISHED, postgresql_where=_UNFINISHED),
        Index(
            "ix_media_expiring",
            "expires_at",
            sqlite_where=text("expires_at IS NOT NULL"),
            postgresql_where=text("expires_at IS NOT NULL"),
        ),
    )

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    source_id: Mapped[UUID | None] = mapped_column(ForeignKey("media.id", ondelete="SET NULL"), index=True)
    status: Mapped[MediaStatus] = mapped_column(enum_column(MediaStatus), default=MediaStatus.UPLOADING)
    kind: Mapped[MediaKind | None] = mapped_column(enum_column(MediaKind))
    name: Mapped[str]
    content_type: Mapped[str | None]
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    received_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    reserved_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    bytes_per_second: Mapped[float | None]
    upload_metadata: Mapped[str | None]
    source_url: Mapped[str | None]
    expires_at: Mapped[datetime | None]
    is_wanted: Mapped[bool] = mapped_column(default=False)
    storage_key: Mapped[str | None] = mapped_column(index=True)
    thumbnail_key: Mapped[str | None] = mapped_column(index=True)
    sha256: Mapped[str | None]
    duplicate_of: Mapped[UUID | None] = mapped_column(ForeignKey("media.id", ondelete="SET NULL"), index=True)
    container: Mapped[str | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    orientation: Mapped[int | None]
    duration_seconds: Mapped[float | None]
    fps: Mapped[float | None]
    video_codec: Mapped[str | None]
    audio_codec: Mapped[str | None]
    has_audio: Mapped[bool | None]
    bitrate: Mapped[int | None] = mapped_column(BigInteger)
    rejection: Mapped[dict[str, Any] | None]
    progress: Mapped[float | None]
    labels: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    updated_at: Mapped[datetime] = mapped_column(default=clock.now, onupdate=clock.now, sort_order=100)

    @property
    def is_import(self) -> bool:
        """True if the server fetches the bytes itself, from a URL."""
        return self.source_url is not None

    @property
    def is_arriving(self) -> bool:
        """True while bytes are still awaited."""
        return self.status is MediaStatus.UPLOADING

    @property
    def is_lapsed(self) -> bool:
        """True if the upload was not finished in time and never will be."""
        return self.is_arriving and self.expires_at is not None and self.expires_at < clock.now()

    @property
    def is_pending(self) -> bool:
        """True if it may still become ready."""
        return self.status is MediaStatus.INSPECTING or (self.is_arriving and not self.is_lapsed)

    @property
    def is_ready(self) -> bool:
        """True if it was inspected and accepted."""
        return self.status is MediaStatus.READY

    @property
    def has_thumbnail(self) -> bool:
        """True if it has a small picture."""
        return self.thumbnail_key is not None

    @property
    def thumbnail_link(self) -> LinkTarget | None:
        """Returns the target of the signed link to its small picture."""
        key = self.thumbnail_key
        return None if key is None else LinkTarget(THUMBNAIL_LINK, "media_id", self.id, key)

    @property
    def content_link(self) -> LinkTarget | None:
        """Returns the target of the signed link to the file; None until it is ready."""
        is_there = self.is_ready and self.sha256 is not None
        return LinkTarget(CONTENT_LINK, "media_id", self.id, str(self.sha256)) if is_there else None

    @property
    def percentage(self) -> float | None:
        """Returns the received share of the upload, 0 to 100; None while its length is unknown."""
        if self.size_bytes is None:
            return None
        return round(100 * self.received_bytes / self.size_bytes, 2) if self.size_bytes else 100.0

    @property
    def eta_seconds(self) -> float | None:
        """Returns how long the rest takes at the last known rate; None while that is unknown."""
        if self.size_bytes is None or (self.bytes_per_second or 0) <= 0:
            return None
        return round((self.size_bytes - self.received_bytes) / (self.bytes_per_second or 1), 1)


NAMES = searched(Media.name)


class MediaLabel(Model):
    """One label of one media, by which they are found; `Media.labels` has them in their order."""

    __tablename__ = "media_labels"
    __table_args__ = (
        UniqueConstraint("media_id", "label"),
        Index("ix_media_labels_owner_label", "owner_id", "label", "media_id"),
    )

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    media_id: Mapped[UUID] = mapped_column(ForeignKey("media.id", ondelete="CASCADE"))
    label: Mapped[str]


class FrameSetStatus(StrEnum):
    """pending → ready or failed."""

    PENDING = "pending"
    READY = "ready"
    FAILED = "failed"


class FrameSet(Model):
    """So many evenly spaced pictures of a video, which were asked for."""

    __tablename__ = "frame_sets"
    __table_args__ = (
        UniqueConstraint("media_id", "frame_count"),
        Index("ix_frame_sets_owner_status", "owner_id", "status"),
    )

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    media_id: Mapped[UUID] = mapped_column(ForeignKey("media.id", ondelete="CASCADE"))
    frame_count: Mapped[int]
    status: Mapped[FrameSetStatus] = mapped_column(enum_column(FrameSetStatus), default=FrameSetStatus.PENDING)
    rejection: Mapped[dict[str, Any] | None]


class Frame(Model):
    """One picture of a FrameSet, at so many milliseconds of the video."""

    __tablename__ = "frames"
    __table_args__ = (UniqueConstraint("frame_set_id", "number"),)

    frame_set_id: Mapped[UUID] = mapped_column(ForeignKey("frame_sets.id", ondelete="CASCADE"))
    number: Mapped[int]
    timestamp_ms: Mapped[int]
    storage_key: Mapped[str] = mapped_column(index=True)

    @property
    def link(self) -> LinkTarget:
        """Returns the target of the signed link to the picture."""
        return LinkTarget(FRAME_LINK, "frame_id", self.id, self.storage_key)


class MediaImport(Model):
    """An unfinished import; the row is deleted with the last byte or the rejection.

    The URL is encrypted, because its query may contain credentials. `validator` is the strong ETag of the received bytes.
    `failures` counts the failed attempts in a row that brought too little to build on. `read_bytes` and `spent_seconds` are
    what all attempts together have cost.
    """

    __tablename__ = "media_imports"

    media_id: Mapped[UUID] = mapped_column(ForeignKey("media.id", ondelete="CASCADE"), unique=True)
    url_encrypted: Mapped[bytes]
    validator: Mapped[str | None]
    failures: Mapped[int] = mapped_column(default=0)
    read_bytes: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    spent_seconds: Mapped[float] = mapped_column(default=0.0, server_default="0")
    give_up_at: Mapped[datetime] = mapped_column(index=True)


class InspectionPause(Model):
    """Until when no file of an owner is opened, because `strikes` of them exhausted what an inspection may use."""

    __tablename__ = "inspection_pauses"

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), unique=True)
    strikes: Mapped[int]
    until_at: Mapped[datetime]
