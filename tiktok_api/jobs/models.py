"""The jobs table."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Index, and_, literal_column, or_, text
from sqlalchemy.orm import Mapped, mapped_column

from tiktok_api.db import Model, business_now, database_now, enum_column
from tiktok_api.jobs.lanes import Lane

_WAITING = text("status = 'waiting'")


class JobStatus(StrEnum):
    """WAITING includes running, which is a lease; a job that is done is deleted."""

    WAITING = "waiting"
    DEAD = "dead"


class Job(Model):
    """One job. `due_at` is business time; leases are the database's real time.

    `epoch` is raised by each claim and fences off earlier ones; `enqueue_count` is raised whenever the job is enqueued again.
    Within a lane the owners take turns; jobs without an owner are the server's own and count as those of one more owner.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        # Partial: looking for due work costs the same however many jobs have died.
        Index("ix_jobs_lane_due", "lane", "due_at", sqlite_where=_WAITING, postgresql_where=_WAITING),
        Index("ix_jobs_lane_owner_due", "lane", "owner_id", "due_at", sqlite_where=_WAITING, postgresql_where=_WAITING),
        Index(
            "ix_jobs_dead",
            "kind",
            sqlite_where=text("status = 'dead'"),
            postgresql_where=text("status = 'dead'"),
        ),
    )

    kind: Mapped[str]
    lane: Mapped[Lane] = mapped_column(enum_column(Lane), server_default=Lane.SYNC)
    owner_id: Mapped[UUID | None]
    subject: Mapped[UUID | None]
    unique_key: Mapped[str] = mapped_column(unique=True)
    payload: Mapped[dict[str, Any]] = mapped_column(default=dict)
    status: Mapped[JobStatus] = mapped_column(enum_column(JobStatus), default=JobStatus.WAITING)
    due_at: Mapped[datetime]
    enqueued_until: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]
    epoch: Mapped[int] = mapped_column(default=0)
    enqueue_count: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None]
    request_id: Mapped[str | None]


def is_free() -> ColumnElement[bool]:
    """The condition that no worker holds the job: it has no lease, or its lease has run out."""
    return or_(Job.leased_until.is_(None), Job.leased_until < database_now())


def is_due() -> ColumnElement[bool]:
    """The condition that a worker may claim the job now."""
    return and_(is_waiting(), is_past_due(), is_free())


def is_ready(lane: Lane) -> ColumnElement[bool]:
    """The condition that a job of the lane waits for a thread: a worker may claim it, and none has put it off."""
    return and_(Job.lane == lane, is_due(), is_unsent())


def is_waiting() -> ColumnElement[bool]:
    """The condition that the job is not dead, in the very words of the indexes, which a parameter would keep from being used."""
    return Job.status == literal_column("'waiting'")


def is_past_due() -> ColumnElement[bool]:
    """The condition that the job's time has come."""
    return Job.due_at <= business_now()


def is_unsent() -> ColumnElement[bool]:
    """The condition that no worker has put the job off, because it runs it still although the lease has run out."""
    return or_(Job.enqueued_until.is_(None), Job.enqueued_until < database_now())
