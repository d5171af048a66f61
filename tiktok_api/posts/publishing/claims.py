"""A publication as a step finds it: locked and fenced inside a transaction, plain facts outside."""

from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import select, update

from tiktok_api.db import db
from tiktok_api.jobs import queue
from tiktok_api.jobs.registry import ClaimedJob
from tiktok_api.media.models import Media
from tiktok_api.posts.models import SPACED, Attempt, AttemptState, Post, Publication, PublicationState
from tiktok_api.tiktok import ChunkPlan

PUBLISH = "posts.publish"
ALIVE = (AttemptState.INTENT, AttemptState.OPEN, AttemptState.FINAL)
_FRESH = {"populate_existing": True}


class FencedOff(Exception):
    """The publication is no longer this worker's: taken over, cancelled or deleted. Nothing more may be done here."""


@dataclass(frozen=True, slots=True)
class Work:
    """A publication, its post and its media. `attempt` is the one alive; `is_adopted`: an earlier run began it."""

    job: ClaimedJob
    post: Post
    publication: Publication
    attempt: Attempt | None
    media: Media | None
    is_adopted: bool

    @property
    def publication_id(self) -> UUID:
        return self.publication.id

    @property
    def wanted_at(self) -> datetime | None:
        """When its person wants it out."""
        return self.publication.wanted_at or self.post.publish_at

    @property
    def not_before(self) -> datetime | None:
        """When it may be begun. Being held ends when its job comes due: by itself, or because something has changed."""
        if self.publication.state is PublicationState.HELD:
            return None
        if self.publication.reason == SPACED:  # its turn may have come forward: it is worked out anew at each look
            return self.wanted_at
        return self.publication.next_try_at or self.post.publish_at

    @property
    def plan(self) -> ChunkPlan:
        """How the video is cut, as TikTok was told."""
        attempt = self.living_attempt
        return ChunkPlan(
            video_size=attempt.video_size, chunk_size=attempt.chunk_size, total_chunk_count=attempt.total_chunk_count
        )

    @property
    def living_attempt(self) -> Attempt:
        """The attempt, in steps that are taken only where there is one."""
        return cast(Attempt, self.attempt)

    @property
    def living_media(self) -> Media:
        """The media, in steps that are taken only where there is one: media that are on their way cannot be deleted."""
        return cast(Media, self.media)

    @property
    def account_id(self) -> UUID:
        """The account, in steps that are taken only where there is one: a disconnected account's end elsewhere."""
        return cast(UUID, self.publication.account_id)


def lock(publication_id: UUID | None) -> tuple[Post, Publication]:
    """The publication and its post, both as they are now, the post's row locked. Raises FencedOff when deleted."""
    post = db.session.scalar(
        select(Post)
        .join(Publication, Publication.post_id == Post.id)
        .where(Publication.id == publication_id)
        .with_for_update(of=Post)
        .execution_options(**_FRESH)
    )
    # Only now that the post is locked: another transaction, for which the lock waited, may have deleted the publication.
    publication = db.session.get(Publication, publication_id, populate_existing=True) if post else None
    if post is None or publication is None:
        raise FencedOff
    return post, publication


def mine(work: Work) -> tuple[Post, Publication]:
    """The rows, locked. Raises FencedOff when another worker has the job, or a person has moved the publication.

    Disconnecting its account is such a move.
    """
    post, publication = lock(work.publication_id)
    found = work.publication
    if not queue.is_held(work.job) or (publication.state, publication.account_id) != (found.state, found.account_id):
        raise FencedOff
    return post, publication


def living_attempt_of(publication: Publication) -> Attempt | None:
    """The attempt that may still go live; the database lets there be one at most."""
    return db.session.scalar(
        select(Attempt)
        .where(Attempt.publication_id == publication.id, Attempt.state.in_(ALIVE))
        .execution_options(**_FRESH)
    )


def take(work: Work, state: AttemptState) -> Attempt:
    """The compare-and-set: the attempt, if it is still in `state` and of our epoch. Raises FencedOff."""
    found = db.session.execute(
        update(Attempt)
        .where(Attempt.id == work.living_attempt.id, Attempt.state == state, Attempt.epoch == work.job.epoch)
        .values(epoch=work.job.epoch)
        .returning(Attempt)
        .execution_options(**_FRESH)
    ).scalar()
    if found is None:
        raise FencedOff
    return found


def detached(work: Work) -> Work:
    """The same, written down and let go of by the session."""
    db.session.flush()
    db.session.expunge_all()
    return work
