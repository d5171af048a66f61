"""The durable steps of publishing: each is one transaction's work, and a compare-and-set that an older worker loses.

    look ─► intend ─► open ─► note_progress … ─► pass_commit_point ─► note_acknowledged ─► settle
              │        │            │                    │
              └────────┴─ abandon ──┴──── bury ──────────┴─ (only when TikTok ends it)

Every function here runs inside `transaction()`, with the row of the post locked first. What they answer is detached
from the session: plain facts, to be used while no transaction is open.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update

from tiktok_api import clock, events
from tiktok_api.db import database_now, db
from tiktok_api.jobs import queue
from tiktok_api.jobs.registry import Ticket
from tiktok_api.media.models import Media
from tiktok_api.posts.deriving import derive_status
from tiktok_api.posts.models import (
    Attempt,
    AttemptState,
    Post,
    PostMedia,
    Publication,
    PublicationState,
    TimelineEntry,
)
from tiktok_api.sealing import Sealer
from tiktok_api.tiktok import ChunkPlan, PublishTicket

INITS_A_MINUTE = 6  # TikTok's limit for each account; the attempt rows are the count, so restarts and machines share it
ALIVE = (AttemptState.INTENT, AttemptState.OPEN, AttemptState.FINAL)


class FencedOff(Exception):
    """The publication is no longer this worker's: taken over, cancelled or deleted. There is nothing left to do."""


@dataclass(frozen=True, slots=True)
class Work:
    """A publication as a step finds it. `attempt` is the one alive; `is_adopted`: another worker began it."""

    ticket: Ticket
    post: Post
    publication: Publication
    attempt: Attempt | None
    media: Media | None
    is_adopted: bool

    @property
    def publication_id(self) -> UUID:
        return self.publication.id

    @property
    def plan(self) -> ChunkPlan:
        """How the video is cut, as TikTok was told."""
        attempt = self.living_attempt
        return ChunkPlan(
            video_size=attempt.video_size, chunk_size=attempt.chunk_size, total_chunk_count=attempt.total_chunk_count
        )

    @property
    def living_attempt(self) -> Attempt:
        if self.attempt is None:
            raise LookupError("there is no attempt yet")
        return self.attempt

    @property
    def living_media(self) -> Media:
        if self.media is None:
            raise LookupError("the media is gone")
        return self.media


def lock(publication_id: UUID) -> tuple[Post, Publication]:
    """The publication and its post, both as they are now, the post's row locked. Raises FencedOff when deleted."""
    fresh = {"populate_existing": True}
    post = db.session.scalar(
        select(Post)
        .join(Publication, Publication.post_id == Post.id)
        .where(Publication.id == publication_id)
        .with_for_update(of=Post)
        .execution_options(**fresh)
    )
    publication = db.session.scalar(
        select(Publication).where(Publication.id == publication_id).execution_options(**fresh)
    )
    if post is None or publication is None:
        raise FencedOff
    return post, publication


def look(ticket: Ticket) -> Work:
    """What there is to do, taking over what an earlier worker left.

    Its INTENT may be abandoned: whatever TikTok answered, no byte was sent, so it cannot go live. Its OPEN or FINAL is
    adopted, with the same publish_id. Raises FencedOff.
    """
    if ticket.subject is None:
        raise FencedOff
    post, publication = lock(ticket.subject)
    if not queue.is_held(ticket):
        raise FencedOff
    attempt = db.session.scalar(
        select(Attempt)
        .where(Attempt.publication_id == publication.id, Attempt.state.in_(ALIVE))
        .execution_options(populate_existing=True)
    )
    is_adopted = attempt is not None and attempt.epoch != ticket.epoch
    if attempt is not None and is_adopted:
        if attempt.epoch > ticket.epoch:
            raise FencedOff
        if attempt.state is AttemptState.INTENT:
            _end(attempt, AttemptState.ABANDONED, "worker_died")
            note(publication, "attempt_abandoned", "The worker stopped before TikTok answered; no byte was sent.")
            attempt = None
        else:
            attempt.epoch = ticket.epoch
    media = db.session.scalar(
        select(Media).join(PostMedia, PostMedia.media_id == Media.id).where(PostMedia.post_id == post.id)
    )
    return _detached(Work(ticket, post, publication, attempt, media, is_adopted))


