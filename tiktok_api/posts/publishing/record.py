"""Recording what came of a step: the only writer of publications and attempts while a worker publishes.

Each result is one transaction: the rows, the timeline and the announcement together. What is returned is the publication as
it is now, where the next step follows at once, or when to come back.
"""

from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import func, insert, select

from tiktok_api import clock
from tiktok_api.accounts import rate_limits
from tiktok_api.db import business_now, db
from tiktok_api.jobs.registry import RunAgain
from tiktok_api.posts.matching import post_ids
from tiktok_api.posts.models import LATE, Attempt
from tiktok_api.posts.publishing import claims, verdicts
from tiktok_api.posts.publishing.claims import ClaimedPublication
from tiktok_api.posts.publishing.poll_times import next_poll_at, poll_pause
from tiktok_api.posts.publishing.transitions import abandon_attempt, add_timeline_entry, pass_commit_point, transition
from tiktok_api.posts.states import AttemptState, PublicationState
from tiktok_api.posts.vocabulary import PostIdSource
from tiktok_api.posts.waiting import pending_media, readiness
from tiktok_api.posts.waiting.lateness import MISSED
from tiktok_api.settings import Settings

MOST_DEAD_ATTEMPTS = 3
_RETRY_PAUSE = timedelta(seconds=30)
_DISCONNECTED = "account_disconnected"

Next = ClaimedPublication | RunAgain | None


def record(claimed: ClaimedPublication, result: verdicts.Result, settings: Settings) -> Next:
    """Write down what came of a step; call it inside a transaction. Raises FencedOff, with nothing written.

    Returns the publication where the next step follows at once, or when to come back; None: nothing is left to do.
    """
    is_verdict = claimed.attempt is not None and isinstance(result, verdicts.Verdict)
    locked = claims.lock_again(claimed, is_verdict=is_verdict)
    match result:
        case verdicts.Checked():
            return _record_intent(locked, result, settings)
        case verdicts.AttemptOpened():
            return _record_open(locked, result, settings)
        case verdicts.AttemptNotOpened():
            return _record_no_open(locked, result)
        case verdicts.Adopted():
            return _record_adoption(locked, result, settings)
        case verdicts.ChunkSent():
            _record_uploaded(locked, result.uploaded_bytes)
            return claims.detached(locked)
        case verdicts.LastChunkLeaves():
            return _record_commit_point(locked)
        case verdicts.Undecided():
            return _record_undecided(locked, result, settings)
        case verdicts.Published() | verdicts.InInbox():
            return _record_arrival(locked, result, settings)
        case verdicts.AttemptEnded():
            return _record_ended_attempt(locked, result.outcome)
        case verdicts.NothingNew():
            return _follow_later(locked, settings)
        case verdicts.Later() | verdicts.Hold() | verdicts.Fail():
            return _record_setback(locked, result)
        case _:
            return _record_obstacle(locked, result)


def _record_obstacle(
    locked: ClaimedPublication, obstacle: verdicts.Wait | verdicts.AskPerson | verdicts.Skip | verdicts.Disconnected
) -> RunAgain | None:
    post, publication = locked.post, locked.publication
    if isinstance(obstacle, verdicts.Wait):
        return _record_wait(locked, obstacle)
    if isinstance(obstacle, verdicts.Disconnected):
        _record_disconnection(locked)
    elif isinstance(obstacle, verdicts.Skip):
        detail = _how_late(locked)
        transition(post, publication, PublicationState.CANCELLED, "skipped", reason=MISSED, detail=detail)
    elif not publication.is_asked_about:
        detail = f"{_how_late(locked)} Publish it now, schedule it anew, or cancel it."
        transition(post, publication, PublicationState.HELD, "held", reason=LATE, detail=detail)
    return None


def _record_wait(locked: ClaimedPublication, wait: verdicts.Wait) -> RunAgain:
    """A wait is no setback, and what had held it up before is over."""
    post, publication = locked.post, locked.publication
    if wait.reason in pending_media.REASONS and not pending_media.is_waiting_for_media(post):
        # They became known since the claim, and the job that made them known found nothing waiting.
        return RunAgain(clock.now())
    if publication.state is PublicationState.HELD:
        transition(post, publication, PublicationState.DUE, "released", reason=wait.reason, next_try_at=wait.at)
    elif publication.reason != wait.reason:
        add_timeline_entry(publication, "waiting", wait.reason)
    publication.reason, publication.next_try_at = wait.reason, wait.at
    return RunAgain(wait.look_again_at)


