"""When publications are carried on."""

from typing import cast
from uuid import UUID

from tiktok_api.db import transaction
from tiktok_api.encryption import Sealer
from tiktok_api.jobs.registry import Again, Ticket, task
from tiktok_api.posts.matching import videos
from tiktok_api.posts.publishing.claims import PUBLISH
from tiktok_api.posts.publishing.record import Settler
from tiktok_api.posts.publishing.upload import Sender
from tiktok_api.posts.publishing.worker import Publisher
from tiktok_api.posts.waiting import media
from tiktok_api.settings import Settings
from tiktok_api.storage.port import Storage
from tiktok_api.tiktok import TikTokClient

_NEVER = 1_000_000
"""Whatever fails on our side, a publication is not dropped: it is tried again, hourly in the end."""


@task(PUBLISH, most_failures=_NEVER)
def publish(
    ticket: Ticket, *, tiktok: TikTokClient, sealer: Sealer, storage: Storage, settings: Settings
) -> Again | None:
    """Take a publication through its next steps, until it must wait or is done."""
    return Publisher(tiktok, sealer, Sender(tiktok, sealer, storage), Settler(settings), settings).run(ticket)


@task(media.CHECK_MEDIA, most_failures=_NEVER)
def check_media(ticket: Ticket) -> Again | None:
    """Hold a post to the checks of its media once they are known."""
    with transaction():
        at = media.hold_to_checks(cast(UUID, ticket.subject))
    return Again(at) if at else None


@task(videos.MATCH)
def match_ids(ticket: Ticket) -> None:
    """Find the ids of posts that TikTok has not told, in a list that was just read."""
    videos.match(cast(UUID, ticket.subject))