def _detached(work: Work) -> Work:
    db.session.flush()
    db.session.expunge_all()
    return work


def begin(work: Work) -> None:
    """The time has come: the publication is being prepared."""
    post, publication = mine(work)
    if publication.state is not PublicationState.PREPARING:
        move(post, publication, PublicationState.PREPARING, "preparing")


def mine(work: Work) -> tuple[Post, Publication]:
    """The rows, locked. Raises FencedOff when the job is somebody else's or the publication was cancelled."""
    post, publication = lock(work.publication_id)
    if not queue.is_held(work.ticket) or publication.state is PublicationState.CANCELLED:
        raise FencedOff
    return post, publication


def inits_in_the_last_minute(account_id: UUID) -> int:
    """How many publish_ids we asked TikTok for on this account; by the database's clock."""
    recent = (
        select(func.count())
        .select_from(Attempt)
        .where(Attempt.account_id == account_id, Attempt.intended_at > database_now(timedelta(minutes=-1)))
    )
    return db.session.scalar(recent) or 0


def intend(work: Work, plan: ChunkPlan) -> Work | None:
    """Write down that we are about to ask for a publish_id. None: this account has had its inits for this minute.

    Raises FencedOff.
    """
    _, publication = mine(work)
    account_id = publication.account_id
    if account_id is None:
        raise FencedOff
    # The account's own row would be the stricter lock; the worst of a race is TikTok's own 429, which harms nothing.
    if inits_in_the_last_minute(account_id) >= INITS_A_MINUTE:
        return None
    number = db.session.scalar(
        select(func.coalesce(func.max(Attempt.number), 0)).where(Attempt.publication_id == publication.id)
    )
    attempt = Attempt(
        publication_id=publication.id,
        account_id=account_id,
        number=(number or 0) + 1,
        epoch=work.ticket.epoch,
        video_size=plan.video_size,
        chunk_size=plan.chunk_size,
        total_chunk_count=plan.total_chunk_count,
        intended_at=database_now(),
    )
    db.session.add(attempt)
    db.session.flush()
    db.session.refresh(attempt)
    return _detached(Work(work.ticket, work.post, work.publication, attempt, work.media, is_adopted=False))


def open_attempt(work: Work, answer: PublishTicket, sealer: Sealer) -> Work:
    """Make the publish_id durable, before any byte leaves. Raises FencedOff: then this publish_id is never used."""
    post, publication = mine(work)
    attempt = _take(work, AttemptState.INTENT)
    attempt.state = AttemptState.OPEN
    attempt.publish_id, attempt.log_id, attempt.opened_at = answer.publish_id, answer.log_id, clock.now()
    attempt.upload_url_sealed = sealer.seal(
        answer.upload_url or "", table="attempts", row=attempt.id, column="upload_url_sealed"
    )
    publication.publish_id = answer.publish_id
    move(post, publication, PublicationState.UPLOADING, "upload_started")
    return _detached(Work(work.ticket, post, publication, attempt, work.media, is_adopted=False))


def _take(work: Work, state: AttemptState) -> Attempt:
    """The compare-and-set: the attempt, if it is still in `state` and of our epoch. Raises FencedOff."""
    found = db.session.execute(
        update(Attempt)
        .where(Attempt.id == work.living_attempt.id, Attempt.state == state, Attempt.epoch == work.ticket.epoch)
        .values(epoch=work.ticket.epoch)
        .returning(Attempt)
        .execution_options(populate_existing=True)
    ).scalar()
    if found is None:
        raise FencedOff
    return found