def _how_late(locked: ClaimedPublication) -> str:
    wanted_at = locked.publication.wanted_time(locked.post) or clock.now()
    minutes = int((clock.now() - wanted_at).total_seconds() // 60)
    return f"It could not go out in time and is {minutes // 60} h {minutes % 60} min late."


def _record_disconnection(locked: ClaimedPublication) -> None:
    post, publication = locked.post, locked.publication
    publication.next_try_at = None
    state = publication.state
    if state.has_ended or state in (PublicationState.DRAFT, PublicationState.UNCONFIRMED):
        return
    if abandon_attempt(publication, _DISCONNECTED):
        detail = "The account was disconnected."
        transition(post, publication, PublicationState.FAILED, "failed", reason=_DISCONNECTED, detail=detail)
    else:
        detail = "The account was disconnected, so TikTok cannot be asked. Look at it, then settle it."
        transition(post, publication, PublicationState.UNCONFIRMED, "unconfirmed", reason=_DISCONNECTED, detail=detail)


def _record_setback(locked: ClaimedPublication, setback: verdicts.Setback) -> RunAgain | None:
    """No step could be taken. An attempt that is OPEN stays OPEN."""
    post, publication = locked.post, locked.publication
    if isinstance(setback, verdicts.Fail):
        transition(post, publication, PublicationState.FAILED, "failed", reason=setback.reason, detail=setback.detail)
        return None
    if isinstance(setback, verdicts.Later) and setback.uploaded_bytes is not None:
        _record_uploaded(locked, setback.uploaded_bytes)
    is_held_already = publication.state is PublicationState.HELD and publication.reason == setback.reason
    if isinstance(setback, verdicts.Hold) and not is_held_already:
        why, detail = setback.reason, setback.detail
        transition(post, publication, PublicationState.HELD, "held", reason=why, detail=detail, next_try_at=setback.at)
        return RunAgain(setback.at)
    if publication.reason != setback.reason:
        publication.detail = None  # what it says is over, or not known to stand any more
    publication.reason, publication.next_try_at = setback.reason, setback.at
    publication.retry_count += 1
    return RunAgain(setback.at)


def _record_intent(locked: ClaimedPublication, checked: verdicts.Checked, settings: Settings) -> Next:
    """Write down that we are about to ask for a publish_id, unless something has come in between."""
    post, publication = locked.post, locked.publication
    rate_limits.lock_inits(locked.account_id)
    obstacle = readiness.obstacle_to(post, publication, locked.media, settings, is_checked=True)
    if isinstance(obstacle, verdicts.Setback):
        return _record_setback(locked, obstacle)
    if obstacle is not None:
        return _record_obstacle(locked, obstacle)
    if publication.state is PublicationState.HELD:
        transition(post, publication, PublicationState.PREPARING, "released")
    numbers = select(func.coalesce(func.max(Attempt.number), 0) + 1).where(Attempt.publication_id == publication.id)
    intent = insert(Attempt).values(
        publication_id=publication.id,
        account_id=locked.account_id,
        number=numbers.scalar_subquery(),
        epoch=locked.job.epoch,
        intended_at=business_now(),
        **(asdict(checked.plan) if checked.plan else {}),
    )
    attempt = db.session.scalars(intent.returning(Attempt)).one()
    return claims.detached(replace(locked, attempt=attempt))


def _record_no_open(locked: ClaimedPublication, failed: verdicts.AttemptNotOpened) -> RunAgain | None:
    """Abandon the attempt: no byte was sent. It does not count towards the limit of attempts."""
    reason = failed.setback.reason or "init_failed"
    locked.living_attempt.log_id = failed.log_id
    locked.living_attempt.end(AttemptState.ABANDONED, reason)
    add_timeline_entry(locked.publication, "attempt_abandoned", reason)
    return _record_setback(locked, failed.setback)


def _record_open(locked: ClaimedPublication, opened: verdicts.AttemptOpened, settings: Settings) -> Next:
    """Make the publish_id durable, before any byte leaves. Photos are fetched from now on: look later how that goes."""
    attempt = locked.living_attempt
    attempt.state, attempt.opened_at = AttemptState.OPEN, clock.now()
    attempt.publish_id, attempt.log_id = opened.publish_id, opened.log_id
    attempt.upload_url_encrypted = opened.upload_url_encrypted
    locked.publication.publish_id = opened.publish_id
    post, publication, since = locked.post, locked.publication, locked.state_since
    if locked.is_fetched:
        look_at = clock.now() + timedelta(seconds=settings.poll_min_seconds)
        about: dict[str, Any] = {"next_try_at": look_at, "since": since, "attempt": attempt}
        transition(post, publication, PublicationState.UPLOADING, "photos_offered", **about)
        return RunAgain(look_at)
    at = transition(post, publication, PublicationState.UPLOADING, "upload_started", since=since, attempt=attempt)
    return claims.detached(replace(locked, state_since=at))


def _record_adoption(locked: ClaimedPublication, adopted: verdicts.Adopted, settings: Settings) -> Next:
    """Go on where TikTok is. The setbacks in a row count on: no chunk has got through yet."""
    attempt, publication = locked.living_attempt, locked.publication
    attempt.uploaded_bytes = adopted.uploaded_bytes
    if publication.state is PublicationState.HELD:
        since = transition(locked.post, publication, PublicationState.UPLOADING, "released")
        locked = replace(locked, state_since=since)
    if not locked.is_fetched:
        return claims.detached(locked)
    now = clock.now()
    pause = poll_pause(now - (attempt.opened_at or now), settings.poll_min_seconds, settings.poll_max_seconds)
    publication.next_try_at = now + pause
    return RunAgain(now + pause)


def _record_uploaded(locked: ClaimedPublication, uploaded_bytes: int) -> None:
    locked.living_attempt.uploaded_bytes = uploaded_bytes
    publication = locked.publication
    publication.retry_count, publication.reason, publication.next_try_at = 0, None, None


def _record_commit_point(locked: ClaimedPublication) -> ClaimedPublication:
    post, publication, attempt = locked.post, locked.publication, locked.living_attempt
    pass_commit_point(post, publication, attempt, "last_chunk_leaving", since=locked.state_since)
    return claims.detached(locked)


def _record_undecided(locked: ClaimedPublication, undecided: verdicts.Undecided, settings: Settings) -> RunAgain | None:
    """Poll again, less and less often, and call it unconfirmed when it takes too long."""
    post, publication, attempt = locked.post, locked.publication, locked.living_attempt
    attempt.is_url_dead |= undecided.is_url_dead
    if undecided.is_acknowledged:
        attempt.is_acknowledged, attempt.uploaded_bytes = True, attempt.video_size or 0
    now = clock.now()
    age = now - (attempt.final_at or now)
    patience = timedelta(seconds=settings.unconfirmed_after_seconds)
    at = next_poll_at(age, patience, undecided.not_before or now, settings)
    is_late = age >= patience
    if is_late and publication.state is not PublicationState.UNCONFIRMED:
        detail = "TikTok has not said what became of it. Look at the account, then settle it."
        transition(post, publication, PublicationState.UNCONFIRMED, "unconfirmed", reason="no_verdict", detail=detail)
    publication.next_try_at = at
    if not is_late:
        publication.reason = undecided.reason
    return RunAgain(at) if at else None


def _record_ended_attempt(
    locked: ClaimedPublication, outcome: verdicts.Fail | verdicts.Hold | verdicts.Retry
) -> RunAgain | None:
    """Mark the attempt dead. Those that may be tried again count, since a person last asked for the publication."""
    post, publication = locked.post, locked.publication
    locked.living_attempt.end(AttemptState.DEAD, outcome.reason)
    publication.publish_id = None
    add_timeline_entry(publication, "attempt_ended", outcome.reason)
    if not isinstance(outcome, verdicts.Retry):
        return _record_setback(locked, outcome)
    publication.failed_attempts += 1
    count, reason = publication.failed_attempts, outcome.reason
    if count >= MOST_DEAD_ATTEMPTS:
        detail = f"TikTok ended {count} attempts; the last one: {reason}."
        return _record_setback(locked, verdicts.Fail(reason, detail))
    at = clock.now() + _RETRY_PAUSE * count
    transition(post, publication, PublicationState.DUE, "will_retry", reason=reason, next_try_at=at)
    return RunAgain(at)


def _record_arrival(
    locked: ClaimedPublication, verdict: verdicts.Published | verdicts.InInbox, settings: Settings
) -> RunAgain | None:
    """TikTok has it, or tells more of what it has: a draft may become several posts, one after the other."""
    post, publication = locked.post, locked.publication
    if locked.attempt is not None:  # its publish_id stays with the publication
        locked.attempt.end(AttemptState.SUCCEEDED, None)
    if isinstance(verdict, verdicts.InInbox):
        transition(post, publication, PublicationState.INBOX_DELIVERED, "inbox_delivered")
        return _follow_later(locked, settings)
    if not publication.state.is_visible:
        is_processing = publication.state is PublicationState.PROCESSING
        since = locked.attempt.final_at if is_processing and locked.attempt is not None else None
        transition(post, publication, PublicationState.PUBLISHED, "published", published_at=clock.now(), since=since)
    is_new = bool(set(verdict.post_ids).difference(publication.tiktok_post_ids))
    if verdict.post_ids and (is_new or publication.post_id_source is not PostIdSource.TIKTOK):
        post_ids.write(post, publication, verdict.post_ids, PostIdSource.TIKTOK)
    return _follow_later(locked, settings)


def _follow_later(locked: ClaimedPublication, settings: Settings) -> RunAgain | None:
    """Ask again in a while, where TikTok may tell more: at first as often as for a verdict, hourly in the end."""
    now = clock.now()
    if not locked.is_worth_following(now):
        return None
    return RunAgain(now + poll_pause(locked.followed_for(now), settings.poll_min_seconds, 3600.0))
