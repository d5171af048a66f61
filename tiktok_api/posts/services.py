"""What people do with posts: draft, change, schedule, publish, cancel, retry and settle."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from tiktok_api import clock
from tiktok_api.accounts.services import get_accounts
from tiktok_api.auth import audit
from tiktok_api.auth.identity import Identity
from tiktok_api.db import db
from tiktok_api.errors import NotFound
from tiktok_api.jobs import queue
from tiktok_api.media.services import get_many
from tiktok_api.posts.changes import what_differs
from tiktok_api.posts.errors import (
    NothingToCancel,
    NothingToRetry,
    NotPublishable,
    PostInProgress,
    PostNotMovable,
    PublicationNotUnconfirmed,
    UnknownTarget,
)
from tiktok_api.posts.models import (
    Post,
    PostMedia,
    PostStatus,
    Publication,
    PublicationState,
)
from tiktok_api.posts.preflight.grants import check_grants
from tiktok_api.posts.preflight.report import Reasons, check_all
from tiktok_api.posts.publishing import attempts
from tiktok_api.posts.publishing.claims import PUBLISH
from tiktok_api.posts.publishing.content import OVERRIDABLE
from tiktok_api.posts.publishing.post_status import LIVE, derive_status
from tiktok_api.posts.publishing.transitions import move
from tiktok_api.posts.queries import visible_to
from tiktok_api.posts.schedule import resolve_time
from tiktok_api.posts.waiting import media as media_waits

CANCELLABLE = frozenset(
    {
        PublicationState.SCHEDULED,
        PublicationState.DUE,
        PublicationState.PREPARING,
        PublicationState.UPLOADING,
        PublicationState.HELD,
    }
)


def get_post(caller: Identity, post_id: UUID) -> Post:
    """The caller's post, locked: whoever else would change it waits. Raises NotFound."""
    post = db.session.scalar(select(Post).where(Post.id == post_id, *visible_to(caller)).with_for_update())
    if post is None:
        raise NotFound
    return post


def create_post(caller: Identity, *, slot: dict[str, Any], **draft: Any) -> UUID:
    """A draft, or with a time a scheduled post; answers its id. Raises UnknownTarget, NotPublishable, PublishTimePassed…"""
    media_ids, targets = draft.pop("media_ids"), draft.pop("targets")
    post = Post(owner_id=caller.user_id, **draft)
    post.consented_at = clock.now() if post.consent else None
    db.session.add(post)
    db.session.flush()
    reasons = Reasons()
    with reasons.gather():
        _set_media(caller, post, media_ids, reasons)
    with reasons.gather():
        _set_targets(caller, post, targets, reasons)
    if slot:
        reasons.judge_left_out(post, targets)
    _put_on_calendar_at(caller, post, slot, reasons)
    reasons.raise_any()
    return post.id


def update_post(caller: Identity, post_id: UUID, **changes: Any) -> None:
    """Change a draft, a scheduled post, or one that is late and of which nothing is out; a scheduled one must stay
    publishable. Raises PostNotMovable…
    """
    post = get_post(caller, post_id)
    if not post.is_movable and not _waits_for_its_person(post):
        raise PostNotMovable(status=post.status)
    changes = what_differs(post, changes, media=media_waits.media_of(post.id), publications=_publications(post))
    if not changes:
        return
    slot = changes.pop("slot", {})
    reasons = Reasons()
    if (media_ids := changes.pop("media_ids", None)) is not None:
        with reasons.gather():
            _set_media(caller, post, media_ids, reasons)
    targets = changes.pop("targets", None)
    for name, value in changes.items():
        setattr(post, name, value)
    if "consent" in changes:
        post.consented_at = clock.now() if post.consent else None
    if targets is not None:
        with reasons.gather():
            _set_targets(caller, post, targets, reasons)
        if slot or post.status is PostStatus.SCHEDULED:
            reasons.judge_left_out(post, targets)
    post.updated_at = clock.now()
    if slot:
        _put_on_calendar_at(caller, post, slot, reasons)
    elif post.status is PostStatus.SCHEDULED:  # its time stays as it was chosen, even where it has just come
        kept = {name: getattr(post, name) for name in ("publish_at", "local_time", "timezone")}
        with reasons.gather():
            _put_on_calendar(post, kept, are_targets_new=targets is not None or "mode" in changes)
    elif targets is not None:  # new targets of what was late have no time yet
        post.status = derive_status(publication.state for publication in _publications(post))
    reasons.raise_any()


