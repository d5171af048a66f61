"""The tables that describe unfinished uploads to S3. S3 has no locks and keeps every part that it was ever sent."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from tiktok_api.db import Model


class StorageUpload(Model):
    """One key that is appended to, until it is finalized.

    `epoch` counts its writers and fences the earlier ones off; `leased_until` is the database's real time. `last_part` is
    the highest part number given out: no number is given twice, so no part is ever written with two contents.
    """

    __tablename__ = "storage_uploads"

    key: Mapped[str] = mapped_column(unique=True)
    upload_id: Mapped[str | None]
    last_part: Mapped[int] = mapped_column(default=0)
    epoch: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None]
    is_finalized: Mapped[bool] = mapped_column(default=False)


class StorageSegment(Model):
    """The bytes from `start_offset` up to `end_offset` (excluded) of an upload: a part of it, or an object named `piece`."""

    __tablename__ = "storage_segments"
    __table_args__ = (Index("ix_storage_segments_key", "key", "start_offset"),)

    key: Mapped[str] = mapped_column(ForeignKey("storage_uploads.key", ondelete="CASCADE"))
    start_offset: Mapped[int] = mapped_column(BigInteger)
    end_offset: Mapped[int] = mapped_column(BigInteger)
    part: Mapped[int | None]
    piece: Mapped[str | None]
