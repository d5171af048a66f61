"""The publication that a worker has claimed: locked rows inside a transaction, detached copies outside.

Each transaction locks the row of the post once, and finds out by that whether the publication is still this worker's.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from sqlalchemy import select, update

from tiktok_api import clock
from tiktok_api.db import db
from tiktok_api.jobs import queue
from tiktok_api.jobs.registry import ClaimedJob
from tiktok_api.media.models import Media
from tiktok_api.posts.models import SPACED, WORKER_DIED, Attempt, Post, Publication
from tiktok_api.posts.publishing.content import content_for
from tiktok_api.posts.publishing.locks import FRESH, FencedOff, lock_for
from tiktok_api.posts.publishing.transitions import add_timeline_entry, living_attempt_of, transition
from tiktok_api.posts.publishing.verdicts import Obstacle
from tiktok_api.posts.states import AttemptState, PublicationState
from tiktok_api.posts.vocabulary import PostIdSource, PostType
from tiktok_api.posts.waiting import pending_media, readiness
from tiktok_api.settings import Settings
from tiktok_api.tiktok import ChunkPlan

_FOLLOW_POST, _FOLLOW_DRAFT = timedelta(hours=24), timedelta(days=7)


@dataclass(frozen=True, slots=True)
class ClaimedPublication:
    """A publication with its post and media. `attempt` is the one alive; `is_adopted`: an earlier run began it.

    `obstacle` is why it does not go out now, where it is due and no attempt is alive. `state_since` is when its state began,
    where this run brought it there.
    """

    job: ClaimedJob
    post: Post
    publication: Publication
    attempt: Attempt | None
    media: tuple[Media, ...]
    is_adopted: bool
    obstacle: Obstacle | None
    state_since: datetime | None = None

    @property
    def not_before(self) -> datetime | None:
        """When it may be begun. Being held ends when its job comes due: by itself, or because something has changed."""
        if self.publication.state is PublicationState.HELD:
            return None
        if self.publication.reason == SPACED:  # its turn may have come forward: each claim works it out anew
            return self.publication.wanted_time(self.post)
        return self.publication.next_try_at or self.post.publish_at

    def waits_until(self, now: datetime) -> datetime | None:
        """Returns its time if that has not come: never early, whatever made its job due. None: it may be begun."""
        return self.not_before if self.not_before is not None and self.not_before > now else None

    def is_worth_following(self, now: datetime) -> bool:
        """Returns True if TikTok may still tell more: the id of a public post, or which posts a draft became."""
        publication, is_inbox = self.publication, not self.post.is_direct
        if publication.publish_id is None:
            return False
        if publication.state is PublicationState.INBOX_DELIVERED:
            return self.followed_for(now) < _FOLLOW_DRAFT
        if publication.state is PublicationState.PUBLICLY_AVAILABLE:
            may_tell_more = is_inbox or publication.post_id_source is not PostIdSource.TIKTOK
        else:
            may_tell_more = is_inbox or content_for(self.post, publication).is_public
        return may_tell_more and self.followed_for(now) < _FOLLOW_POST

    def followed_for(self, now: datetime) -> timedelta:
        """Returns how long ago TikTok had it."""
        return now - (self.publication.published_at or self.publication.updated_at)

    @property
    def plan(self) -> ChunkPlan:
        """How the video is cut, as TikTok was told."""
        attempt = self.living_attempt
        return ChunkPlan(
            video_size=cast(int, attempt.video_size),
            chunk_size=cast(int, attempt.chunk_size),
            total_chunk_count=cast(int, attempt.total_chunk_count),
        )

    @property
    def is_fetched(self) -> bool:
        """True for photos, which TikTok fetches from us; a video is sent."""
        return self.post.type is PostType.PHOTO

    @property
    def living_attempt(self) -> Attempt:
        """The attempt, in steps that are taken only where there is one."""
        return cast(Attempt, self.attempt)

    @property
    def video(self) -> Media:
        """The video, in steps that are taken only where there is one: media of a post on its way cannot be deleted."""
        return self.media[0]

    @property
    def account_id(self) -> UUID:
        """The account, in steps that are taken only where there is one."""
        return cast(UUID, self.publication.account_id)


def claim(job: ClaimedJob, settings: Settings) -> ClaimedPublication:
    """Claim the publication of a job, and begin it if it is due: from then on its content is fixed. Raises FencedOff.

    What an earlier run left is taken over. An INTENT is abandoned: whatever TikTok answered, no byte was sent, so it cannot
    go live. An OPEN or FINAL attempt is adopted, with the same publish_id.
    """
    post, publication, is_held = lock_for(job)
    if not is_held:
        raise FencedOff
    attempt = _adopt_attempt(publication, job)
    media = tuple(pending_media.media_of(post.id))
    claimed = ClaimedPublication(job, post, publication, attempt, media, is_adopted=True, obstacle=None)
    if attempt is not None or claimed.waits_until(clock.now()) is not None:
        return detached(claimed)
    since = None
    if publication.state.is_waiting_for_its_time:
        since = transition(post, publication, PublicationState.PREPARING, "preparing")
    obstacle = None
    if publication.state.is_cancellable and publication.account_id is not None:
        obstacle = readiness.obstacle_to(post, publication, media, settings)
    return detached(ClaimedPublication(job, post, publication, None, media, False, obstacle, state_since=since))


def _adopt_attempt(publication: Publication, job: ClaimedJob) -> Attempt | None:
    attempt = living_attempt_of(publication)
    if attempt is None:
        return None
    if attempt.state is AttemptState.INTENT:
        attempt.end(AttemptState.ABANDONED, WORKER_DIED)
        add_timeline_entry(
            publication, "attempt_abandoned", "The worker stopped before TikTok answered; no byte was sent."
        )
        return None
    attempt.epoch = job.epoch
    return attempt


def lock_again(claimed: ClaimedPublication, *, is_verdict: bool) -> ClaimedPublication:
    """Lock a claimed publication to record what came of a step. Raises FencedOff when it is no longer this worker's.

    That is so when another worker has the job, or a person has moved the publication; deleting its account is such a move.
    A verdict of TikTok stays true whatever became of the account and the job: then the attempt alone decides.
    """
    found = claimed.publication
    post, publication, is_held = lock_for(claimed.job)
    is_moved = (publication.state, publication.account_id) != (found.state, found.account_id)
    if not is_verdict and (is_moved or not is_held):
        raise FencedOff
    attempt = None if claimed.attempt is None else _take_attempt(claimed.attempt)
    since = None if is_moved else claimed.state_since
    return ClaimedPublication(claimed.job, post, publication, attempt, claimed.media, False, None, state_since=since)


def _take_attempt(found: Attempt) -> Attempt:
    """The compare-and-set: returns the attempt if its state and epoch are still the same. Raises FencedOff.

    An older worker finds another epoch; unequal, not higher: the epochs of a job that was created anew begin at 0 again.
    """
    attempt = db.session.execute(
        update(Attempt)
        .where(Attempt.id == found.id, Attempt.state == found.state, Attempt.epoch == found.epoch)
        .values(epoch=found.epoch)
        .returning(Attempt)
        .execution_options(**FRESH)
    ).scalar()
    if attempt is None:
        raise FencedOff
    return attempt


def is_unfinished(job: ClaimedJob) -> bool:
    """Returns True if this worker still owns the job and the publication has not ended, or is followed."""
    state = db.session.scalar(select(Publication.state).where(Publication.id == job.subject))
    return state is not None and (not state.has_ended or state.is_followed) and queue.is_held(job)


def detached(claimed: ClaimedPublication) -> ClaimedPublication:
    """Write the rows and detach them from the session, so that they can be read while no transaction is open."""
    db.session.flush()
    db.session.expunge_all()
    return claimed