def _waits_for_its_person(post: Post) -> bool:
    """Whether a post is late and nothing of it is out, or on its way: then its person may change all of it."""
    late = [publication.is_asked_about for publication in _publications(post) if publication.state not in _NEVER_LEFT]
    return bool(late) and all(late)


def delete_post(caller: Identity, post_id: UUID) -> None:
    """Forget a post that is not on its way and not live. Raises PostInProgress."""
    post = get_post(caller, post_id)
    if post.status not in (PostStatus.DRAFT, PostStatus.SCHEDULED, PostStatus.CANCELLED, PostStatus.FAILED):
        raise PostInProgress(status=post.status)
    for publication in _publications(post):
        queue.cancel(publication.job_key)
    audit.record(caller, "post.deleted", subject_id=post.id)
    db.session.delete(post)
    db.session.flush()


def _set_media(caller: Identity, post: Post, media_ids: Sequence[UUID], reasons: Reasons) -> None:
    """Show those that are the caller's. Raises UnknownTarget where any is not."""
    known = get_many(caller, media_ids)
    places = [place for place, media_id in enumerate(media_ids) if media_id in known]
    unknown = [
        {"pointer": f"/media_ids/{place}", "code": "unknown_media", "message": "No such media of yours."}
        for place, media_id in enumerate(media_ids)
        if media_id not in known
    ]
    db.session.execute(delete(PostMedia).where(PostMedia.post_id == post.id))
    db.session.add_all(PostMedia(post_id=post.id, media_id=media_ids[place], position=place) for place in places)
    db.session.flush()
    if unknown:
        reasons.leave_out("media_ids", kept=places, of=len(media_ids))
        raise UnknownTarget(errors=unknown)


def _set_targets(caller: Identity, post: Post, targets: Sequence[dict[str, Any]], reasons: Reasons) -> None:
    """Name those that are the caller's. Raises UnknownTarget where any is not."""
    known = get_accounts(caller, [target["account_id"] for target in targets])
    places = [place for place, target in enumerate(targets) if target["account_id"] in known]
    unknown = [
        {"pointer": f"/targets/{place}/account_id", "code": "unknown_account", "message": "No such account of yours."}
        for place, target in enumerate(targets)
        if target["account_id"] not in known
    ]
    for publication in _publications(post):
        queue.cancel(publication.job_key)
        db.session.delete(publication)
    db.session.flush()
    for target in (targets[place] for place in places):
        overrides = {name: target[name] for name in OVERRIDABLE if name in target}
        db.session.add(
            Publication(post_id=post.id, owner_id=post.owner_id, account_id=target["account_id"], overrides=overrides)
        )
        db.session.flush()  # one by one: their ids keep the order of the targets
    if unknown:
        reasons.leave_out("targets", kept=places, of=len(targets))
        raise UnknownTarget(errors=unknown)


def _publications(post: Post) -> Sequence[Publication]:
    return db.session.scalars(select(Publication).where(Publication.post_id == post.id).order_by(Publication.id)).all()


def schedule(caller: Identity, post_id: UUID, **slot: Any) -> None:
    """Put a post on the calendar, or move it there. Raises PostNotMovable, NotPublishable, PublishTimePassed…"""
    post = _get_for_new_time(caller, post_id)
    reasons = Reasons()
    _put_on_calendar_at(caller, post, slot, reasons)
    reasons.raise_any()


def _put_on_calendar_at(caller: Identity, post: Post, slot: dict[str, Any], reasons: Reasons) -> None:
    """As the slot says, if it says anything; a time that cannot be does not keep the rest from being judged."""
    times = None
    with reasons.gather():
        times = resolve_time(**slot)
    if slot:
        with reasons.gather():
            _put_on_calendar(post, times or {"publish_at": clock.now(), "local_time": None, "timezone": None})
            audit.record(caller, "post.scheduled", subject_id=post.id)


def _get_for_new_time(caller: Identity, post_id: UUID) -> Post:
    """A post whose time a person may choose: it waits everywhere, or a target is late and its person is asked."""
    post = get_post(caller, post_id)
    if not post.is_movable and not any(publication.is_asked_about for publication in _publications(post)):
        raise PostNotMovable(status=post.status)
    return post


