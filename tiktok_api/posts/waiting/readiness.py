"""What keeps a due publication from going out before TikTok is asked anything."""

from collections.abc import Sequence
from datetime import timedelta

from tiktok_api import clock
from tiktok_api.accounts import rate_limits
from tiktok_api.media.models import Media
from tiktok_api.posts.models import SPACED, Attempt, Post, Publication
from tiktok_api.posts.publishing.verdicts import SHORTEST_PAUSE, AskPerson, Fail, Later, Obstacle, Wait
from tiktok_api.posts.states import PublicationState
from tiktok_api.posts.waiting import caps, lateness, pending_media
from tiktok_api.settings import Settings

_LATE_LOOK = timedelta(minutes=2)
"""A worker that runs comes within seconds."""


def obstacle_to(
    post: Post, publication: Publication, media: Sequence[Media], settings: Settings, *, is_checked: bool = False
) -> Obstacle | None:
    """Returns why a publication that is due does not go out now; None: TikTok may be asked.

    `is_checked`: TikTok has just said that it would take the post, so that nothing of what had held it still does.
    """
    if publication.is_asked_about:
        return AskPerson()  # whatever woke its job, and whatever the policy is by now
    before_caps = _wait_for_media(publication, media) or lateness.obstacle_to(
        post, publication, settings, is_checked=is_checked
    )
    is_spaced_only = isinstance(before_caps, Wait) and before_caps.reason == SPACED
    if before_caps is not None and not (is_spaced_only and publication.state is PublicationState.HELD):
        return before_caps
    # What is held and looks before its time stays held while the cap stands: its turn among the late ones comes after that.
    of_caps = caps.obstacle_to(post, publication, settings, is_checked=is_checked)
    return of_caps or before_caps or _wait_for_init(publication)


def _wait_for_media(publication: Publication, media: Sequence[Media]) -> Wait | Fail | None:
    """Media that are due and not known yet are waited for, within bounds; their own job starts this one again.

    Counted from the first look, and anew where a look comes late, because while no worker runs nothing can be inspected
    either.
    """
    pending = [each for each in media if each.is_pending]
    if not pending:
        return None
    now, reason = clock.now(), pending_media.pending_reason(pending) or pending_media.INSPECTING
    until = publication.next_try_at if publication.reason in pending_media.REASONS else None
    if until is None or now - until > _LATE_LOOK:
        until = now + pending_media.PATIENCE
    if until > now:
        return Wait(until, reason, until)
    minutes = pending_media.PATIENCE.seconds // 60
    return Fail(reason, f"The media was still {pending[0].status} {minutes} minutes after its turn had come.")


def _wait_for_init(publication: Publication) -> Later | None:
    at = rate_limits.next_init_at(Attempt.intended_at, Attempt.account_id == publication.account_id)
    return Later(max(at, clock.now() + SHORTEST_PAUSE), "inits_per_minute") if at else None
