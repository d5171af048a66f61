"""The threads of one lane in a worker, and the jobs that they hold."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tiktok_api.jobs.lanes import Lane
from tiktok_api.jobs.registry import ClaimedJob
from tiktok_api.jobs.round_robin import OwnerId, RoundRobin


class LaneThreads:
    """The threads of one lane. `may_wait`: at the last look there were at least as many due jobs as free threads."""

    def __init__(self, lane: Lane, threads: int) -> None:
        self.threads = threads
        self.owners = RoundRobin(lane, most_per_owner=lane.most_per_owner(threads))
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix=f"job-{lane}")
        self.may_wait = False


@dataclass(slots=True)
class HeldJob:
    """A job that was handed to a thread; `claimed` once that thread has claimed it."""

    owner_id: OwnerId
    lane: LaneThreads
    claimed: ClaimedJob | None = None
