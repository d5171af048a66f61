"""Writing down what came of a step: the verdict and its announcement in one transaction, and when to look again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tiktok_api import clock
from tiktok_api.db import transaction
from tiktok_api.jobs.registry import RunAgain
from tiktok_api.posts.matching import post_ids
from tiktok_api.posts.models import LATE, AttemptState, Post, PostIdSource, PostMode, Publication, PublicationState
from tiktok_api.posts.publishing import attempts
from tiktok_api.posts.publishing.claims import Work, lock, mine, take
from tiktok_api.posts.publishing.content import terms_of
from tiktok_api.posts.publishing.post_status import ENDED
from tiktok_api.posts.publishing.transitions import move, note
from tiktok_api.posts.publishing.verdicts import (
    AskPerson,
    Fail,
    Hold,
    InInbox,
    Later,
    Obstacle,
    Published,
    Retry,
    Skip,
    Verdict,
    Wait,
)
from tiktok_api.posts.waiting import media
from tiktok_api.posts.waiting.lateness import MISSED
from tiktok_api.settings import Settings

MOST_DEAD_ATTEMPTS = 3
_RETRY_PAUSE = timedelta(seconds=30)
_FOLLOW_POST, _FOLLOW_DRAFT = timedelta(hours=24), timedelta(days=7)
_UNCONFIRMED_PAUSE = timedelta(hours=1)
_GIVE_UP_AFTER = 3  # times UNCONFIRMED_AFTER_SECONDS: 24 h and 72 h by default
_DISCONNECTED = "account_disconnected"


@dataclass(frozen=True, slots=True)
class Settler:
    """Each method commits one outcome and answers when to come back; None: nothing is left to do."""

    settings: Settings

    def set_back(self, work: Work, outcome: Later | Hold | Fail) -> RunAgain | None:
        """No step could be taken; an attempt that is OPEN stays so."""
        with transaction():
            post, publication = mine(work)
            return _write_setback(post, publication, outcome)

    def stopped(self, work: Work, obstacle: Obstacle) -> RunAgain | None:
        """Something of ours keeps what is due from going out; no attempt is alive."""
        with transaction():
            post, publication = mine(work)
            match obstacle:
                case Fail():
                    return _write_setback(post, publication, obstacle)
                case Wait():
                    if obstacle.reason in media.REASONS and not media.is_waiting_for_media(post):
                        # They became known since the look, and the job that told so found nothing waiting.
                        return RunAgain(clock.now())
                    return _write_wait(post, publication, obstacle)
                case Skip():
                    detail = _how_late(publication, post)
                    move(post, publication, PublicationState.CANCELLED, "skipped", reason=MISSED, detail=detail)
                case AskPerson():  # pragma: no branch  # there is no other obstacle
                    if not publication.is_asked_about:
                        detail = f"{_how_late(publication, post)} Publish it now, schedule it anew, or cancel it."
                        move(post, publication, PublicationState.HELD, "held", reason=LATE, detail=detail)
        return None

    def failed_init(self, work: Work, outcome: Later | Hold | Fail) -> RunAgain | None:
        """The attempt got no publish_id that we know of, so no byte was sent: it is abandoned."""
        with transaction():
            attempts.abandon(work, outcome.reason or "init_failed")
            post, publication = mine(work)
            return _write_setback(post, publication, outcome)

    def ended(self, work: Work, verdict: Verdict) -> RunAgain | None:
        """TikTok ended the attempt, or its upload URL lapsed before the last byte."""
        reason = verdict.reason if isinstance(verdict, Fail | Hold | Retry) else "ended"
        with transaction():
            failed_attempts = attempts.bury(work, reason, counts=isinstance(verdict, Retry))
            post, publication = lock(work.publication_id)
            if isinstance(verdict, Retry) and failed_attempts >= MOST_DEAD_ATTEMPTS:
                verdict = Fail(reason, f"TikTok ended {failed_attempts} attempts; the last one: {reason}.")
            if isinstance(verdict, Fail | Hold):
                return _write_setback(post, publication, verdict)
            at = clock.now() + _RETRY_PAUSE * failed_attempts
            move(post, publication, PublicationState.DUE, "will_retry", reason=reason, next_try_at=at)
            return RunAgain(at)

    def orphaned(self, work: Work) -> RunAgain | None:
        """The account was disconnected: nothing more can be sent for it, nor asked."""
        with transaction():
            post, publication = mine(work)
            publication.next_try_at = None
            if publication.state in (*ENDED, PublicationState.DRAFT, PublicationState.UNCONFIRMED):
                return None
            if attempts.end_living_attempt(publication, _DISCONNECTED):
                detail = "The account was disconnected."
                move(post, publication, PublicationState.FAILED, "failed", reason=_DISCONNECTED, detail=detail)
            else:
                detail = "The account was disconnected, so TikTok cannot be asked. Look at it, then settle it."
                move(
                    post, publication, PublicationState.UNCONFIRMED, "unconfirmed", reason=_DISCONNECTED, detail=detail
                )
        return None

    def undecided(
        self, work: Work, *, not_before: datetime | None = None, reason: str | None = None
    ) -> RunAgain | None:
        """TikTok is still at it, or cannot be asked: look again, less and less often, and say so when it takes too long."""
        now, attempt = clock.now(), work.living_attempt
        age = now - (attempt.final_at or now)
        patience = timedelta(seconds=self.settings.unconfirmed_after_seconds)
        is_late = age >= patience
        at = None
        if not is_late:
            # Whatever keeps us from asking, the moment at which it is called unconfirmed is not missed.
            at = min(max(now + self._poll_pause(age), not_before or now), now + patience - age)
        elif age < patience * _GIVE_UP_AFTER:
            at = max(now + _UNCONFIRMED_PAUSE, not_before or now)
        with transaction():
            post, publication = mine(work)
            take(work, AttemptState.FINAL)
            if is_late and publication.state is not PublicationState.UNCONFIRMED:
                detail = "TikTok has not said what became of it. Look at the account, then settle it."
                move(post, publication, PublicationState.UNCONFIRMED, "unconfirmed", reason="no_verdict", detail=detail)
            publication.next_try_at = at
            if not is_late:
                publication.reason = reason
        return RunAgain(at) if at else None

    def _poll_pause(self, age: timedelta) -> timedelta:
        """5 s growing to 60 s: a quarter of the time that has gone by, within POLL_MIN_SECONDS and POLL_MAX_SECONDS."""
        seconds = min(max(age.total_seconds() / 4, self.settings.poll_min_seconds), self.settings.poll_max_seconds)
        return timedelta(seconds=seconds)

    def arrived(self, work: Work, verdict: Published | InInbox) -> RunAgain | None:
        """TikTok has it. Followed further where there is more to learn."""
        with transaction():
            post, publication = lock(work.publication_id)
            attempts.succeed(work)
            _write_arrival(post, publication, verdict)
        return self.follow_later(work)

    def is_worth_following(self, work: Work) -> bool:
        """Whether TikTok may still tell more: the id of a public post, or which posts a draft became."""
        publication, is_inbox = work.publication, work.post.mode is PostMode.INBOX
        since = clock.now() - (publication.published_at or publication.updated_at)
        if publication.state is PublicationState.INBOX_DELIVERED:
            return since < _FOLLOW_DRAFT
        if publication.state is PublicationState.PUBLICLY_AVAILABLE:
            is_told = publication.post_id_source is PostIdSource.TIKTOK
            return (is_inbox or not is_told) and since < _FOLLOW_POST
        is_public = terms_of(work.post, publication).privacy_level == "PUBLIC_TO_EVERYONE"
        return (is_public or is_inbox) and since < _FOLLOW_POST

    def follow_later(self, work: Work) -> RunAgain | None:
        """Ask again in a while: at first as often as for a verdict, hourly in the end."""
        publication = work.publication
        since = clock.now() - (publication.published_at or publication.updated_at)
        seconds = min(max(since.total_seconds() / 4, self.settings.poll_min_seconds), 3600.0)
        return RunAgain(clock.now() + timedelta(seconds=seconds))

    def followed(self, work: Work, verdict: Verdict) -> RunAgain | None:
        """What was learnt after the verdict. A draft may become several posts, one after the other."""
        if isinstance(verdict, Published):
            is_new = bool(set(verdict.post_ids).difference(work.publication.tiktok_post_ids))
            is_new |= bool(verdict.post_ids) and work.publication.post_id_source is not PostIdSource.TIKTOK
            if is_new or work.publication.state is PublicationState.INBOX_DELIVERED:
                with transaction():
                    post, publication = mine(work)
                    _write_arrival(post, publication, verdict)
            if verdict.post_ids and work.post.mode is PostMode.DIRECT:
                return None
        return self.follow_later(work)


def _write_wait(post: Post, publication: Publication, wait: Wait) -> RunAgain:
    """That is no setback, and what had held it up before is over."""
    if publication.state is PublicationState.HELD:
        move(post, publication, PublicationState.DUE, "released", reason=wait.reason, next_try_at=wait.at)
    elif publication.reason != wait.reason:
        note(publication, "waiting", wait.reason)
    publication.reason, publication.next_try_at = wait.reason, wait.at
    return RunAgain(wait.look_again_at)


def _how_late(publication: Publication, post: Post) -> str:
    wanted_at = publication.wanted_at or post.publish_at or clock.now()
    minutes = int((clock.now() - wanted_at).total_seconds() // 60)
    return f"It could not go out in time and is {minutes // 60} h {minutes % 60} min late."


def _write_setback(post: Post, publication: Publication, outcome: Later | Hold | Fail) -> RunAgain | None:
    if isinstance(outcome, Fail):
        move(post, publication, PublicationState.FAILED, "failed", reason=outcome.reason, detail=outcome.detail)
        return None
    is_held_already = publication.state is PublicationState.HELD and publication.reason == outcome.reason
    if isinstance(outcome, Hold) and not is_held_already:
        why = {"reason": outcome.reason, "detail": outcome.detail}
        move(post, publication, PublicationState.HELD, "held", next_try_at=outcome.at, **why)
        return RunAgain(outcome.at)
    if publication.reason != outcome.reason:
        publication.detail = None  # what it says is over, or not known to stand any more
    publication.reason, publication.next_try_at = outcome.reason, outcome.at
    publication.retry_count += 1
    return RunAgain(outcome.at)


def _write_arrival(post: Post, publication: Publication, verdict: Published | InInbox) -> None:
    if isinstance(verdict, InInbox):
        move(post, publication, PublicationState.INBOX_DELIVERED, "inbox_delivered")
        return
    if publication.state not in (PublicationState.PUBLISHED, PublicationState.PUBLICLY_AVAILABLE):
        move(post, publication, PublicationState.PUBLISHED, "published", published_at=clock.now())
    if verdict.post_ids:
        post_ids.write(post, publication, verdict.post_ids, PostIdSource.TIKTOK)
