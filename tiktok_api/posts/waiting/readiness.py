"""What is known here and comes before any question to TikTok: media on their way, being late, taking turns."""

from datetime import timedelta

from tiktok_api import clock
from tiktok_api.accounts import rate_limits
from tiktok_api.accounts.services import load_account
from tiktok_api.media.models import Media
from tiktok_api.posts.models import SPACED, Attempt, LatePolicy, Post, Publication
from tiktok_api.posts.preflight import grants
from tiktok_api.posts.publishing.verdicts import AskPerson, Fail, Later, Obstacle, Skip, Wait
from tiktok_api.posts.states import PublicationState
from tiktok_api.posts.waiting import lateness, pending_media
from tiktok_api.settings import Settings

_LATE_LOOK = timedelta(minutes=1)
"""A worker that runs comes within seconds."""
_BREATH = timedelta(seconds=1)


def obstacle_to(
    post: Post, publication: Publication, media: Media | None, settings: Settings, *, is_checked: bool = False
) -> Obstacle | None:
    """Returns why a publication that is due does not go out now; None: TikTok may be asked.

    `is_checked`: TikTok has just said that it would take the post, so that nothing of what had held it still does.
    """
    if publication.is_asked_about:
        return AskPerson()  # whatever woke its job, and whatever the policy is by now
    return (
        _wait_for_media(publication, media)
        or _obstacle_of_time(post, publication, settings, is_checked=is_checked)
        or _wait_for_init(publication)
    )


def _obstacle_of_time(post: Post, publication: Publication, settings: Settings, *, is_checked: bool) -> Obstacle | None:
    policy = lateness.policy_if_late(post, publication, settings)
    if policy is LatePolicy.SKIP:
        return Skip()
    if policy is LatePolicy.HOLD:
        return None if not is_checked and _may_still_be_held(post, publication) else AskPerson()
    release = lateness.next_release(post, publication, settings)
    return Wait(release.at, SPACED, release.look_again_at) if release else None


def _may_still_be_held(post: Post, publication: Publication) -> bool:
    """Its person is asked about being late once nothing else holds it: a reason that still stands is told first."""
    if publication.state is not PublicationState.HELD:
        return False
    if publication.reason not in grants.GRANT_REASONS:
        return True  # TikTok knows whether it still stands
    account = load_account(publication.account_id) if publication.account_id else None
    return account is not None and grants.missing_grant(account, post.mode) is not None


def _wait_for_media(publication: Publication, media: Media | None) -> Wait | Fail | None:
    """Media that are due and not known yet are waited for, within bounds; their own job starts this one again.

    Counted from the first look, and anew where a look comes late, because while no worker runs nothing can be inspected
    either.
    """
    if media is None or not media.is_pending:
        return None
    now, reason = clock.now(), pending_media.pending_reason([media]) or pending_media.INSPECTING
    until = publication.next_try_at if publication.reason in pending_media.REASONS else None
    if until is None or now - until > _LATE_LOOK:
        until = now + pending_media.PATIENCE
    if until > now:
        return Wait(until, reason, until)
    minutes = pending_media.PATIENCE.seconds // 60
    return Fail(reason, f"The media was still {media.status} {minutes} minutes after its turn had come.")


def _wait_for_init(publication: Publication) -> Later | None:
    at = rate_limits.next_init_at(Attempt.intended_at, Attempt.account_id == publication.account_id)
    return Later(max(at, clock.now() + _BREATH), "inits_per_minute") if at else None
