"""The person's consent: who gave it, when, with which credential, and what TikTok had said of each creator by then."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from tiktok_api import clock
from tiktok_api.accounts.creator_info import last_creator_info
from tiktok_api.auth.identity import Identity
from tiktok_api.posts.models import Post, Publication
from tiktok_api.posts.schedule import written


def record_consent(
    caller: Identity,
    post: Post,
    publications: Iterable[Publication],
    accounts: Mapping[UUID, Any],
    *,
    at: datetime | None = None,
) -> None:
    """Record that the caller has given the consent which a post now carries, or that there is none any more.

    `at`: when it was given, where that was before now, as for the posts of a recurrence.
    """
    post.consented_at = (at or clock.now()) if post.consent else None
    post.consented_by = caller.user_id if post.consent else None
    post.consented_with_key = caller.key_id if post.consent else None
    for publication in publications:
        show_creator_info(post, publication, accounts)


def show_creator_info(post: Post, publication: Publication, accounts: Mapping[UUID, Any]) -> None:
    """Keep with a target what the person could be shown of its creator: TikTok's last answer; None if it was never asked."""
    account = accounts.get(publication.account_id) if publication.account_id else None
    shown = last_creator_info(account) if account is not None and post.consent else None
    publication.consent_creator_info = (
        asdict(shown.info) | {"captured_at": written(shown.captured_at)} if shown else None
    )
