"""Running one job: claim it by compare-and-set, run its task, record the outcome."""

import random
import time
import traceback
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import case, delete, update
from sqlalchemy.exc import DBAPIError

from tiktok_api import clock
from tiktok_api.db import database_now, db, end_reading, transaction
from tiktok_api.extensions import service
from tiktok_api.jobs import registry
from tiktok_api.jobs.backoff import backoff
from tiktok_api.jobs.models import Job, JobStatus, is_due
from tiktok_api.jobs.registry import ClaimedJob, RunAgain
from tiktok_api.metrics import counters
from tiktok_api.schema import revisions
from tiktok_api.settings import Settings

log = structlog.get_logger(__name__)

_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 3600.0
_UNTIL_UPGRADED = timedelta(seconds=30)


def claim(job_id: UUID, lease: timedelta) -> ClaimedJob | None:
    """Claim a due job that no worker holds. Returns None if another worker was faster or the job is not due any more."""
    with transaction() as session:
        row = session.execute(
            update(Job)
            .where(Job.id == job_id, is_due())
            .values(epoch=Job.epoch + 1, leased_until=database_now(lease), enqueued_until=None)
            .returning(Job.kind, Job.subject, Job.payload, Job.epoch, Job.attempts, Job.enqueue_count, Job.request_id)
        ).one_or_none()
    if row is None:
        return None
    structlog.contextvars.bind_contextvars(request_id=row.request_id, job=str(job_id), kind=row.kind)
    return ClaimedJob(job_id, row.kind, row.subject, row.payload, row.epoch, row.attempts, row.enqueue_count)


def renew_lease(job: ClaimedJob, lease: timedelta) -> bool:
    """Extend the lease of a job that takes longer. Returns False if another worker has claimed it."""
    with transaction() as session:
        renewed = session.execute(
            update(Job)
            .where(Job.id == job.id, Job.epoch == job.epoch)
            .values(leased_until=database_now(lease))
            .returning(Job.id)
        ).scalar()
    return renewed is not None


def run(job: ClaimedJob) -> None:
    """Run the task of a claimed job and record the outcome; exceptions of the task are recorded, never raised."""
    began, result = time.monotonic(), "failed"
    try:
        task = registry.find(job.kind)
        outcome = task.act(job, **{name: service(kind) for name, kind in task.needs.items()})
        if outcome is None and task.every is not None:
            outcome = RunAgain(clock.now() + task.every(service(Settings)))
    except Exception as error:  # whatever it is, the job stays and is tried again
        db.session.rollback()
        if isinstance(error, DBAPIError) and revisions.is_about_schema(
            error
        ):  # not the job's fault, however long it lasts
            log.exception("job.waits_for_upgrade")
            _record(job, RunAgain(clock.now() + _UNTIL_UPGRADED))
            result = "again"
        else:
            log.exception("job.failed", attempts=job.attempts + 1)
            result = "dead" if _record_failure(job, error) else "failed"
    else:
        end_reading()
        _record(job, outcome)
        result = "again" if outcome else "done"
    finally:
        _count(job.kind, result, time.monotonic() - began)
        structlog.contextvars.clear_contextvars()


def _record(job: ClaimedJob, outcome: RunAgain | None) -> None:
    """Delete a job that is done, postpone one that is not; one that was enqueued again meanwhile keeps its new time."""
    held = (Job.id == job.id, Job.epoch == job.epoch)
    is_unchanged = Job.enqueue_count == job.enqueue_count
    with transaction() as session:
        if outcome is None:
            session.execute(delete(Job).where(*held, is_unchanged))
        due_at = outcome.at if outcome else clock.now()
        session.execute(
            update(Job)
            .where(*held)
            .values(
                leased_until=None, attempts=0, last_error=None, due_at=case((is_unchanged, due_at), else_=Job.due_at)
            )
        )


def _count(kind: str, outcome: str, seconds: float) -> None:
    known = kind if registry.is_known(kind) else "unknown"
    counters.jobs.labels(known, outcome).inc()
    counters.job_seconds.labels(known).observe(seconds)


def _record_failure(job: ClaimedJob, error: Exception) -> bool:
    """Record a failure. Returns True if it was one too many and the job is dead."""
    attempts = job.attempts + 1
    pause = backoff(job.attempts, first=_FIRST_PAUSE, longest=_LONGEST_PAUSE) * random.uniform(0.5, 1.5)
    try:
        task = registry.find(job.kind)
        is_dead = (
            attempts >= task.most_failures and task.every is None
        )  # recurring jobs are enqueued only when a worker starts
    except registry.UnknownTask:
        is_dead = False  # a worker of another version may handle it
    with transaction() as session:
        session.execute(
            update(Job)
            .where(Job.id == job.id, Job.epoch == job.epoch)
            .values(
                leased_until=None,
                attempts=attempts,
                last_error="".join(traceback.format_exception_only(error))[:1000],
                due_at=clock.now() + timedelta(seconds=pause),
                status=JobStatus.DEAD if is_dead else JobStatus.WAITING,
            )
        )
    return is_dead
