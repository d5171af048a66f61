"""Late publications: whether they still go out by themselves, and how far apart they go out.

Downtime, a lost authorisation or a cap can keep many posts of one account from their times. Afterwards they must neither
appear days late without a word nor all at once: a publication that is later than LATE_AFTER_SECONDS follows its post's
`if_late` (or LATE_POLICY), and those that go out keep the distances that their person gave them.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select

from tiktok_api import clock
from tiktok_api.accounts.services import load_account
from tiktok_api.db import db
from tiktok_api.posts.models import SPACED, UPLOAD_URL_LIFETIME, Attempt, Post, Publication
from tiktok_api.posts.preflight.grants import GRANT_REASONS, missing_grant
from tiktok_api.posts.publishing.verdicts import AskPerson, Skip, Wait
from tiktok_api.posts.schedule import PAST_GRACE
from tiktok_api.posts.states import ALIVE, UNBEGUN, AttemptState, PublicationState
from tiktok_api.posts.vocabulary import LatePolicy
from tiktok_api.settings import Settings

MISSED = "missed"
PUNCTUAL = timedelta(minutes=5)
"""A publication that is no later than this goes out at once: retries and TikTok's limits of a minute are no downtime."""
SHORTEST_GAP = timedelta(minutes=5)
"""Between late publications of one account, however close their times were: followers must not meet a burst of them."""
LONGEST_GAP = timedelta(days=1)
"""A plan of one a day stays one a day; a plan of one a month must not hold the next one up for a month."""
_LONGEST_GAP_BEHIND = timedelta(minutes=30)
"""Behind one that was wanted later: an account that posts on time every day must not hold its late ones up for ever."""
_MOST_AHEAD = 500
_LOOK_AGAIN = timedelta(hours=1)


def obstacle_to(
    post: Post, publication: Publication, settings: Settings, *, is_checked: bool
) -> Wait | AskPerson | Skip | None:
    """Returns why a publication that is due does not go out now because it is late, or others are; None: it goes out.

    `is_checked`: TikTok has just said that it would take the post, so that nothing of what had held it still does.
    """
    policy = _policy_if_late(post, publication, settings)
    if policy is LatePolicy.SKIP:
        return Skip()
    if policy is LatePolicy.HOLD:
        return None if not is_checked and _may_still_be_held(post, publication) else AskPerson()
    return _wait_for_release(post, publication, settings)


def _policy_if_late(post: Post, publication: Publication, settings: Settings) -> LatePolicy | None:
    """Returns what its person wants for a publication that is too late; None: it is not too late, and goes out."""
    wanted_at = publication.wanted_time(post)
    if wanted_at is None or not _is_too_late(wanted_at, settings):
        return None
    tried_until = _tried_until(publication.id)
    if tried_until is not None and not _is_too_late(tried_until, settings):
        return None  # it began in time and is tried again
    return post.if_late or LatePolicy(settings.late_policy)


def _may_still_be_held(post: Post, publication: Publication) -> bool:
    """Its person is asked about being late once nothing else holds it: a reason that still stands is told first."""
    if publication.state is not PublicationState.HELD:
        return False
    if publication.reason not in GRANT_REASONS:
        return True  # TikTok knows whether it still stands
    account = load_account(publication.account_id)
    return account is not None and missing_grant(account, post.mode) is not None


def _is_too_late(wanted_at: datetime, settings: Settings) -> bool:
    return clock.now() - wanted_at > timedelta(seconds=settings.late_after_seconds) + PAST_GRACE


def _tried_until(publication_id: UUID) -> datetime | None:
    """Returns when the upload URL of its last attempt lapsed: until then its time was being kept."""
    opened_at = db.session.scalar(
        select(func.max(Attempt.opened_at)).where(
            Attempt.publication_id == publication_id, Attempt.state == AttemptState.DEAD
        )
    )
    return opened_at + UPLOAD_URL_LIFETIME if opened_at else None


def _wait_for_release(post: Post, publication: Publication, settings: Settings) -> Wait | None:
    """Returns how long a late publication waits for the others of its account; None: it may go out now.

    Each waits for as long after the one before it as their times were apart, within bounds. Before an attempt is made this
    is asked with the account's inits locked: of two workers the second then sees what the first one has begun. Its job looks
    again at least hourly, because one before it may be cancelled meanwhile.
    """
    now, wanted_at = clock.now(), publication.wanted_time(post)
    if wanted_at is None or now - wanted_at <= PUNCTUAL or publication.account_id is None:
        return None
    last = _last_one_out(publication, now)
    ahead = [*_ahead_of(publication, wanted_at, settings), wanted_at]
    at, before = last if last else (None, None)
    for wanted in ahead:
        at, before = now if at is None else max(now, at + _gap(before, wanted)), wanted
    if at is None or at <= now:
        return None
    return Wait(at, SPACED, min(at, now + _LOOK_AGAIN))


def _gap(before: datetime | None, wanted_at: datetime) -> timedelta:
    apart = wanted_at - before if before else SHORTEST_GAP
    if apart < timedelta(0):
        apart = min(-apart, _LONGEST_GAP_BEHIND)
    return min(max(apart, SHORTEST_GAP), LONGEST_GAP)


def _last_one_out(publication: Publication, now: datetime) -> tuple[datetime, datetime | None] | None:
    """Returns when another publication of the account went out last, and when it was wanted."""
    row = db.session.execute(
        select(Attempt.intended_at, Attempt.final_at, Publication.wanted_at)
        .outerjoin(Publication, Publication.id == Attempt.publication_id)
        .where(
            Attempt.account_id == publication.account_id,
            Attempt.publication_id.is_distinct_from(publication.id),  # that of a deleted post went out too
            Attempt.state.in_([*ALIVE, AttemptState.SUCCEEDED]),
            Attempt.intended_at <= now + PUNCTUAL,  # a clock that was set back must not hold an account for hours
        )
        .order_by(Attempt.intended_at.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    went_at = max(row.intended_at, row.final_at or row.intended_at)
    return min(went_at, now), row.wanted_at


def _ahead_of(publication: Publication, wanted_at: datetime, settings: Settings) -> Sequence[datetime]:
    """Returns the times of the account's publications that were wanted earlier and are about to go out, in their order.

    This includes those that were held for a lost authorisation, once it is back: no worker may have looked at them yet.
    """
    account = load_account(publication.account_id)
    wanted = func.coalesce(Publication.wanted_at, Post.publish_at)
    rows = db.session.execute(
        select(wanted, Publication.id, Post.if_late, Post.mode, Publication.state)
        .join(Post, Post.id == Publication.post_id)
        .where(
            Publication.account_id == publication.account_id,
            Publication.id != publication.id,
            or_(
                Publication.state.in_(UNBEGUN) & (Publication.reason.is_(None) | (Publication.reason == SPACED)),
                (Publication.state == PublicationState.HELD) & Publication.reason.in_(GRANT_REASONS),
            ),
            wanted <= wanted_at,
        )
        .order_by(wanted, Publication.id)
        .limit(_MOST_AHEAD)
    )
    return [
        at
        for at, publication_id, if_late, mode, state in rows
        if (at, publication_id) < (wanted_at, publication.id)
        and (state is not PublicationState.HELD or (account is not None and missing_grant(account, mode) is None))
        and (not _is_too_late(at, settings) or LatePolicy(if_late or settings.late_policy) is LatePolicy.PUBLISH)
    ]
