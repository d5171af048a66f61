"""The publishing worker: one loop, which takes a publication through its steps until it must wait or has ended."""

from tiktok_api import clock
from tiktok_api.db import transaction
from tiktok_api.errors import NotFound
from tiktok_api.jobs import queue
from tiktok_api.jobs.registry import ClaimedJob, Recorded, RunAgain
from tiktok_api.posts.publishing import claims
from tiktok_api.posts.publishing.calls import PublishingServices
from tiktok_api.posts.publishing.claims import ClaimedPublication
from tiktok_api.posts.publishing.locks import FencedOff
from tiktok_api.posts.publishing.record import Next, record
from tiktok_api.posts.publishing.steps import Step, next_step
from tiktok_api.posts.publishing.verdicts import SHORTEST_PAUSE


def publish(job: ClaimedJob, services: PublishingServices) -> RunAgain | Recorded | None:
    """Take a publication as far as it goes now. Returns when to come back; None: nothing is left to do.

    A step is committed before it is taken, taken with no transaction open, and its result is committed; with the last one,
    what becomes of the job.
    """
    try:
        return _take_steps(job, services)
    except (FencedOff, NotFound):  # a person has moved the publication, or deleted its account: the next run decides
        with transaction():
            return RunAgain(clock.now() + SHORTEST_PAUSE) if claims.is_unfinished(job) else None


def _take_steps(job: ClaimedJob, services: PublishingServices) -> RunAgain | Recorded | None:
    with transaction():
        found: Next = claims.claim(job, services.settings)
    while isinstance(found, ClaimedPublication):
        step = next_step(found, clock.now())
        if not isinstance(step, Step):
            return step
        result = step.perform(found, services)
        with transaction():
            found = record(found, result, services.settings)
            if not isinstance(found, ClaimedPublication):
                queue.record_outcome(job, found)
    return Recorded(found)
