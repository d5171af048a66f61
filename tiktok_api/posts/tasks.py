"""The jobs of posts: publishing, checking media that became known, matching ids, following the rules of time zones."""

from datetime import datetime
from typing import cast
from uuid import UUID

from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.db import transaction
from tiktok_api.jobs import queue
from tiktok_api.jobs.lanes import Lane
from tiktok_api.jobs.registry import ClaimedJob, Recorded, RunAgain, hourly, task
from tiktok_api.posts.calendar import zone_changes, zone_data
from tiktok_api.posts.matching import videos
from tiktok_api.posts.models import PUBLISH
from tiktok_api.posts.publishing import worker
from tiktok_api.posts.publishing.calls import PublishingServices
from tiktok_api.posts.recurrences.materialisation import materialise
from tiktok_api.posts.recurrences.models import MATERIALISE
from tiktok_api.posts.waiting import breaker, pending_media, places
from tiktok_api.settings import Settings
from tiktok_api.storage.port import Storage

_NEVER = 1_000_000
"""A publication is never dropped because something fails on our side: it is tried again, hourly in the end."""


@task(PUBLISH, lane=Lane.PUBLISH, most_failures=_NEVER)
def publish(job: ClaimedJob, *, vault: TokenVault, storage: Storage, settings: Settings) -> RunAgain | Recorded | None:
    """Take a publication through its next steps, until it must wait or has ended."""
    return worker.publish(job, PublishingServices(vault, storage, settings))


@task(pending_media.CHECK_MEDIA, lane=Lane.PUBLISH, most_failures=_NEVER)
def check_media(job: ClaimedJob) -> RunAgain | None:
    """Check the media of a post once they are known."""
    with transaction():
        at = pending_media.check_publications(cast(UUID, job.subject))
    return RunAgain(at) if at else None


@task(places.RUN_HELD, lane=Lane.PUBLISH)
def run_held(job: ClaimedJob) -> None:
    """Have what an account holds for a cap look again, because a place may be free."""
    for key in places.jobs_to_run(cast(UUID, job.subject)):
        with transaction():  # each by itself: in the order of the times, and others write several in that of the ids
            queue.run_now(key)


@task(MATERIALISE, lane=Lane.SYNC, most_failures=_NEVER)
def make_posts(job: ClaimedJob) -> RunAgain | None:
    """Make the posts of a recurrence ahead of their time."""
    with transaction():
        at = materialise(cast(UUID, job.subject))
    return RunAgain(at) if at else None


@task(breaker.PROBE, lane=Lane.SYNC, most_failures=_NEVER)
def probe_account(job: ClaimedJob, *, vault: TokenVault) -> RunAgain | None:
    """Ask TikTok whether an account may post again whose circuit is open."""
    account_id = cast(UUID, job.subject)
    due = breaker.is_due(account_id)
    if isinstance(due, datetime):
        return RunAgain(due)
    answer = breaker.ask(account_id, vault) if due else None
    with transaction():
        at = breaker.record_answer(account_id, answer)
    return RunAgain(at) if at else None


@task(videos.MATCH, lane=Lane.SYNC)
def match_ids(job: ClaimedJob) -> None:
    """Find the ids of posts that TikTok has not told, in a list of videos that was just read."""
    videos.match(cast(UUID, job.subject))


@task("posts.follow_zone_rules", lane=Lane.SYNC, every=hourly)
def follow_zone_rules(job: ClaimedJob) -> None:
    """Move posts whose local time is another instant since the rules of its zone have changed."""
    version, last = zone_data.find_version(), UUID(int=0)
    with transaction():
        if zone_changes.are_followed(version):
            return
    while True:
        with transaction():
            batch = zone_changes.next_batch(last)
        if batch is None:
            break
        for post_id in batch.to_follow:
            with transaction():
                zone_changes.follow(post_id)
        last = batch.last
    with transaction():
        zone_changes.mark_followed(version)
