"""When publications are carried on."""

from typing import cast
from uuid import UUID

from tiktok_api.db import transaction
from tiktok_api.jobs.registry import Again, Ticket, task
from tiktok_api.posts import matching, media_waits
from tiktok_api.posts.publishing import Publisher
from tiktok_api.posts.sending import Sender
from tiktok_api.posts.settling import Settler
from tiktok_api.posts.work import PUBLISH
from tiktok_api.sealing import Sealer
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


@task(media_waits.CHECK_MEDIA, most_failures=_NEVER)
def check_media(ticket: Ticket) -> Again | None:
    """Hold a post to the checks of its media once they are known."""
    with transaction():
        at = media_waits.hold_to_checks(cast(UUID, ticket.subject))
    return Again(at) if at else None


@task(matching.MATCH)
def match_ids(ticket: Ticket) -> None:
    """Find the ids of posts that TikTok has not told, in a list that was just read."""
    matching.match(cast(UUID, ticket.subject))
