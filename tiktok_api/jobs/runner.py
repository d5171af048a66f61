"""The embedded runner: finds due jobs and runs them in threads, without a broker."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import structlog
from flask import Flask
from sqlalchemy import or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from tiktok_api import __version__, clock
from tiktok_api.db import database_now, db, explain, transaction
from tiktok_api.jobs import executor, queue, registry
from tiktok_api.jobs.heartbeats import Heartbeat
from tiktok_api.jobs.models import Job, is_due
from tiktok_api.jobs.registry import ClaimedJob
from tiktok_api.settings import Settings

log = structlog.get_logger(__name__)

TICK_SECONDS = 0.5
_BETWEEN_TRIES_SECONDS = 2.0
_PATIENCE_AT_START_SECONDS = 20.0
"""By then a database that starts beside the worker, or is being upgraded, is available; else a setting is wrong."""
_LONGEST_ENQUEUED = timedelta(seconds=30)


class Runner:
    """Any number of runners may share one database: a job is claimed before it is run."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        self._app = app
        self._lease = timedelta(seconds=settings.lease_seconds)
        self._enqueued = min(self._lease, _LONGEST_ENQUEUED)
        self._threads = settings.worker_threads
        self._settings = settings
        self._held: dict[UUID, ClaimedJob | None] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._stopped = threading.Event()

    def run_forever(self) -> None:
        """Run jobs until `stop()`; running jobs are finished first.

        Raises what the database says if it cannot be used at the start.
        """
        heartbeat = Heartbeat(self._app, threads=self._threads, busy=self._count_busy)
        heartbeat.start()
        log.info("worker.started", threads=self._threads, version=__version__)
        try:
            self._enqueue_recurring()
        except Exception:
            heartbeat.stop()
            raise
        threading.Thread(target=self._renew_leases, name="lease-heartbeat", daemon=True).start()
        with ThreadPoolExecutor(self._threads, thread_name_prefix="job") as pool:
            while not self._stopping.is_set():
                if not self._hand_over(pool):
                    self._stopping.wait(TICK_SECONDS)
        self._stopped.set()
        heartbeat.stop()
        log.info("worker.stopped")

    def _enqueue_recurring(self) -> None:
        """Enqueue the recurring jobs, waiting for a database that is away or not upgraded yet; raises in the end."""
        patience_ends = time.monotonic() + _PATIENCE_AT_START_SECONDS
        while not self._stopping.is_set():
            try:
                with self._app.app_context(), transaction():
                    for task in registry.recurring():
                        queue.enqueue_once(task.kind, due_at=clock.now(), unique_key=f"recurring:{task.kind}")
            except SQLAlchemyError as error:
                if time.monotonic() > patience_ends:
                    raise
                log.error("worker.waits_for_database", error=explain(error))  # noqa: TRY400  # it is tried again soon
            else:
                return
            self._stopping.wait(_BETWEEN_TRIES_SECONDS)

    def _count_busy(self) -> int:
        with self._lock:
            return sum(job is not None for job in self._held.values())

    def stop(self) -> None:
        """Start no more jobs."""
        self._stopping.set()

    def _hand_over(self, pool: ThreadPoolExecutor) -> bool:
        """Give due jobs to free threads. Returns True if more may be due."""
        with self._lock:
            free = self._threads - len(self._held)
        if not free:
            return False
        try:
            with self._app.app_context():
                found = self._find_due(free)
        except Exception as error:  # the database may be away for a while, or not upgraded yet: try again
            if isinstance(error, SQLAlchemyError):
                log.error("worker.waits_for_database", error=explain(error))  # noqa: TRY400  # it is tried again soon
            else:
                log.exception("runner.cannot_look")
            self._stopping.wait(_BETWEEN_TRIES_SECONDS)
            found = []
        for job_id in found:
            with self._lock:
                if job_id in self._held:
                    continue
                self._held[job_id] = None
            pool.submit(self._run, job_id)
        return len(found) == free

    def _find_due(self, most: int) -> list[UUID]:
        """Mark jobs to run as enqueued. Returns their ids, the longest due first."""
        is_unsent = or_(Job.enqueued_until.is_(None), Job.enqueued_until < database_now())
        due = select(Job.id).where(is_due(), is_unsent).order_by(Job.due_at).limit(most)
        if not db.session.execute(due).first():  # without a write lock
            return []
        with transaction() as session:
            ids = list(session.scalars(due.with_for_update(skip_locked=True)))
            session.execute(update(Job).where(Job.id.in_(ids)).values(enqueued_until=database_now(self._enqueued)))
        return ids

    def _run(self, job_id: UUID) -> None:
        try:
            with self._app.app_context():
                job = executor.claim(job_id, self._lease)
                if job is None:
                    return
                with self._lock:
                    self._held[job_id] = job
                executor.run(job)
        except Exception:  # the lease runs out and the job comes due again
            log.exception("runner.lost_a_job", job=str(job_id))
        finally:
            with self._lock:
                self._held.pop(job_id, None)

    def _renew_leases(self) -> None:
        """Renew the leases of running jobs three times as often as needed."""
        while not self._stopped.wait(self._lease.total_seconds() / 3):
            with self._lock:
                running = [job for job in self._held.values() if job]
            for job in running:
                try:
                    with self._app.app_context():
                        executor.renew_lease(job, self._lease)
                except Exception:  # one missed renewal is harmless
                    log.exception("runner.missed_a_beat", job=str(job.id))
