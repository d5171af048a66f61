"""Recurrences, their targets and media, and the occurrences of which posts were made."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tiktok_api import clock
from tiktok_api.db import Model

MATERIALISE = "posts.materialise"
"""The kind of the job that makes the posts of a recurrence."""


def job_key(recurrence_id: UUID) -> str:
    """Returns the unique key of the job that makes the posts of a recurrence."""
    return f"{MATERIALISE}:{recurrence_id}"


class RecurrenceStatus(StrEnum):
    """Ended: all of its posts are made, and no other comes."""

    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"


class Recurrence(Model):
    """A rule, its first wall time, and what its posts say.

    `next_number` is the lowest number of an occurrence that may be free; the number chooses the media. Occurrences
    until `looked_until` were dealt with. `consent_session_id` or `consent_key_id` is the credential by which its person agreed at `consented_at`.
    """

    __tablename__ = "recurrences"
    __table_args__ = (Index("ix_recurrences_owner_created", "owner_id", "created_at", "id"),)

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    rule: Mapped[str]
    local_time: Mapped[str]
    timezone: Mapped[str]
    exceptions: Mapped[list[str]] = mapped_column(default=list)
    content: Mapped[dict[str, Any]] = mapped_column(default=dict)
    repeat_media: Mapped[bool] = mapped_column(default=True)
    is_paused: Mapped[bool] = mapped_column(default=False)
    last_problem: Mapped[dict[str, Any] | None]
    next_number: Mapped[int] = mapped_column(default=0)
    looked_until: Mapped[datetime]
    consented_at: Mapped[datetime]
    consent_session_id: Mapped[UUID | None]
    consent_key_id: Mapped[UUID | None]
    ended_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)

    @property
    def status(self) -> RecurrenceStatus:
        """Whether posts are still made of it."""
        if self.is_paused:
            return RecurrenceStatus.PAUSED
        return RecurrenceStatus.ACTIVE if self.ended_at is None else RecurrenceStatus.ENDED


class RecurrenceTarget(Model):
    """An account that each post goes to; null once it was disconnected."""

    __tablename__ = "recurrence_targets"
    __table_args__ = (UniqueConstraint("recurrence_id", "position"),)

    recurrence_id: Mapped[UUID] = mapped_column(ForeignKey("recurrences.id", ondelete="CASCADE"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"), index=True)
    position: Mapped[int]
    overrides: Mapped[dict[str, Any]] = mapped_column(default=dict)


class RecurrenceMedia(Model):
    """Media that the posts of one turn show, in their order."""

    __tablename__ = "recurrence_media"
    __table_args__ = (UniqueConstraint("recurrence_id", "turn", "position"),)

    recurrence_id: Mapped[UUID] = mapped_column(ForeignKey("recurrences.id", ondelete="CASCADE"))
    media_id: Mapped[UUID] = mapped_column(ForeignKey("media.id"), index=True)
    turn: Mapped[int]
    position: Mapped[int]


class RecurrenceOccurrence(Model):
    """An occurrence that was dealt with: at most one a day, whatever workers believe.

    `post_id` is null once the post was deleted. The post is untouched as long as its `updated_at` is `post_updated_at`.
    """

    __tablename__ = "recurrence_occurrences"
    __table_args__ = (UniqueConstraint("recurrence_id", "local_date"),)

    recurrence_id: Mapped[UUID] = mapped_column(ForeignKey("recurrences.id", ondelete="CASCADE"))
    local_date: Mapped[str]
    publish_at: Mapped[datetime]
    number: Mapped[int]
    post_id: Mapped[UUID | None] = mapped_column(ForeignKey("posts.id", ondelete="SET NULL"), index=True)
    post_updated_at: Mapped[datetime]
    problem: Mapped[dict[str, Any] | None]
