"""When publications are carried on."""

from typing import cast
from uuid import UUID

from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.db import transaction
from tiktok_api.jobs.registry import ClaimedJob, RunAgain, task
from tiktok_api.posts.matching import videos
from tiktok_api.posts.publishing.claims import PUBLISH
from tiktok_api.posts.publishing.record import Settler
from tiktok_api.posts.publishing.upload import Sender
from tiktok_api.posts.publishing.worker import Publisher
from tiktok_api.posts.waiting import media
from tiktok_api.settings import Settings
from tiktok_api.storage.port import Storage

_NEVER = 1_000_000
"""Whatever fails on our side, a publication is not dropped: it is tried again, hourly in the end."""


@task(PUBLISH, most_failures=_NEVER)
def publish(job: ClaimedJob, *, vault: TokenVault, storage: Storage, settings: Settings) -> RunAgain | None:
    """Take a publication through its next steps, until it must wait or is done."""
    return Publisher(vault, Sender(vault.tiktok, vault.encryptor, storage), Settler(settings), settings).run(job)


@task(media.CHECK_MEDIA, most_failures=_NEVER)
def check_media(job: ClaimedJob) -> RunAgain | None:
    """Hold a post to the checks of its media once they are known."""
    with transaction():
        at = media.hold_to_checks(cast(UUID, job.subject))
    return RunAgain(at) if at else None


@task(videos.MATCH)
def match_ids(job: ClaimedJob) -> None:
    """Find the ids of posts that TikTok has not told, in a list that was just read."""
    videos.match(cast(UUID, job.subject))
