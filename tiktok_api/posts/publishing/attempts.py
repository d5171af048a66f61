"""The durable steps of publishing: each is one transaction's work, and a compare-and-set that an older worker loses.

    look ─► intend ─► open ─► note_progress … ─► pass_commit_point ─► note_last_chunk ─► succeed
              │        │            │                    │
              └────────┴─ abandon ──┴──── bury ──────────┴─ (only when TikTok ends it)

Every function that writes here runs inside `transaction()`, with the row of the post locked first. What they answer is
detached from the session: plain facts, to be used while no transaction is open.
"""

from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import func, select

from tiktok_api import clock
from tiktok_api.accounts import rate_limits
from tiktok_api.db import business_now, db
from tiktok_api.encryption import Encryptor
from tiktok_api.jobs import queue
from tiktok_api.jobs.registry import ClaimedJob
from tiktok_api.media.models import Media
from tiktok_api.posts.models import Attempt, AttemptState, PostMedia, Publication, PublicationState
from tiktok_api.posts.publishing.claims import FencedOff, Work, detached, living_attempt_of, lock, mine, take
from tiktok_api.posts.publishing.post_status import ENDED
from tiktok_api.posts.publishing.transitions import move, note
from tiktok_api.posts.waiting import lateness
from tiktok_api.settings import Settings
from tiktok_api.tiktok import ChunkPlan, PublishTicket

STARTABLE = frozenset(
    {
        PublicationState.SCHEDULED,
        PublicationState.DUE,
        PublicationState.PREPARING,
        PublicationState.UPLOADING,
        PublicationState.HELD,
    }
)


def look(job: ClaimedJob) -> Work:
    """What there is to do, taking over what an earlier run left, and beginning what is due.

    From here on the content of a due post is fixed. An INTENT that is found may be abandoned: whatever TikTok answered,
    no byte was sent, so it cannot go live. An OPEN or FINAL is adopted, with the same publish_id. Raises FencedOff.
    """
    post, publication = lock(job.subject)
    if not queue.is_held(job):
        raise FencedOff
    attempt, is_adopted = _take_over(publication, job), False
    if attempt is not None:
        # By being unequal, not by being older: a promise made anew counts its epochs from the beginning.
        is_adopted, attempt.epoch = attempt.epoch != job.epoch, job.epoch
    media = db.session.scalar(
        select(Media).join(PostMedia, PostMedia.media_id == Media.id).where(PostMedia.post_id == post.id)
    )
    work = Work(job, post, publication, attempt, media, is_adopted)
    if attempt is None and publication.state in _WAITING and is_due(work):
        move(post, publication, PublicationState.PREPARING, "preparing")
    return detached(work)


_WAITING = (PublicationState.SCHEDULED, PublicationState.DUE)


def is_due(work: Work) -> bool:
    """Whether its time has come; never early, whatever woke its job."""
    return work.not_before is None or work.not_before <= clock.now()


def _take_over(publication: Publication, job: ClaimedJob) -> Attempt | None:
    attempt = living_attempt_of(publication)
    if attempt is None or attempt.state is not AttemptState.INTENT:
        return attempt
    end(attempt, AttemptState.ABANDONED, "worker_died")
    note(publication, "attempt_abandoned", "The worker stopped before TikTok answered; no byte was sent.")
    return None


def is_unfinished(job: ClaimedJob) -> bool:
    """Whether somebody who was fenced off is still the one who must look after it, and there is something to do."""
    state = db.session.scalar(select(Publication.state).where(Publication.id == job.subject))
    return state is not None and state not in ENDED and queue.is_held(job)


def next_init_at(account_id: UUID | None) -> datetime | None:
    """Returns when this account may have its next publish_id; None: now. The attempt rows are the count."""
    return rate_limits.next_init_at(Attempt.intended_at, Attempt.account_id == account_id)


def intend(work: Work, plan: ChunkPlan, settings: Settings) -> Work | None:
    """Write down that we are about to ask for a publish_id. None: this account has had its inits for this minute.

    None, too, where another late publication of the account has gone out in between. Raises FencedOff.
    """
    post, publication = mine(work)
    account_id = cast(UUID, publication.account_id)  # the one that the worker has found
    rate_limits.lock_inits(account_id)
    if next_init_at(account_id) is not None or lateness.next_turn(post, publication, settings) is not None:
        return None
    if publication.state is PublicationState.HELD:
        move(post, publication, PublicationState.PREPARING, "released")
    number = db.session.scalar(
        select(func.coalesce(func.max(Attempt.number), 0)).where(Attempt.publication_id == publication.id)
    )
    attempt = Attempt(
        publication_id=publication.id,
        account_id=account_id,
        number=(number or 0) + 1,
        epoch=work.job.epoch,
        video_size=plan.video_size,
        chunk_size=plan.chunk_size,
        total_chunk_count=plan.total_chunk_count,
        intended_at=business_now(),
    )
    db.session.add(attempt)
    db.session.flush()
    db.session.refresh(attempt)
    return detached(Work(work.job, post, publication, attempt, work.media, is_adopted=False))


