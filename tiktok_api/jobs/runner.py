"""The embedded runner: finds due jobs and runs them in threads, without a broker. Each lane has threads of its own."""

import queue as thread_queues
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

import structlog
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from tiktok_api import __version__, clock
from tiktok_api.db import explain, transaction
from tiktok_api.jobs import executor, queue, registry
from tiktok_api.jobs.heartbeats import Heartbeat
from tiktok_api.jobs.lane_threads import LaneThreads
from tiktok_api.jobs.lanes import Lane
from tiktok_api.settings import Settings

log = structlog.get_logger(__name__)

TICK_SECONDS = 0.5
_BETWEEN_TRIES_SECONDS = 2.0
_PATIENCE_AT_START_SECONDS = 20.0
"""By then a database that starts beside the worker, or is being upgraded, is available; else a setting is wrong."""
_LONGEST_UNTOLD = timedelta(seconds=30)
"""For so long no worker looks at a job whose lease has run out although it runs."""


class Runner:
    """Any number of runners may share one database: a job is claimed before it is run. Each takes jobs of `lanes`."""

    def __init__(
        self,
        app: Flask,
        settings: Settings,
        lanes: Collection[Lane] = tuple(Lane),
        *,
        tick_seconds: float = TICK_SECONDS,
    ) -> None:
        """`tick_seconds`: how often the runner looks for jobs that have come due while threads had nothing to do."""
        self._app = app
        self._lease = timedelta(seconds=settings.lease_seconds)
        self._longest_untold = min(self._lease, _LONGEST_UNTOLD)
        self._tick_seconds = tick_seconds
        self._threads = {lane: lane.count_threads(settings) for lane in lanes}
        self._lanes: list[LaneThreads] = []
        self._stopping = threading.Event()
        self._stopped = threading.Event()
        # A signal handler may put into it as well.
        self._woken: thread_queues.SimpleQueue[LaneThreads | None] = thread_queues.SimpleQueue()

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
            self._hand_out_jobs()
        heartbeat.stop()
        log.info("worker.stopped")

    @contextmanager
    def _open_lanes(self) -> Iterator[None]:
        """Start the threads; at the end wait for the jobs that run, whose leases are renewed until then."""
        self._lanes = [
            LaneThreads(lane, threads, app=self._app, lease=self._lease, stopping=self._stopping, ended=self._woken.put)
            for lane, threads in self._threads.items()
        ]
        try:
            yield
        finally:
            for lane in self._lanes:
                lane.give_back()
            for lane in self._lanes:
                lane.wait()
            self._stopped.set()

    def _hand_out_jobs(self) -> None:
        """Look for jobs in every lane at each tick, and in a lane where more are due whenever a job ends."""
        next_tick = time.monotonic()
        while not self._stopping.is_set():
            if time.monotonic() >= next_tick:
                next_tick = time.monotonic() + self._tick_seconds
                self._look()
            ended = self._sleep(max(0.0, next_tick - time.monotonic()))
            if may_go_on := [lane for lane in self._lanes if lane in ended and lane.may_wait]:
                self._look(may_go_on)

    def _sleep(self, seconds: float) -> set[LaneThreads | None]:
        """Wait until jobs have ended, and return their lanes, or until the runner is told to stop, but not for long."""
        ended: set[LaneThreads | None] = set()
        with suppress(thread_queues.Empty):
            ended.add(self._woken.get(timeout=seconds))
            while True:
                ended.add(self._woken.get_nowait())
        return ended

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
        return sum(lane.count_busy() for lane in self._lanes)

    def stop(self) -> None:
        """Start no more jobs."""
        self._stopping.set()
        self._woken.put(None)

    def _look(self, lanes: Collection[LaneThreads] | None = None) -> None:
        """Give due jobs of these lanes, or of all in which any are due, to free threads."""
        try:
            with self._app.app_context():
                for lane in self._find_ready() if lanes is None else lanes:
                    if free := lane.count_free():
                        self._hand_over(lane, free)
        except Exception as error:  # the database may be away for a while, or not upgraded yet: try again
            if isinstance(error, SQLAlchemyError):
                log.error("worker.waits_for_database", error=explain(error))  # noqa: TRY400  # it is tried again soon
            else:
                log.exception("runner.cannot_look")
            self._stopping.wait(_BETWEEN_TRIES_SECONDS)

    def _find_ready(self) -> Collection[LaneThreads]:
        """Returns the lanes in which jobs are due, by one query. What no thread has begun in time is given back before."""
        for lane in self._lanes:
            lane.start_missing_thread()
            lane.give_back()
        ready = queue.ready_lanes(self._threads)
        return [lane for lane in self._lanes if lane.lane in ready]

    def _hand_over(self, lane: LaneThreads, free: int) -> None:
        turn = lane.owners.next_turn(free + lane.count_ahead(), lane.held_jobs())
        lane.may_wait = turn.has_more
        if lapsed := {job.id for job in lane.claimed_jobs()}.intersection(turn.held):
            executor.put_off(lapsed, self._longest_untold)
        if turn.jobs:
            lane.hand_over(turn.jobs)

    def _renew_leases(self) -> None:
        """Renew the leases of claimed jobs three times as often as needed."""
        while not self._stopped.wait(self._lease.total_seconds() / 3):
            for job in [job for lane in self._lanes for job in lane.claimed_jobs()]:
                try:
                    with self._app.app_context():
                        executor.renew_lease(job, self._lease)
                except Exception:  # one missed renewal is harmless
                    log.exception("runner.missed_a_beat", job=str(job.id))
