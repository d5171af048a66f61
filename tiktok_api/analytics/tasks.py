"""When videos are read: page by page at TikTok's pace, letting other accounts in now and then; and when old readings go."""

from typing import cast
from uuid import UUID

from tiktok_api import clock
from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.analytics.collection import days, page_reader, retention
from tiktok_api.analytics.collection.ingest import SYNC_VIDEOS
from tiktok_api.analytics.collection.page_reader import NothingToRead, Postponed
from tiktok_api.db import end_reading, transaction
from tiktok_api.jobs.lanes import Lane
from tiktok_api.jobs.registry import ClaimedJob, RunAgain, daily, task
from tiktok_api.settings import Settings

PAGES_AT_ONCE = 10
"""So many pages keep a worker busy for about ten seconds; then other accounts have their turn."""
STEPS_AT_ONCE = 200
"""So many steps of retention, of a few milliseconds up to half a second; then other jobs have their turn."""


@task(SYNC_VIDEOS, lane=Lane.SYNC)
def sync_videos(job: ClaimedJob, *, vault: TokenVault) -> RunAgain | None:
    """Read an account's list of videos, newest first, and store their numbers."""
    if job.subject is None:
        return None
    for _ in range(PAGES_AT_ONCE):
        outcome = page_reader.read_next(job.subject, f"{job.id}/{job.epoch}", vault)
        if isinstance(outcome, Postponed):
            return RunAgain(clock.now() + outcome.pause)
        if isinstance(outcome, NothingToRead) or outcome.is_over:
            return None
    return RunAgain(clock.now())


@task(days.COUNT_DAYS, lane=Lane.SYNC)
def count_days(job: ClaimedJob) -> None:
    """Mark the last readings of days anew, by the days of a zone that a user has chosen: one account after the other."""
    user_id = cast(UUID, job.subject)
    while True:
        with transaction():
            account_id = days.next_moved(user_id)
            if account_id is None:
                return
            days.count_days(account_id)


@task("analytics.retain", lane=Lane.SYNC, every=daily)
def thin_readings(job: ClaimedJob, *, settings: Settings) -> RunAgain | None:
    """Leave one reading of each day of those that are old, and none of those that are very old."""
    limits = retention.limits_at(clock.now(), settings)
    steps = 0
    while steps < STEPS_AT_ONCE:
        account_id = retention.next_account(limits)
        end_reading()
        if account_id is None:
            return None
        thinning, is_day_over = retention.Thinning(account_id, limits), False
        while not is_day_over:
            with transaction():
                is_day_over = thinning.take_step()
            steps += 1
    return RunAgain(clock.now())