def open_attempt(work: Work, answer: PublishTicket, encryptor: Encryptor) -> Work:
    """Make the publish_id durable, before any byte leaves. Raises FencedOff: then this publish_id is never used."""
    post, publication = mine(work)
    attempt = take(work, AttemptState.INTENT)
    attempt.state = AttemptState.OPEN
    attempt.publish_id, attempt.log_id, attempt.opened_at = answer.publish_id, answer.log_id, clock.now()
    attempt.upload_url_encrypted = encryptor.encrypt(answer.upload_url or "", Attempt.upload_url_encrypted, attempt.id)
    publication.publish_id = answer.publish_id
    move(post, publication, PublicationState.UPLOADING, "upload_started")
    return detached(Work(work.job, post, publication, attempt, work.media, is_adopted=False))


def resume(work: Work) -> Work:
    """What had held up the upload is over. Raises FencedOff."""
    post, publication = mine(work)
    attempt = take(work, AttemptState.OPEN)
    move(post, publication, PublicationState.UPLOADING, "released")
    return detached(Work(work.job, post, publication, attempt, work.media, is_adopted=True))


def note_progress(work: Work, uploaded_bytes: int) -> None:
    """How much TikTok has. Raises FencedOff: stop sending."""
    _, publication = mine(work)
    take(work, AttemptState.OPEN).uploaded_bytes = uploaded_bytes
    publication.retry_count, publication.reason, publication.next_try_at = 0, None, None


def pass_commit_point(work: Work) -> Work:
    """From here the post may go live, and cancelling is too late. Raises FencedOff: it must not."""
    post, publication = mine(work)
    attempt = take(work, AttemptState.OPEN)
    attempt.state, attempt.final_at = AttemptState.FINAL, clock.now()
    move(post, publication, PublicationState.PROCESSING, "last_chunk_leaving")
    return detached(Work(work.job, post, publication, attempt, work.media, is_adopted=False))


def note_last_chunk(work: Work, *, is_acknowledged: bool = False, is_url_dead: bool = False) -> None:
    """What TikTok said to the last chunk. Raises FencedOff."""
    lock(work.publication_id)
    attempt = take(work, AttemptState.FINAL)
    attempt.is_acknowledged |= is_acknowledged
    attempt.is_url_dead |= is_url_dead
    if is_acknowledged:
        attempt.uploaded_bytes = attempt.video_size


def abandon(work: Work, reason: str, detail: str | None = None) -> None:
    """Give up an INTENT whose init failed: no byte was sent. It does not count towards the limit of attempts."""
    _, publication = mine(work)
    end(take(work, AttemptState.INTENT), AttemptState.ABANDONED, reason)
    note(publication, "attempt_abandoned", detail or reason)


def bury(work: Work, reason: str, *, counts: bool) -> int:
    """End an attempt that TikTok has ended, or that is OPEN and whose upload URL lapsed.

    Answers how many that count have ended since a person last asked for it. Raises FencedOff.
    """
    _, publication = lock(work.publication_id)
    end(take(work, work.living_attempt.state), AttemptState.DEAD, reason)
    publication.publish_id = None
    publication.failed_attempts += counts
    note(publication, "attempt_ended", reason)
    db.session.flush()
    return publication.failed_attempts


def end(attempt: Attempt, state: AttemptState, reason: str | None) -> None:
    """It is over; its upload URL is forgotten."""
    attempt.state, attempt.reason, attempt.ended_at = state, reason, clock.now()
    attempt.upload_url_encrypted = None


def end_living_attempt(publication: Publication, reason: str) -> bool:
    """Abandon what has not passed the commit point, when a person cancels. False: it has passed; nothing was changed."""
    living = living_attempt_of(publication)
    if living is not None and living.state is AttemptState.FINAL:
        return False
    if living is not None:
        end(living, AttemptState.ABANDONED, reason)
    return True


def settle_by_person(publication: Publication, *, is_live: bool) -> None:
    """A person looked at the account and says what TikTok never said; on their word the attempt is over."""
    living = living_attempt_of(publication)
    if living is not None:  # pragma: no branch - what is unconfirmed is past its commit point, so its attempt is alive
        end(living, AttemptState.SUCCEEDED if is_live else AttemptState.DEAD, "settled_by_person")
    if not is_live:
        publication.publish_id = None
    db.session.flush()


def succeed(work: Work) -> None:
    """TikTok has it: the attempt is over, its publish_id stays with the publication. Raises FencedOff."""
    attempt = take(work, work.living_attempt.state)
    end(attempt, AttemptState.SUCCEEDED, None)
