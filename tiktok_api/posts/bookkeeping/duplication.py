"""Copies of posts: what goes out again begins as a draft, for which the person agrees anew."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from tiktok_api.auth import audit
from tiktok_api.auth.identity import Identity
from tiktok_api.errors import fault
from tiktok_api.posts.creation import create_post
from tiktok_api.posts.drafts import publications_of
from tiktok_api.posts.models import Post, Publication
from tiktok_api.posts.services import get_post
from tiktok_api.posts.vocabulary import PostStatus
from tiktok_api.posts.waiting.pending_media import media_of

_THE_COPYS_OWN = frozenset(
    {
        *("id", "owner_id", "created_at", "updated_at", "status", "external_id"),
        *("consent", "consented_at", "consented_by", "consented_with_key", "publish_at", "local_time", "timezone"),
        *("recurrence_id", "queued_account_id"),
    }
)
"""What a copy does not have from its original: it is another post, made by a person, at no time yet, and they have agreed to nothing."""


def duplicate(caller: Identity, post_id: UUID) -> dict[str, Any]:
    """Make a draft with the content, media, targets and labels of a post. Returns it, and what was left out. Raises NotFound.

    Accounts that were disconnected since are left out, as are media that were deleted, of which nothing is left to copy.
    """
    original = get_post(caller, post_id)
    media, publications = media_of(original.id), publications_of(original)
    content = {
        column.key: getattr(original, column.key)
        for column in Post.__table__.columns
        if column.key not in _THE_COPYS_OWN
    }
    targets = [{"account_id": each.account_id, **each.overrides} for each in publications if each.account_id]
    copy = create_post(caller, slot={}, media_ids=[each.id for each in media], targets=targets, **content)
    audit.record(caller, "post.duplicated", subject_id=copy.id, original_id=str(original.id))
    has_lost_media = not media and original.status is not PostStatus.DRAFT
    return {"post": copy, "left_out": list(_left_out(publications, has_lost_media=has_lost_media))}


def _left_out(publications: Sequence[Publication], *, has_lost_media: bool) -> Iterator[dict[str, Any]]:
    """Yields what the original has or had and its copy has not, with pointers into the original."""
    if has_lost_media:
        yield fault("media_deleted", "Its media were deleted since.", pointer="/media_ids")
    for place, publication in enumerate(publications):
        if publication.account_id is None:
            yield fault(
                "account_disconnected", "This account was disconnected since.", pointer=f"/targets/{place}/account_id"
            )
