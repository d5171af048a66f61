"""A post's status, derived from the states of its publications."""

from collections.abc import Iterable

from tiktok_api.posts.models import PostStatus, PublicationState

LIVE = frozenset(
    {PublicationState.PUBLISHED, PublicationState.PUBLICLY_AVAILABLE, PublicationState.NO_LONGER_AVAILABLE}
)
ARRIVED = LIVE | {PublicationState.INBOX_DELIVERED}
ENDED = ARRIVED | {PublicationState.FAILED, PublicationState.CANCELLED}


def derive_status(states: Iterable[PublicationState]) -> PostStatus:
    """The status of a post whose publications are in `states`; without any it is a draft."""
    found = set(states)
    if not found:
        return PostStatus.DRAFT
    for waiting, status in (
        (PublicationState.DRAFT, PostStatus.DRAFT),
        (PublicationState.SCHEDULED, PostStatus.SCHEDULED),
    ):
        if waiting in found and found <= {waiting, PublicationState.CANCELLED}:
            return status
    if found - ENDED:
        return PostStatus.PUBLISHING
    if not found & ARRIVED:
        return PostStatus.FAILED if PublicationState.FAILED in found else PostStatus.CANCELLED
    if found == {PublicationState.INBOX_DELIVERED}:
        return PostStatus.DELIVERED
    return PostStatus.PUBLISHED if found <= LIVE else PostStatus.PARTLY_PUBLISHED
