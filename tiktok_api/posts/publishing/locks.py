"""Locking a publication by the row of its post, to change it or to find out whether a worker still may."""

from uuid import UUID

from sqlalchemy import select

from tiktok_api.db import db
from tiktok_api.jobs import queue
from tiktok_api.jobs.registry import ClaimedJob
from tiktok_api.posts.models import Post, Publication

FRESH = {"populate_existing": True}
"""The execution options of a query that reads rows as they are now."""


class FencedOff(Exception):
    """The publication is no longer this worker's: taken over, cancelled or deleted. The worker does nothing more here."""


def lock(publication_id: UUID | None) -> tuple[Post, Publication]:
    """Lock the row of the post; returns both rows as they are now. Raises FencedOff when they were deleted."""
    post = _lock_post(publication_id)
    # Only now that the post is locked: another transaction, for which the lock waited, may have deleted the publication.
    publication = db.session.get(Publication, publication_id, populate_existing=True) if post else None
    if post is None or publication is None:
        raise FencedOff
    return post, publication


def lock_for(job: ClaimedJob) -> tuple[Post, Publication, bool]:
    """As `lock`, for the publication of a job, and whether the job is still this worker's."""
    post = _lock_post(job.subject)
    query = select(Publication, queue.is_still_held(job)).where(Publication.id == job.subject)
    found = db.session.execute(query.execution_options(**FRESH)).one_or_none() if post else None
    if post is None or found is None:
        raise FencedOff
    publication, is_held = found
    return post, publication, is_held


def _lock_post(publication_id: UUID | None) -> Post | None:
    return db.session.scalar(
        select(Post)
        .join(Publication, Publication.post_id == Post.id)
        .where(Publication.id == publication_id)
        .with_for_update(of=Post)
        .execution_options(**FRESH)
    )
