"""The embedded runner: finds due jobs and runs them in threads, without a broker. Each lane has threads of its own."""

import queue as thread_queues
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from uuid import UUID

import structlog
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from tiktok_api import __version__, clock
from tiktok_api.db import database_now, explain, transaction
from tiktok_api.jobs import executor, queue, registry
from tiktok_api.jobs.heartbeats import Heartbeat
from tiktok_api.jobs.lane_threads import HeldJob, LaneThreads
from tiktok_api.jobs.lanes import Lane
from tiktok_api.jobs.models import Job, is_due, is_unsent
from tiktok_api.jobs.round_robin import DueJob
from tiktok_api.settings import Settings

log = structlog.get_logger(__name__)

TICK_SECONDS = 0.5
_OVERTAKEN_SECONDS = 0.02  # other runners were faster: there may be more
_BETWEEN_TRIES_SECONDS = 2.0
_PATIENCE_AT_START_SECONDS = 20.0
"""By then a database that starts beside the worker, or is being upgraded, is available; else a setting is wrong."""
_LONGEST_ENQUEUED = timedelta(seconds=30)


class Runner:
    """Any number of runners may share one database: a job is claimed before it is run. Each takes jobs of `lanes`."""

    def __init__(self, app: Flask, settings: Settings, lanes: Collection[Lane] = tuple(Lane)) -> None:
        self._app = app
        self._lease = timedelta(seconds=settings.lease_seconds)
        self._enqueued = min(self._lease, _LONGEST_ENQUEUED)
        self._threads = {lane: lane.count_threads(settings) for lane in lanes}
        self._lanes: list[LaneThreads] = []
        self._held: dict[UUID, HeldJob] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._stopped = threading.Event()
        self._woken: thread_queues.SimpleQueue[None] = thread_queues.SimpleQueue()  # a signal handler may put into it

    def run_forever(self) -> None:
        """Run jobs until `stop()`; running jobs are finished first.

        Raises what the database says if it cannot be used at the start.
        """
        heartbeat = Heartbeat(self._app, lanes=self._threads, busy=self._count_busy)
        heartbeat.start()
        log.info("worker.started", threads=self._threads, version=__version__)
        try:
            self._enqueue_recurring()
        except Exception:
            heartbeat.stop()
            raise
        with self._open_lanes():
            threading.Thread(target=self._renew_leases, name="lease-heartbeat", daemon=True).start()
            next_tick = time.monotonic()
            while not self._stopping.is_set():
                is_tick = time.monotonic() >= next_tick
                if is_tick:
                    next_tick = time.monotonic() + TICK_SECONDS
                self._look([lane for lane in self._lanes if is_tick or lane.may_wait])
                may_go_on = any(lane.may_wait and self._count_free(lane) for lane in self._lanes)
                self._sleep(_OVERTAKEN_SECONDS if may_go_on else max(0.0, next_tick - time.monotonic()))
        heartbeat.stop()
        log.info("worker.stopped")

    @contextmanager
    def _open_lanes(self) -> Iterator[None]:
        """Start the threads; at the end wait for the jobs that run, whose leases are renewed until then."""
        self._lanes = [LaneThreads(lane, threads) for lane, threads in self._threads.items()]
        try:
            yield
        finally:
            for lane in self._lanes:
                lane.pool.shutdown()
            self._stopped.set()

    def _sleep(self, seconds: float) -> None:
        """Wait until a job has ended for which others may wait, or the runner is told to stop, but not for long."""
        with suppress(thread_queues.Empty):
            self._woken.get(timeout=seconds)
            while True:
                self._woken.get_nowait()

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
            return sum(held.claimed is not None for held in self._held.values())

    def _count_free(self, lane: LaneThreads) -> int:
        with self._lock:
            return lane.threads - sum(held.lane is lane for held in self._held.values())

    def stop(self) -> None:
        """Start no more jobs."""
        self._stopping.set()
        self._woken.put(None)

    def _look(self, lanes: Collection[LaneThreads]) -> None:
        """Give due jobs of these lanes to free threads."""
        try:
            with self._app.app_context():
                for lane in lanes:
                    if free := self._count_free(lane):
                        self._hand_over(lane, free)
        except Exception as error:  # the database may be away for a while, or not upgraded yet: try again
            if isinstance(error, SQLAlchemyError):
                log.error("worker.waits_for_database", error=explain(error))  # noqa: TRY400  # it is tried again soon
            else:
                log.exception("runner.cannot_look")
            self._stopping.wait(_BETWEEN_TRIES_SECONDS)

    def _hand_over(self, lane: LaneThreads, free: int) -> None:
        with self._lock:
            running = [held.owner_id for held in self._held.values() if held.lane is lane]
        due = lane.owners.next_jobs(free, running)
        lane.may_wait = len(due) == free
        for job_id, owner_id in self._mark(due) if due else ():
            with self._lock:
                if job_id in self._held:
                    continue
                self._held[job_id] = HeldJob(owner_id, lane)
            lane.pool.submit(self._run, job_id)

    def _mark(self, due: list[DueJob]) -> list[DueJob]:
        """Mark jobs as handed over. Returns them without those that another runner was faster with."""
        wanted = [job_id for job_id, _ in due]
        still_due = select(Job.id).where(Job.id.in_(wanted), is_due(), is_unsent()).with_for_update(skip_locked=True)
        with transaction() as session:
            marked = set(session.scalars(still_due))
            session.execute(update(Job).where(Job.id.in_(marked)).values(enqueued_until=database_now(self._enqueued)))
        return [job for job in due if job[0] in marked]

    def _run(self, job_id: UUID) -> None:
        held = self._held[job_id]
        try:
            with self._app.app_context():
                job = executor.claim(job_id, self._lease)
                if job is None:
                    return
                with self._lock:
                    held.claimed = job
                executor.run(job)
        except Exception:  # the lease runs out and the job comes due again
            log.exception("runner.lost_a_job", job=str(job_id))
        finally:
            with self._lock:
                self._held.pop(job_id, None)
            if held.lane.may_wait:
                self._woken.put(None)

    def _renew_leases(self) -> None:
        """Renew the leases of running jobs three times as often as needed."""
        while not self._stopped.wait(self._lease.total_seconds() / 3):
            with self._lock:
                running = [held.claimed for held in self._held.values() if held.claimed]
            for job in running:
                try:
                    with self._app.app_context():
                        executor.renew_lease(job, self._lease)
                except Exception:  # one missed renewal is harmless
                    log.exception("runner.missed_a_beat", job=str(job.id))
