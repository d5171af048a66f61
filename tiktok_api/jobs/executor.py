"""Running one job: claim it by compare-and-set, run its task, record the outcome."""

import random
import time
import traceback
from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from tiktok_api import clock
from tiktok_api.db import database_now, db, end_reading, transaction
from tiktok_api.extensions import service
from tiktok_api.jobs import queue, registry
from tiktok_api.jobs.backoff import backoff
from tiktok_api.jobs.models import Job, JobStatus, is_due
from tiktok_api.jobs.registry import ClaimedJob, Recorded, RunAgain
from tiktok_api.metrics import counters
from tiktok_api.schema import revisions
from tiktok_api.settings import Settings

log = structlog.get_logger(__name__)

_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 3600.0
_UNTIL_UPGRADED = timedelta(seconds=30)


def claim(job_ids: Sequence[UUID], lease: timedelta) -> list[ClaimedJob]:
    """Claim several jobs in one statement. Returns those that were due and that no other worker holds, in the same order."""
    due = select(Job.id).where(Job.id.in_(job_ids), is_due()).with_for_update(skip_locked=True)
    claimed = (
        update(Job)
        .where(Job.id.in_(due.scalar_subquery()))
        .values(epoch=Job.epoch + 1, leased_until=database_now(lease), enqueued_until=None)
        .returning(*(getattr(Job, each.name) for each in fields(ClaimedJob)))
        .execution_options(synchronize_session=False)
    )
    with transaction() as session:
        found = {job.id: job for job in (ClaimedJob(*row) for row in session.execute(claimed))}
    return [found[job_id] for job_id in job_ids if job_id in found]


def give_back(jobs: Sequence[ClaimedJob]) -> None:
    """Give up jobs that were claimed and not begun: any worker may claim them at once."""
    for job in jobs:  # each by itself: others move jobs in an order of their own, and two locks could meet theirs
        with transaction() as session:
            mine = update(Job).where(Job.id == job.id, Job.epoch == job.epoch)
            session.execute(mine.values(leased_until=None).execution_options(synchronize_session=False))


def put_off(job_ids: Collection[UUID], pause: timedelta) -> None:
    """Let no worker look at due jobs for a while: one runs them still, whose lease has run out."""
    for job_id in job_ids:  # each by itself, as in `give_back`
        with transaction() as session:
            running = update(Job).where(Job.id == job_id, Job.leased_until.is_not(None))  # it may have ended since
            off = running.values(enqueued_until=database_now(pause))
            session.execute(off.execution_options(synchronize_session=False))


def renew_lease(job: ClaimedJob, lease: timedelta) -> bool:
    """Extend the lease of a job that takes longer. Returns False if it is not held any more, or by another worker."""
    with transaction() as session:
        renewed = session.execute(
            update(Job)
            .where(Job.id == job.id, Job.epoch == job.epoch, Job.leased_until.is_not(None))
            .values(leased_until=database_now(lease))
            .returning(Job.id)
        ).scalar()
    return renewed is not None


def run(job: ClaimedJob) -> None:
    """Run the task of a claimed job and record the outcome; exceptions of the task are recorded, never raised."""
    structlog.contextvars.bind_contextvars(request_id=job.request_id, job=str(job.id), kind=job.kind)
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
        if isinstance(outcome, Recorded):
            outcome = outcome.outcome
        else:
            _record(job, outcome)
        result = "again" if outcome else "done"
    finally:
        _count(job.kind, result, time.monotonic() - began)
        structlog.contextvars.clear_contextvars()


def _record(job: ClaimedJob, outcome: RunAgain | None) -> None:
    with transaction():
        queue.record_outcome(job, outcome)


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
