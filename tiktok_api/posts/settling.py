"""Writing down what came of a step: the verdict and its announcement in one transaction, and when to look again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from tiktok_api import clock
from tiktok_api.accounts.models import Account
from tiktok_api.db import db, transaction
from tiktok_api.jobs.registry import Again
from tiktok_api.posts import attempts
from tiktok_api.posts.attempts import Work
from tiktok_api.posts.models import Post, PostMode, Publication, PublicationState
from tiktok_api.posts.terms import terms_of
from tiktok_api.posts.verdicts import Fail, Hold, InInbox, Later, Published, Retry, Verdict
from tiktok_api.settings import Settings

MOST_DEAD_ATTEMPTS = 3
_RETRY_PAUSE = timedelta(seconds=30)
_FOLLOW_POST, _FOLLOW_DRAFT = timedelta(hours=24), timedelta(days=7)
_UNCONFIRMED_PAUSE = timedelta(hours=1)
_GIVE_UP_AFTER = 3  # times UNCONFIRMED_AFTER_SECONDS: 24 h and 72 h by default


@dataclass(frozen=True, slots=True)
class Settler:
    """Each method commits one outcome and answers when to come back; None: nothing is left to do."""

    settings: Settings

    def before_upload(self, work: Work, outcome: Later | Hold | Fail) -> Again | None:
        """No attempt was begun."""
        with transaction():
            post, publication = attempts.mine(work)
            return _write_setback(post, publication, outcome)

    def failed_init(self, work: Work, outcome: Later | Hold | Fail) -> Again | None:
        """The attempt got no publish_id that we know of, so no byte was sent: it is abandoned."""
        with transaction():
            attempts.abandon(work, outcome.reason or "init_failed")
            post, publication = attempts.mine(work)
            return _write_setback(post, publication, outcome)

    def ended(self, work: Work, verdict: Verdict) -> Again | None:
        """TikTok ended the attempt, or its upload URL lapsed before the last byte."""
        reason = verdict.reason if isinstance(verdict, Fail | Hold | Retry) else "ended"
        with transaction():
            dead = attempts.bury(work, reason)
            post, publication = attempts.lock(work.publication_id)
            if isinstance(verdict, Retry) and dead >= MOST_DEAD_ATTEMPTS:
                verdict = Fail(reason, f"TikTok ended {dead} attempts; the last one: {reason}.")
            if isinstance(verdict, Fail | Hold):
                return _write_setback(post, publication, verdict)
            at = clock.now() + _RETRY_PAUSE * dead
            attempts.move(post, publication, PublicationState.DUE, "will_retry", reason=reason, next_try_at=at)
            return Again(at)

    def undecided(self, work: Work, *, not_before: datetime | None = None, reason: str | None = None) -> Again | None:
        """TikTok is still at it, or cannot be asked: look again, less and less often, and say so when it takes too long."""
        now, attempt = clock.now(), work.living_attempt
        age = now - (attempt.final_at or attempt.opened_at or now)
        unconfirmed_after = timedelta(seconds=self.settings.unconfirmed_after_seconds)
        is_final = attempt.final_at is not None
        is_late = is_final and age >= unconfirmed_after
        if is_late and age >= unconfirmed_after * _GIVE_UP_AFTER:
            return None
        pause = _UNCONFIRMED_PAUSE if is_late else self._poll_pause(age)
        at = max(now + pause, not_before or now)
        if is_final:
            at = min(at, max(now + pause, now + unconfirmed_after - age))
        with transaction():
            post, publication = attempts.mine(work)
            if is_late and publication.state is not PublicationState.UNCONFIRMED:
                detail = "TikTok has not said what became of it. Look at the account, then settle it."
                attempts.move(
                    post, publication, PublicationState.UNCONFIRMED, "unconfirmed", reason="no_verdict", detail=detail
                )
            publication.next_try_at = at
            if not is_late:
                publication.reason = reason
        return Again(at)

    def _poll_pause(self, age: timedelta) -> timedelta:
        """5 s growing to 60 s: a quarter of the time that has gone by, within POLL_MIN_SECONDS and POLL_MAX_SECONDS."""
        seconds = min(max(age.total_seconds() / 4, self.settings.poll_min_seconds), self.settings.poll_max_seconds)
        return timedelta(seconds=seconds)

    def arrived(self, work: Work, verdict: Published | InInbox) -> Again | None:
        """TikTok has it. Followed further where there is more to learn."""
        with transaction():
            post, publication = attempts.lock(work.publication_id)
            attempts.succeed(work)
            _write_arrival(post, publication, verdict)
        return self.follow_later(work)

    def is_worth_following(self, work: Work) -> bool:
        """Whether TikTok may still tell more: the id of a public post, or that a draft was posted."""
        publication = work.publication
        since = clock.now() - (publication.published_at or publication.updated_at)
        if publication.state is PublicationState.INBOX_DELIVERED:
            return since < _FOLLOW_DRAFT
        is_public = terms_of(work.post, publication).privacy_level == "PUBLIC_TO_EVERYONE"
        return (is_public or work.post.mode is PostMode.INBOX) and since < _FOLLOW_POST

    def follow_later(self, work: Work) -> Again | None:
        """Ask again in a while: at first as often as for a verdict, hourly in the end."""
        publication = work.publication
        since = clock.now() - (publication.published_at or publication.updated_at)
        seconds = min(max(since.total_seconds() / 4, self.settings.poll_min_seconds), 3600.0)
        return Again(clock.now() + timedelta(seconds=seconds))

    def followed(self, work: Work, verdict: Verdict) -> Again | None:
        """What was learnt after the verdict."""
        if isinstance(verdict, Published):
            is_new = bool(verdict.post_ids) or work.publication.state is PublicationState.INBOX_DELIVERED
            if is_new:
                with transaction():
                    post, publication = attempts.mine(work)
                    _write_arrival(post, publication, verdict)
            if verdict.post_ids:
                return None
        return self.follow_later(work)


def _write_setback(post: Post, publication: Publication, outcome: Later | Hold | Fail) -> Again | None:
    if isinstance(outcome, Fail):
        attempts.move(
            post, publication, PublicationState.FAILED, "failed", reason=outcome.reason, detail=outcome.detail
        )
        return None
    if isinstance(outcome, Hold):
        attempts.move(
            post,
            publication,
            PublicationState.HELD,
            "held",
            reason=outcome.reason,
            detail=outcome.detail,
            next_try_at=outcome.until,
        )
        return Again(outcome.until)
    publication.reason, publication.next_try_at = outcome.reason, outcome.at
    return Again(outcome.at)


def _write_arrival(post: Post, publication: Publication, verdict: Published | InInbox) -> None:
    if isinstance(verdict, InInbox):
        attempts.move(post, publication, PublicationState.INBOX_DELIVERED, "inbox_delivered", published_at=clock.now())
        return
    facts: dict[str, Any] = {"published_at": publication.published_at or clock.now()}
    if not verdict.post_ids:
        attempts.move(post, publication, PublicationState.PUBLISHED, "published", **facts)
        return
    if publication.state is not PublicationState.PUBLISHED:
        attempts.move(post, publication, PublicationState.PUBLISHED, "published", **facts)
    attempts.move(
        post,
        publication,
        PublicationState.PUBLICLY_AVAILABLE,
        "publicly_available",
        tiktok_post_ids=list(verdict.post_ids),
        url=_url_of(publication, verdict.post_ids[0]),
        **facts,
    )


def _url_of(publication: Publication, post_id: str) -> str:
    """Where people see it; TikTok redirects by id whatever the name."""
    username = db.session.scalar(select(Account.username).where(Account.id == publication.account_id))
    return f"https://www.tiktok.com/@{username or ''}/video/{post_id}"
