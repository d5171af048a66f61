"""Whether a photo of an attempt may be served to TikTok, and the commit point that the first of them passes."""

import time
from threading import BoundedSemaphore
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from tiktok_api import clock
from tiktok_api.db import end_reading, transaction
from tiktok_api.db.reads import Given, reading
from tiktok_api.errors import NotFound
from tiktok_api.media.models import Media
from tiktok_api.posts.errors import PhotoNotReady, PhotoWithdrawn
from tiktok_api.posts.models import UPLOAD_URL_LIFETIME, Attempt, PostMedia, Publication
from tiktok_api.posts.publishing import transitions
from tiktok_api.posts.publishing.locks import FencedOff, lock
from tiktok_api.posts.states import RECEIVED, AttemptState

PATIENCE_SECONDS = 10.0
"""For how long a GET that comes before the publish_id is durable waits for it; TikTok may be quicker than our commit."""
_LOOK_AGAIN_SECONDS = 0.1
_MOST_WAITING = BoundedSemaphore(4)
"""Requests of a process that may wait at a time: each of them has a thread."""


@reading
def _states(given: Given) -> Select[Any, Any, Any, Any]:
    query = select(Attempt.publication_id, Attempt.state, Attempt.opened_at, Attempt.final_at)
    return query.where(Attempt.id == given["id"])


@reading
def _photos(given: Given) -> Select[Any]:
    """The photos of a publication in their order: of a draft one may have been deleted, whose place is then empty."""
    shown = select(Media).join(PostMedia, PostMedia.media_id == Media.id)
    shown = shown.join(Publication, Publication.post_id == PostMedia.post_id)
    return shown.where(Publication.id == given["publication_id"]).order_by(PostMedia.position)


def find_photo(attempt_id: UUID, position: int, *, is_served: bool) -> Media:
    """Returns the photo at `position` of an attempt, once it may be served.

    `is_served`: its bytes follow, so the commit point is passed first. Raises NotFound, PhotoNotReady, PhotoWithdrawn.
    """
    publication_id, state = _wait_until_open(attempt_id)
    found = _photos.all(publication_id=publication_id)
    if position >= len(found):
        raise NotFound
    if state is AttemptState.OPEN and is_served:
        pass_commit_point(attempt_id, publication_id)
    photo: Media = found[position]
    return photo


def _wait_until_open(attempt_id: UUID) -> tuple[UUID, AttemptState]:
    """Returns the publication of an attempt whose publish_id is durable, and how far that is. Raises as `find_photo`."""
    found = _look(attempt_id)
    if found[1] is AttemptState.INTENT and _MOST_WAITING.acquire(blocking=False):
        try:
            until = time.monotonic() + PATIENCE_SECONDS
            while found[1] is AttemptState.INTENT and time.monotonic() < until:
                time.sleep(_LOOK_AGAIN_SECONDS)
                found = _look(attempt_id)
        finally:
            _MOST_WAITING.release()
    if found[1] is AttemptState.INTENT:
        raise PhotoNotReady(headers={"Retry-After": "1"})
    return found


def _look(attempt_id: UUID) -> tuple[UUID, AttemptState]:
    end_reading()  # what is committed since is seen
    publication_id, state, opened_at, final_at = _states.one(id=attempt_id)
    fetched_at = final_at or opened_at  # TikTok gives up after an hour, too
    is_lapsed = fetched_at is not None and clock.now() - fetched_at >= UPLOAD_URL_LIFETIME
    is_deleted = publication_id is None  # with its post, while its attempt is kept
    if is_lapsed or is_deleted or state not in (AttemptState.INTENT, AttemptState.OPEN, *RECEIVED):
        raise PhotoWithdrawn
    return publication_id, AttemptState(state)  # a Read gives its value


def pass_commit_point(attempt_id: UUID, publication_id: UUID) -> None:
    """Record that the post may go live from now on, so that cancelling is too late; done once however many ask.

    Raises PhotoWithdrawn when the attempt was ended in the meantime.
    """
    with transaction():
        try:
            post, publication = lock(publication_id)
        except FencedOff:
            raise PhotoWithdrawn from None
        attempt = transitions.living_attempt_of(publication)
        if attempt is None or attempt.id != attempt_id or attempt.is_url_lapsed(clock.now()):
            raise PhotoWithdrawn
        if attempt.state is AttemptState.OPEN:
            transitions.pass_commit_point(post, publication, attempt, "photos_fetched")
            transitions.enqueue_publication(publication.id, clock.now())