def publish_now(caller: Identity, post_id: UUID) -> None:
    """Send it out without waiting. Raises PostNotMovable, NotPublishable."""
    post = _get_for_new_time(caller, post_id)
    now = {"publish_at": clock.now(), "local_time": None, "timezone": None}
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
    targets = {
        position: publication
        for position, publication in enumerate(_publications(post))
        if publication.state in (PublicationState.DRAFT, PublicationState.SCHEDULED) or publication.is_asked_about
    }
    _must_be_publishable(post, targets, are_targets_new=are_targets_new)
    for name, value in times.items():
        setattr(post, name, value)
    event = "publish_now" if state is PublicationState.DUE else "scheduled"
    for publication in targets.values():
        move(post, publication, state, event, next_try_at=times["publish_at"], wanted_at=times["publish_at"])
        queue.enqueue(PUBLISH, due_at=times["publish_at"], subject=publication.id, unique_key=publication.job_key)


def _must_be_publishable(
    post: Post, targets: Mapping[int, Publication], *, are_targets_new: bool = True, by_cache: bool = True
) -> None:
    """Raises NotPublishable. Words may be changed while an account waits to be connected again: only its time needs it."""
    media = media_waits.media_of(post.id, is_locked=True)
    problems = check_all(post, targets, media, by_cache=by_cache)
    if are_targets_new:
        problems += check_grants(post, targets)
    if problems:
        raise NotPublishable(errors=[problem.as_fault() for problem in problems])
    media_waits.watch(post, media)


def cancel(caller: Identity, post_id: UUID) -> list[dict[str, Any]]:
    """Stop what has not passed its commit point; answers what became of each target.

    `cancelled`, `too_late_published`, `too_late_delivered`, `too_late_unknown`, or `already_ended`. Raises
    NothingToCancel.
    """
    post = get_post(caller, post_id)
    publications = _publications(post)
    if all(publication.state in _NEVER_LEFT for publication in publications):
        raise NothingToCancel(status=post.status)
    audit.record(caller, "post.cancelled", subject_id=post.id)
    return [cancel_one(post, publication) for publication in publications]


_NEVER_LEFT = frozenset({PublicationState.DRAFT, PublicationState.FAILED, PublicationState.CANCELLED})


def cancel_one(post: Post, publication: Publication) -> dict[str, Any]:
    """Stop one publication of a locked post, if that is still possible; answers what became of it."""
    outcome = "already_ended"
    if publication.state in CANCELLABLE and attempts.end_living_attempt(publication, "cancelled"):
        move(post, publication, PublicationState.CANCELLED, "cancelled", reason="cancelled_by_user")
        queue.cancel(publication.job_key)
        outcome = "cancelled"
    elif publication.state is PublicationState.INBOX_DELIVERED:
        outcome = "too_late_delivered"
    elif publication.state in LIVE:
        outcome = "too_late_published"
    elif publication.state not in _NEVER_LEFT:
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
        for position, publication in enumerate(_publications(post))
        if publication.state is PublicationState.FAILED and publication.account_id
    }
    if not failed:
        raise NothingToRetry
    _must_be_publishable(post, failed, by_cache=False)  # what made it fail may have been mended at TikTok since
    for publication in failed.values():
        _try_again(post, publication, "retry")
    audit.record(caller, "post.retried", subject_id=post.id)


def _try_again(post: Post, publication: Publication, event: str) -> None:
    """On a person's word, with all attempts allowed anew."""
    now = clock.now()
    move(post, publication, PublicationState.DUE, event, next_try_at=now, wanted_at=now, failed_attempts=0)
    queue.enqueue(PUBLISH, due_at=now, subject=publication.id, unique_key=publication.job_key)


def resolve(caller: Identity, publication_id: UUID, *, outcome: str) -> None:
    """A person settles what TikTok never did: `live`, or `post_again`. Raises NotFound, PublicationNotUnconfirmed."""
    post_id = db.session.scalar(select(Publication.post_id).where(Publication.id == publication_id))
    if post_id is None:
        raise NotFound
    post = get_post(caller, post_id)
    publication = db.session.execute(select(Publication).where(Publication.id == publication_id)).scalar_one()
    if publication.state is not PublicationState.UNCONFIRMED:
        raise PublicationNotUnconfirmed(state=publication.state)
    audit.record(caller, "publication.settled", subject_id=publication.id, outcome=outcome)
    is_live = outcome == "live"
    attempts.settle_by_person(publication, is_live=is_live)
    if not is_live:
        _try_again(post, publication, "settled_post_again")
        return
    now = clock.now()
    move(post, publication, PublicationState.PUBLISHED, "settled_live", published_at=now)
    queue.enqueue(PUBLISH, due_at=now, subject=publication.id, unique_key=publication.job_key)  # to learn its id