def note_progress(work: Work, uploaded_bytes: int) -> None:
    """How much TikTok has. Raises FencedOff: stop sending."""
    mine(work)
    _take(work, AttemptState.OPEN).uploaded_bytes = uploaded_bytes


def pass_commit_point(work: Work) -> Work:
    """From here the post may go live, and cancelling is too late. Raises FencedOff: it must not."""
    post, publication = mine(work)
    attempt = _take(work, AttemptState.OPEN)
    attempt.state, attempt.final_at = AttemptState.FINAL, clock.now()
    move(post, publication, PublicationState.PROCESSING, "last_chunk_leaving")
    return _detached(Work(work.ticket, post, publication, attempt, work.media, is_adopted=False))


def note_last_chunk(work: Work, *, is_acknowledged: bool = False, is_url_dead: bool = False) -> None:
    """What TikTok said to the last chunk. Raises FencedOff."""
    lock(work.publication_id)
    attempt = _take(work, AttemptState.FINAL)
    attempt.is_acknowledged |= is_acknowledged
    attempt.is_url_dead |= is_url_dead
    if is_acknowledged:
        attempt.uploaded_bytes = attempt.video_size


def abandon(work: Work, reason: str, detail: str | None = None) -> None:
    """Give up an INTENT whose init failed: no byte was sent. It does not count towards the limit of attempts."""
    _, publication = mine(work)
    _end(_take(work, AttemptState.INTENT), AttemptState.ABANDONED, reason)
    note(publication, "attempt_abandoned", detail or reason)


def bury(work: Work, reason: str) -> int:
    """End an attempt that TikTok has ended, or that is OPEN and whose upload URL lapsed; answers how many there are now.

    Raises FencedOff.
    """
    _, publication = lock(work.publication_id)
    _end(_take(work, work.living_attempt.state), AttemptState.DEAD, reason)
    publication.publish_id = None
    note(publication, "attempt_ended", reason)
    db.session.flush()
    dead = (
        select(func.count())
        .select_from(Attempt)
        .where(Attempt.publication_id == publication.id, Attempt.state == AttemptState.DEAD)
    )
    return db.session.scalar(dead) or 0


def _end(attempt: Attempt, state: AttemptState, reason: str | None) -> None:
    attempt.state, attempt.reason, attempt.ended_at = state, reason, clock.now()
    attempt.upload_url_sealed = None


def end_living_attempts(publication: Publication, reason: str) -> bool:
    """Abandon what has not passed the commit point, when a person cancels. False: it has passed; nothing was changed."""
    living = db.session.scalars(
        select(Attempt)
        .where(Attempt.publication_id == publication.id, Attempt.state.in_(ALIVE))
        .execution_options(populate_existing=True)
    ).all()
    if any(attempt.state is AttemptState.FINAL for attempt in living):
        return False
    for attempt in living:
        _end(attempt, AttemptState.ABANDONED, reason)
    return True


def settle_by_person(publication: Publication, *, is_live: bool) -> None:
    """A person looked at the account and says what TikTok never said; on their word the attempt is over."""
    for attempt in db.session.scalars(
        select(Attempt).where(Attempt.publication_id == publication.id, Attempt.state.in_(ALIVE))
    ):
        _end(attempt, AttemptState.SUCCEEDED if is_live else AttemptState.DEAD, "settled_by_person")
    if not is_live:
        publication.publish_id = None
    db.session.flush()


def succeed(work: Work) -> None:
    """TikTok has it: the attempt is over, its publish_id stays with the publication. Raises FencedOff."""
    attempt = _take(work, work.living_attempt.state)
    _end(attempt, AttemptState.SUCCEEDED, None)


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
    """Bring a publication into `state`, with its timeline entry, its post's status and its announcement."""
    publication.state, publication.reason, publication.detail = state, reason, detail
    publication.next_try_at = facts.pop("next_try_at", None)
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
