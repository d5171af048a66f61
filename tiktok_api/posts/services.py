"""What people do with posts: create, change, schedule, publish, cancel, retry and settle them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select

from tiktok_api import clock
from tiktok_api.accounts.services import load_accounts
from tiktok_api.auth import audit
from tiktok_api.auth.identity import Identity
from tiktok_api.db import db, locked
from tiktok_api.errors import NotFound
from tiktok_api.jobs import queue
from tiktok_api.posts.bookkeeping.labels import set_time
from tiktok_api.posts.bookkeeping.notes import NOTES, set_notes
from tiktok_api.posts.composer.consent import record_consent
from tiktok_api.posts.drafts import (
    leave_out_defaults,
    publications_of,
    set_media,
    set_targets,
    what_differs,
)
from tiktok_api.posts.errors import (
    NothingToCancel,
    NothingToRetry,
    PostNotMovable,
    PublicationNotUnconfirmed,
)
from tiktok_api.posts.models import Post, Publication
from tiktok_api.posts.preflight.report import Reasons, must_be_publishable
from tiktok_api.posts.publishing.fairness import due_times
from tiktok_api.posts.publishing.transitions import (
    abandon_attempt,
    derive_status,
    enqueue_publication,
    settle_attempt_by_person,
    transition,
)
from tiktok_api.posts.queries import visible_to
from tiktok_api.posts.schedule import resolve_time
from tiktok_api.posts.states import PublicationState
from tiktok_api.posts.vocabulary import SLOT, PostMode, PostStatus
from tiktok_api.posts.waiting import breaker, pending_media

CANCELLED_BY_USER = "cancelled_by_user"


def get_post(caller: Identity, post_id: UUID) -> Post:
    """Returns the caller's post, locked until the transaction ends. Raises NotFound."""
    post = locked(select(Post).where(Post.id == post_id, *visible_to(caller)))
    if post is None:
        raise NotFound
    return post


def update_post(caller: Identity, post_id: UUID, **changes: Any) -> None:
    """Change a draft, a scheduled post, or one that is late and of which nothing is out; labels and external_id of any post.

    A scheduled post must stay publishable. Raises PostNotMovable, NotPublishable, UnknownTarget, PublishTimePassed…
    """
    post = get_post(caller, post_id)
    notes = {name: changes.pop(name) for name in NOTES if name in changes}
    is_about_more = not notes or any(value or name != "slot" for name, value in changes.items())
    if is_about_more and not post.is_movable and not _waits_for_its_person(post):
        raise PostNotMovable(status=post.status)
    reasons = Reasons()
    with reasons.gather():
        set_notes(caller, post, notes)
    is_consenting = changes.get("consent") is True
    changes = what_differs(post, changes, media=pending_media.media_of(post.id), publications=publications_of(post))
    if not changes:
        reasons.raise_any()
        return
    slot = changes.pop("slot", {})
    if (media_ids := changes.pop("media_ids", None)) is not None:
        with reasons.gather():
            set_media(caller, post, media_ids, reasons)
    targets = changes.pop("targets", None)
    for name, value in changes.items():
        setattr(post, name, value)
    if targets is not None:
        with reasons.gather():
            set_targets(caller, post, targets, reasons)
        if slot or post.status is PostStatus.SCHEDULED:
            reasons.check_left_out(post, targets)
    elif changes.get("mode") is PostMode.INBOX:
        leave_out_defaults(caller, post)
    if "consent" in changes or is_consenting:  # sent with a change, consent is given anew, to what it has become
        _record_consent(caller, post)
    post.updated_at = clock.now()
    if slot:
        _put_on_calendar_at(caller, post, slot, reasons)
    elif post.status is PostStatus.SCHEDULED:  # its time stays as it was chosen, even where it has just come
        kept = {name: getattr(post, name) for name in SLOT}
        with reasons.gather():
            _put_on_calendar(post, kept, are_targets_new=targets is not None or "mode" in changes)
    elif targets is not None:  # new targets of what was late have no time yet
        post.status = derive_status(publication.state for publication in publications_of(post))
    reasons.raise_any()


def _record_consent(caller: Identity, post: Post) -> None:
    publications = publications_of(post)
    record_consent(caller, post, publications, load_accounts(each.account_id for each in publications))


def _waits_for_its_person(post: Post) -> bool:
    """Returns True if the post is late and none of it is out or on its way: then its person may change all of it."""
    late = [publication.is_asked_about for publication in publications_of(post) if publication.state.has_left]
    return bool(late) and all(late)


def schedule(caller: Identity, post_id: UUID, **slot: Any) -> None:
    """Put a post on the calendar, or move it there. Raises PostNotMovable, NotPublishable, PublishTimePassed…"""
    post = _get_for_new_time(caller, post_id)
    reasons = Reasons()
    _put_on_calendar_at(caller, post, slot, reasons)
    reasons.raise_any()


def _put_on_calendar_at(caller: Identity, post: Post, slot: dict[str, Any], reasons: Reasons) -> None:
    """Schedule the post; with a time that is refused, all the rest is checked too."""
    times = None
    with reasons.gather():
        times = resolve_time(**slot)
    post.queued_account_id = None  # a time that a person chooses takes it out of the queue
    with reasons.gather():
        _put_on_calendar(post, times or {"publish_at": clock.now(), "local_time": None, "timezone": None})
        audit.record(caller, "post.scheduled", subject_id=post.id)


