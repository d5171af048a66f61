"""Bringing a publication from one state into another, with everything that hangs on it."""

from typing import Any

from sqlalchemy import select

from tiktok_api import clock, events
from tiktok_api.db import db
from tiktok_api.posts.models import Post, Publication, PublicationState, TimelineEntry
from tiktok_api.posts.publishing.post_status import derive_status


def move(
    post: Post,
    publication: Publication,
    state: PublicationState,
    event: str,
    *,
    reason: str | None = None,
    detail: str | None = None,
    **facts: Any,
) -> None:
    """Bring a publication into `state`, with its timeline entry, its post's status and its announcement.

    Call it with the row of the post locked. Getting somewhere ends a row of setbacks.
    """
    publication.state, publication.reason, publication.detail = state, reason, detail
    publication.next_try_at, publication.retry_count = facts.pop("next_try_at", None), 0
    for name, value in facts.items():
        setattr(publication, name, value)
    note(publication, event, detail or reason)
    db.session.flush()
    siblings = db.session.scalars(select(Publication.state).where(Publication.post_id == post.id))
    post.status = derive_status(siblings)
    events.announce(f"publication.{state}", publication=publication)


def note(publication: Publication, event: str, detail: str | None = None) -> None:
    """Add to the timeline."""
    db.session.add(
        TimelineEntry(
            publication_id=publication.id, at=clock.now(), state=publication.state, event=event, detail=detail
        )
    )
