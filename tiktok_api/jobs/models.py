"""The jobs table."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Index, and_, or_, text
from sqlalchemy.orm import Mapped, mapped_column

from tiktok_api.db import Model, business_now, database_now, enum_column


class JobStatus(StrEnum):
    """WAITING includes running, which is a lease; a job that is done is deleted."""

    WAITING = "waiting"
    DEAD = "dead"


class Job(Model):
    """One job. `due_at` is business time; leases are the database's real time.

    `epoch` is raised by each claim and fences off earlier ones; `enqueue_count` is raised whenever the job is enqueued again.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        # Partial: looking for due work costs the same however many jobs have died.
        Index(
            "ix_jobs_due",
            "due_at",
            sqlite_where=text("status = 'waiting'"),
            postgresql_where=text("status = 'waiting'"),
        ),
        Index(
            "ix_jobs_dead",
            "kind",
            sqlite_where=text("status = 'dead'"),
            postgresql_where=text("status = 'dead'"),
        ),
    )

    kind: Mapped[str]
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
    return and_(Job.status == JobStatus.WAITING, Job.due_at <= business_now(), is_free())