def _get_for_new_time(caller: Identity, post_id: UUID) -> Post:
    """Returns a post whose time a person may choose: it waits everywhere, or a target is late and its person is asked."""
    post = get_post(caller, post_id)
    if not post.is_movable and not any(publication.is_asked_about for publication in publications_of(post)):
        raise PostNotMovable(status=post.status)
    return post


def publish_now(caller: Identity, post_id: UUID) -> None:
    """Send it out without waiting. Raises PostNotMovable, NotPublishable."""
    post = _get_for_new_time(caller, post_id)
    now = {"publish_at": clock.now(), "local_time": None, "timezone": None}
    post.queued_account_id = None
    _put_on_calendar(post, now, state=PublicationState.DUE)
    audit.record(caller, "post.published", subject_id=post.id)


def _put_on_calendar(
    post: Post,
    times: dict[str, Any],
    *,
    state: PublicationState = PublicationState.SCHEDULED,
    are_targets_new: bool = True,
) -> None:
    """Give every publication its job at the post's time. Raises NotPublishable."""
    publications = publications_of(post)
    targets = {
        position: publication
        for position, publication in enumerate(publications)
        if publication.state in (PublicationState.DRAFT, PublicationState.SCHEDULED) or publication.is_asked_about
    }
    _must_be_publishable(post, targets, are_targets_new=are_targets_new)
    set_time(post, publications, **times)
    event = "publish_now" if state is PublicationState.DUE else "scheduled"
    at = times["publish_at"]
    for publication, due_at in zip(targets.values(), due_times(targets.values(), at, but=post.id), strict=True):
        transition(post, publication, state, event, next_try_at=at, wanted_at=at)
        enqueue_publication(publication.id, due_at)


def _must_be_publishable(
    post: Post, targets: Mapping[int, Publication], *, are_targets_new: bool = True, by_cache: bool = True
) -> None:
    """Raises NotPublishable. The content may change while an account must be connected again: only a new time needs it."""
    media = pending_media.media_of(post.id, is_locked=True)
    accounts = load_accounts(publication.account_id for publication in targets.values())
    must_be_publishable(post, targets, media, accounts, needs_grants=are_targets_new, by_cache=by_cache)
    pending_media.check_when_known(post, media)


def cancel(caller: Identity, post_id: UUID) -> list[dict[str, Any]]:
    """Stop what has not passed its commit point. Returns what became of each target:

    `cancelled`, `too_late_published`, `too_late_delivered`, `too_late_unknown`, or `already_ended`. Raises
    NothingToCancel.
    """
    post = get_post(caller, post_id)
    publications = publications_of(post)
    if not any(publication.state.has_left for publication in publications):
        raise NothingToCancel(status=post.status)
    audit.record(caller, "post.cancelled", subject_id=post.id)
    return [cancel_publication(post, publication) for publication in publications]


def cancel_publication(post: Post, publication: Publication, *, reason: str = CANCELLED_BY_USER) -> dict[str, Any]:
    """Stop one publication of a locked post, if that is still possible. Returns what became of it."""
    outcome = "already_ended"
    if publication.state.is_cancellable and abandon_attempt(publication, "cancelled"):
        transition(post, publication, PublicationState.CANCELLED, "cancelled", reason=reason)
        queue.cancel(publication.job_key)
        outcome = "cancelled"
    elif publication.state is PublicationState.INBOX_DELIVERED:
        outcome = "too_late_delivered"
    elif publication.state.is_live:
        outcome = "too_late_published"
    elif publication.state.has_left:
        outcome = "too_late_unknown"
    return {
        "publication_id": publication.id,
        "account_id": publication.account_id,
        "outcome": outcome,
        "state": publication.state,
    }


def retry(caller: Identity, post_id: UUID) -> None:
    """Try the failed targets again, and only those. Raises NothingToRetry, NotPublishable."""
    post = get_post(caller, post_id)
    failed = {
        position: publication
        for position, publication in enumerate(publications_of(post))
        if publication.state is PublicationState.FAILED and publication.account_id
    }
    if not failed:
        raise NothingToRetry
    _must_be_publishable(post, failed, by_cache=False)  # what made it fail may have been mended at TikTok since
    breaker.try_again(failed.values())
    for publication in failed.values():
        _try_again(post, publication, "retry")
    audit.record(caller, "post.retried", subject_id=post.id)


def _try_again(post: Post, publication: Publication, event: str) -> None:
    """Begin again because a person asked for it, with all attempts allowed anew."""
    now = clock.now()
    transition(post, publication, PublicationState.DUE, event, next_try_at=now, wanted_at=now, failed_attempts=0)
    enqueue_publication(publication.id, now)


def resolve(caller: Identity, publication_id: UUID, *, outcome: str) -> None:
    """Settle an unconfirmed publication on a person's word: `live`, or `post_again`.

    Raises NotFound, PublicationNotUnconfirmed.
    """
    post_id = db.session.scalar(select(Publication.post_id).where(Publication.id == publication_id))
    if post_id is None:
        raise NotFound
    post = get_post(caller, post_id)
    publication = db.session.execute(select(Publication).where(Publication.id == publication_id)).scalar_one()
    if publication.state is not PublicationState.UNCONFIRMED:
        raise PublicationNotUnconfirmed(state=publication.state)
    audit.record(caller, "publication.settled", subject_id=publication.id, outcome=outcome)
    is_live = outcome == "live"
    settle_attempt_by_person(publication, is_live=is_live)
    if not is_live:
        _try_again(post, publication, "settled_post_again")
        return
    now = clock.now()
    transition(post, publication, PublicationState.PUBLISHED, "settled_live", published_at=now)
    enqueue_publication(publication.id, now)  # to learn its id
