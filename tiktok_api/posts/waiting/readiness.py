"""What is known here and comes before any question to TikTok: media on their way, being late, taking turns."""

from datetime import timedelta

from tiktok_api import clock
from tiktok_api.accounts.services import load_account
from tiktok_api.db import end_reading
from tiktok_api.posts.models import SPACED, LatePolicy, PublicationState
from tiktok_api.posts.preflight import grants
from tiktok_api.posts.publishing.claims import Work
from tiktok_api.posts.publishing.verdicts import AskPerson, Fail, Obstacle, Skip, Wait
from tiktok_api.posts.waiting import lateness, media
from tiktok_api.settings import Settings

_LATE_LOOK = timedelta(minutes=1)
"""A worker that runs comes within seconds."""


def obstacle_to(work: Work, settings: Settings) -> Obstacle | None:
    """Why a publication that is due does not go out now; None: TikTok may be asked."""
    if work.publication.is_asked_about:
        return AskPerson()  # whatever woke its job, and whatever the policy is by now
    obstacle = _wait_for_media(work) or _obstacle_of_time(work, settings)
    end_reading()
    return obstacle


def _obstacle_of_time(work: Work, settings: Settings) -> Obstacle | None:
    fate = lateness.fate_of(work, settings)
    if fate is LatePolicy.SKIP:
        return Skip()
    if fate is LatePolicy.HOLD:
        return None if _may_still_be_held(work) else AskPerson()
    turn = lateness.next_turn(work.post, work.publication, settings)
    return Wait(turn.at, SPACED, turn.look_again_at) if turn else None


def is_too_late(work: Work, settings: Settings) -> bool:
    """Whether what had held it has gone, and it is late by now."""
    is_late = lateness.fate_of(work, settings) is LatePolicy.HOLD
    end_reading()
    return is_late


def _may_still_be_held(work: Work) -> bool:
    """Its person is asked about being late once nothing else holds it: a reason that still stands is the one to be told."""
    publication = work.publication
    if publication.state is not PublicationState.HELD:
        return False
    if publication.reason not in grants.GRANT_REASONS:
        return True  # TikTok knows whether it still stands
    account = load_account(publication.account_id) if publication.account_id else None
    return account is not None and grants.lack_of(account, work.post.mode) is not None


def _wait_for_media(work: Work) -> Wait | Fail | None:
    """Media that are due and not known yet are waited for, within bounds; their own job wakes this one.

    Counted from the first look, and anew where a look comes late, because while no worker runs nothing can be inspected
    either.
    """
    if work.media is None or not work.media.is_pending:
        return None
    now, reason = clock.now(), media.pending_reason([work.media]) or media.INSPECTING
    publication = work.publication
    until = publication.next_try_at if publication.reason in media.REASONS else None
    if until is None or now - until > _LATE_LOOK:
        until = now + media.PATIENCE
    if until > now:
        return Wait(until, reason, until)
    minutes = media.PATIENCE.seconds // 60
    return Fail(reason, f"The media was still {work.media.status} {minutes} minutes after its turn had come.")
