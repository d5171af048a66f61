"""Enqueueing and cancelling jobs, inside the caller's transaction."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, ScalarSelect, case, delete, literal, or_, select, union_all, update

from tiktok_api import clock
from tiktok_api.db import business_now, db, insert_into, new_id
from tiktok_api.db.writes import make_row
from tiktok_api.jobs import registry
from tiktok_api.jobs.lanes import Lane
from tiktok_api.jobs.models import Job, JobStatus, is_ready
from tiktok_api.jobs.registry import ClaimedJob, RunAgain

Owner = UUID | ScalarSelect[UUID] | None
"""The user who waits for a job, or a subquery for it; None: the server itself."""


def enqueue(
    kind: str,
    *,
    due_at: datetime,
    owner_id: Owner,
    subject: UUID | None = None,
    unique_key: str | None = None,
    payload: dict[str, Any] | None = None,
) -> None:
    """Enqueue a job for `due_at`, one for each `unique_key` (by default kind and subject). The owners take turns.

    A job that exists already is moved to the new time and, if it was dead, revived; if it is running, it runs again afterwards.
    """
    key = unique_key or f"{kind}:{subject or ''}"
    values = {
        "id": new_id(),
        "created_at": clock.now(),
        "kind": kind,
        "lane": registry.lane_of(kind),
        "owner_id": owner_id,
        "subject": subject,
        "unique_key": key,
        "payload": payload or {},
        "status": JobStatus.WAITING,
        "due_at": due_at,
        "epoch": 0,
        "enqueue_count": 0,
        "attempts": 0,
        "request_id": structlog.contextvars.get_contextvars().get("request_id"),
    }
    statement = insert_into(Job).values(values)
    moved = {
        "lane": statement.excluded.lane,
        "owner_id": statement.excluded.owner_id,
        "payload": payload or {},
        **_moved_to(due_at),
    }
    db.session.execute(statement.on_conflict_do_update(index_elements=["unique_key"], set_=moved))


def _moved_to(due_at: datetime) -> dict[str, Any]:
    """What changes of a job that is to run at another time: it is revived, and runs again if it is running."""
    return {
        "due_at": due_at,
        "enqueue_count": Job.enqueue_count + 1,
        "attempts": 0,
        "status": JobStatus.WAITING,
        "enqueued_until": None,
    }


def make_job(kind: str, *, due_at: datetime, owner_id: UUID, subject: UUID, unique_key: str) -> Job:
    """A row for `insert_rows`, of a job that no other can have the key of."""
    return make_row(
        Job,
        kind=kind,
        lane=registry.lane_of(kind),
        owner_id=owner_id,
        subject=subject,
        unique_key=unique_key,
        due_at=due_at,
        request_id=structlog.contextvars.get_contextvars().get("request_id"),
    )


def enqueue_once(kind: str, *, due_at: datetime, unique_key: str) -> None:
    """As `enqueue`, of the server itself, but a job that exists already stays as it is."""
    if db.session.scalar(select(Job.id).where(Job.unique_key == unique_key)) is None:
        enqueue(kind, due_at=due_at, owner_id=None, unique_key=unique_key)


def run_now(unique_key: str) -> None:
    """Let a job come due now, if there is one; if it is running, it runs again afterwards."""
    db.session.execute(
        update(Job)
        .where(Job.unique_key == unique_key)
        .values(_moved_to(clock.now()))
        .execution_options(synchronize_session=False)
    )


def find_postponed(unique_keys: Collection[str]) -> set[str]:
    """Returns those of the jobs that are not due, or run already: one that waits for a worker sees all that is so now."""
    would_miss_it = or_(Job.due_at > business_now(), Job.leased_until.is_not(None))
    return set(db.session.scalars(select(Job.unique_key).where(Job.unique_key.in_(unique_keys), would_miss_it)))


def find_sound(unique_keys: Collection[str]) -> set[str]:
    """Returns those of the jobs that have not failed since they ended well or were enqueued again; a killed worker is no failure."""
    return set(db.session.scalars(select(Job.unique_key).where(Job.unique_key.in_(unique_keys), Job.attempts == 0)))


def cancel(unique_key: str) -> None:
    """Delete a job. A worker that runs it finds out at its next compare-and-set."""
    db.session.execute(delete(Job).where(Job.unique_key == unique_key))


def record_outcome(job: ClaimedJob, outcome: RunAgain | None) -> None:
    """Delete a job that is done, postpone one that is not; one that was enqueued again meanwhile keeps its new time.

    It changes nothing once another worker has claimed the job.
    """
    held = (Job.id == job.id, Job.epoch == job.epoch)
    is_unchanged = Job.enqueue_count == job.enqueue_count
    if outcome is None:
        deleted = db.session.execute(
            delete(Job).where(*held, is_unchanged).returning(Job.id).execution_options(synchronize_session=False)
        )
        if deleted.scalar() is not None:
            return
    due_at = outcome.at if outcome else clock.now()
    free = {"leased_until": None, "attempts": 0, "last_error": None}
    db.session.execute(
        update(Job)
        .where(*held)
        .values(due_at=case((is_unchanged, due_at), else_=Job.due_at), **free)
        .execution_options(synchronize_session=False)
    )


def ready_lanes(lanes: Collection[Lane]) -> set[Lane]:
    """Returns those of the lanes in which a due job waits for a thread, by one query."""
    asked = (select(literal(lane.value)).where(select(Job.id).where(is_ready(lane)).exists()) for lane in lanes)
    return {Lane(found) for found in db.session.scalars(union_all(*asked))}


def is_held(job: ClaimedJob) -> bool:
    """Returns True if the job is still this worker's: no other worker has claimed it since, and it was not cancelled."""
    return bool(db.session.scalar(select(is_still_held(job))))


def is_still_held(job: ClaimedJob) -> ColumnElement[bool]:
    """As `is_held`, as a column of another query."""
    return select(Job.id).where(Job.id == job.id, Job.epoch == job.epoch).exists()
