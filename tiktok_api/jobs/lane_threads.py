"""The threads of one lane in a worker, and the jobs that they hold.

The runner hands over due jobs that it has chosen, and one of the threads claims all of them in one statement. While jobs are
short, as many more are handed over as there are threads, so that a thread that ends a job goes on with the next at once. Those
hold up no post behind a long job: what no thread has begun within a second is given back, to any worker.
"""

import queue as thread_queues
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from flask import Flask

from tiktok_api.jobs import executor
from tiktok_api.jobs.lanes import Lane
from tiktok_api.jobs.registry import ClaimedJob
from tiktok_api.jobs.round_robin import DueJob, OwnerId, RoundRobin

log = structlog.get_logger(__name__)

_SHORT_SECONDS = 0.5
_LONGEST_UNBEGUN_SECONDS = 1.0
_OVERTAKEN_SECONDS = 0.02  # another worker was faster: it may be claiming still
_UNKNOWN_SECONDS = 1.0
_WEIGHT_OF_ONE = 0.3


@dataclass(slots=True)
class HeldJob:
    """A job that was handed over; `claimed` once a thread has claimed it, `has_begun` once one runs it."""

    owner_id: OwnerId
    claimed: ClaimedJob | None = None
    claimed_at: float = 0.0
    has_begun: bool = False


class LaneThreads:
    """The threads of one lane. `may_wait`: at the last look more jobs were due than were handed over."""

    def __init__(
        self,
        lane: Lane,
        threads: int,
        *,
        app: Flask,
        lease: timedelta,
        stopping: threading.Event,
        ended: Callable[["LaneThreads"], None],
    ) -> None:
        """Once `stopping` is set no more jobs begin. `ended` is called, by any thread, when fewer jobs are held than before."""
        self.lane, self.threads, self.may_wait = lane, threads, False
        most_per_owner = lane.most_per_owner(threads)
        self._most_ahead = threads if most_per_owner == threads else 0
        self.owners = RoundRobin(lane, most_per_owner=most_per_owner + self._most_ahead)
        self._app, self._lease, self._ended = app, lease, ended
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=f"job-{lane}")
        self._held: dict[UUID, HeldJob] = {}
        self._lock = threading.Lock()
        self._claimed: thread_queues.SimpleQueue[UUID | None] = thread_queues.SimpleQueue()
        self._stopping = stopping
        self._usual_seconds = _UNKNOWN_SECONDS
        self._lacks_thread = False

    def count_free(self) -> int:
        """Returns how many threads have nothing to do."""
        with self._lock:
            return max(0, self.threads - len(self._held))

    def count_ahead(self) -> int:
        """Returns how many more jobs may be handed over than threads are free."""
        return self._most_ahead if self._usual_seconds < _SHORT_SECONDS else 0

    def count_busy(self) -> int:
        """Returns how many threads run a job."""
        with self._lock:
            return sum(held.has_begun for held in self._held.values())

    def held_jobs(self) -> Mapping[UUID, OwnerId]:
        """The jobs that were handed over and have not ended, with their owners."""
        with self._lock:
            return {job_id: held.owner_id for job_id, held in self._held.items()}

    def claimed_jobs(self) -> list[ClaimedJob]:
        """The jobs with a lease."""
        with self._lock:
            return [held.claimed for held in self._held.values() if held.claimed]

    def hand_over(self, due: Sequence[DueJob]) -> None:
        """Have the threads claim these jobs and run those that they get, in this order."""
        with self._lock:
            self._held.update({job_id: HeldJob(owner_id) for job_id, owner_id in due})
        self._submit(self._claim, [job_id for job_id, _ in due])
        for _ in due:
            self._submit(self._run_next)

    def _submit(self, act: Callable[..., None], *arguments: Any) -> None:
        try:
            self._pool.submit(act, *arguments)
        except RuntimeError:  # the system has no thread to give: it is queued all the same, for those that there are
            self._lacks_thread = True

    def start_missing_thread(self) -> None:
        """Try again to start a thread, where the system had none to give: what is queued may wait for the first one."""
        if self._lacks_thread:
            self._lacks_thread = False
            self._submit(lambda: None)

    def give_back(self) -> None:
        """Give back what no thread has begun for too long; before a stop, at once: jobs that run may take long to end."""
        latest = time.monotonic() - (0 if self._stopping.is_set() else _LONGEST_UNBEGUN_SECONDS)
        with self._lock:
            given = [held for held in self._held.values() if held.claimed and not held.has_begun]
            given = [held for held in given if held.claimed_at <= latest]
        self._release([held.claimed.id for held in given if held.claimed])

    def wait(self) -> None:
        """Wait for the jobs that run."""
        self._pool.shutdown()

    def _claim(self, job_ids: Sequence[UUID]) -> None:
        claimed: list[ClaimedJob] = []
        try:
            with self._app.app_context():
                claimed = [] if self._stopping.is_set() else executor.claim(job_ids, self._lease)
        except Exception:  # they are as due as before
            log.exception("runner.lost_a_job", job=", ".join(map(str, job_ids)))
            self.may_wait = False  # not at once: it would fail again
        got = {job.id: job for job in claimed}
        with self._lock:
            for job_id in job_ids:
                if job_id in got:
                    self._held[job_id].claimed, self._held[job_id].claimed_at = got[job_id], time.monotonic()
                else:
                    del self._held[job_id]
        for job_id in job_ids:
            self._claimed.put(job_id if job_id in got else None)
        self.give_back()  # a worker that was told to stop meanwhile begins none of them
        if not got:
            self._stopping.wait(_OVERTAKEN_SECONDS)
        if len(got) < len(job_ids):
            self._ended(self)

    def _run_next(self) -> None:
        """Run the job that was claimed longest ago; None stands for one that was not to be had."""
        job_id, began = self._claimed.get(), time.monotonic()
        with self._lock:
            held = None if job_id is None else self._held.get(job_id)
            if held is None or held.claimed is None or held.has_begun:
                return
            # After more than a lease, as when the process stood still, another worker may have done it.
            is_stale = began - held.claimed_at > self._lease.total_seconds()
            held.has_begun = not is_stale and not self._stopping.is_set()
        if not held.has_begun:
            self._release([held.claimed.id])
            self._ended(self)
            return
        try:
            with self._app.app_context():
                executor.run(held.claimed)
        except Exception:  # the lease runs out and the job comes due again
            log.exception("runner.lost_a_job", job=str(job_id))
        finally:
            seconds = time.monotonic() - began
            self._usual_seconds += (seconds - self._usual_seconds) * _WEIGHT_OF_ONE
            with self._lock:
                self._held.pop(held.claimed.id, None)
            self._ended(self)

    def _release(self, job_ids: Collection[UUID]) -> None:
        with self._lock:
            found = [self._held[job_id] for job_id in job_ids if job_id in self._held]
            jobs = [held.claimed for held in found if held.claimed and not held.has_begun]
            for job in jobs:
                del self._held[job.id]
        if not jobs:
            return
        try:
            with self._app.app_context():
                executor.give_back(jobs)
        except Exception:  # their leases run out
            log.exception("runner.lost_a_job", job=", ".join(str(job.id) for job in jobs))
