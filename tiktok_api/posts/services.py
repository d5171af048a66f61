"""What people do with posts: draft, change, schedule, publish, cancel, retry and settle."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from tiktok_api import clock
from tiktok_api.accounts.services import get_accounts
from tiktok_api.auth.identity import Identity
from tiktok_api.db import db
from tiktok_api.errors import NotFound
from tiktok_api.jobs import queue
from tiktok_api.media.models import Media
from tiktok_api.media.services import get_many
from tiktok_api.posts import attempts
from tiktok_api.posts.checking import check_post
from tiktok_api.posts.deriving import ENDED
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
from tiktok_api.posts.reading import visible_to
from tiktok_api.posts.scheduling import resolve_time
from tiktok_api.posts.terms import OVERRIDABLE

PUBLISH = "posts.publish"
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
    """The caller's post. Raises NotFound."""
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
    _set_media(caller, post, media_ids)
    _set_targets(caller, post, targets)
    _put_on_calendar(post, slot)
    return post.id


def update_post(caller: Identity, post_id: UUID, **changes: Any) -> None:
    """Change a draft or a scheduled post; a scheduled one must stay publishable. Raises PostNotMovable…"""
    post = get_post(caller, post_id)
    if not post.is_movable:
        raise PostNotMovable(status=post.status)
    slot = changes.pop("slot", {})
    if (media_ids := changes.pop("media_ids", None)) is not None:
        _set_media(caller, post, media_ids)
    targets = changes.pop("targets", None)
    for name, value in changes.items():
        setattr(post, name, value)
    if "consent" in changes:
        post.consented_at = clock.now() if post.consent else None
    if targets is not None:
        _set_targets(caller, post, targets)
    if post.status is PostStatus.SCHEDULED and not slot:
        slot = {"publish_at": post.publish_at}
    _put_on_calendar(post, slot)


def delete_post(caller: Identity, post_id: UUID) -> None:
    """Forget a post that is not on its way and not live. Raises PostInProgress."""
    post = get_post(caller, post_id)
    if post.status not in (PostStatus.DRAFT, PostStatus.SCHEDULED, PostStatus.CANCELLED, PostStatus.FAILED):
        raise PostInProgress(status=post.status)
    for publication in _publications(post):
        queue.withdraw(publication.job_key)
    db.session.delete(post)
    db.session.flush()


def _set_media(caller: Identity, post: Post, media_ids: Sequence[UUID]) -> None:
    known = get_many(caller, media_ids)
    unknown = [
        {"pointer": f"/media_ids/{place}", "code": "unknown_media", "message": "No such media of yours."}
        for place, media_id in enumerate(media_ids)
        if media_id not in known
    ]
    if unknown:
        raise UnknownTarget(errors=unknown)
    db.session.execute(delete(PostMedia).where(PostMedia.post_id == post.id))
    db.session.add_all(
        PostMedia(post_id=post.id, media_id=media_id, position=place) for place, media_id in enumerate(media_ids)
    )
    db.session.flush()


def _set_targets(caller: Identity, post: Post, targets: Sequence[dict[str, Any]]) -> None:
    known = get_accounts(caller, [target["account_id"] for target in targets])
    unknown = [
        {"pointer": f"/targets/{place}/account_id", "code": "unknown_account", "message": "No such account of yours."}
        for place, target in enumerate(targets)
        if target["account_id"] not in known
    ]
    if unknown:
        raise UnknownTarget(errors=unknown)
    for publication in _publications(post):
        queue.withdraw(publication.job_key)
        db.session.delete(publication)
    db.session.flush()
    for target in targets:
        overrides = {name: target[name] for name in OVERRIDABLE if name in target}
        db.session.add(
            Publication(post_id=post.id, owner_id=post.owner_id, account_id=target["account_id"], overrides=overrides)
        )
        db.session.flush()  # one by one: their ids keep the order of the targets


def _publications(post: Post) -> Sequence[Publication]:
    return db.session.scalars(select(Publication).where(Publication.post_id == post.id).order_by(Publication.id)).all()


def _media(post: Post) -> list[Media]:
    shown = select(Media).join(PostMedia, PostMedia.media_id == Media.id).where(PostMedia.post_id == post.id)
    return list(db.session.scalars(shown.order_by(PostMedia.position)))


def schedule(caller: Identity, post_id: UUID, **slot: Any) -> None:
    """Put a post on the calendar, or move it there. Raises PostNotMovable, NotPublishable, PublishTimePassed…"""
    post = get_post(caller, post_id)
    if not post.is_movable:
        raise PostNotMovable(status=post.status)
    _put_on_calendar(post, slot)


def publish_now(caller: Identity, post_id: UUID) -> None:
    """Send it out without waiting. Raises PostNotMovable, NotPublishable."""
    post = get_post(caller, post_id)
    if not post.is_movable:
        raise PostNotMovable(status=post.status)
    _put_on_calendar(post, {"publish_at": clock.now()}, state=PublicationState.DUE)


def _put_on_calendar(post: Post, slot: dict[str, Any], *, state: PublicationState = PublicationState.SCHEDULED) -> None:
    """Give every publication its job at the post's time; without a time it stays a draft."""
    times = resolve_time(**slot)
    if times is None:
        return
    publications = _publications(post)
    problems = check_post(post, list(publications), _media(post))
    if problems:
        raise NotPublishable(errors=[problem.as_fault() for problem in problems])
    for name, value in times.items():
        setattr(post, name, value)
    for publication in publications:
        if publication.state in (PublicationState.DRAFT, PublicationState.SCHEDULED):
            event = "publish_now" if state is PublicationState.DUE else "scheduled"
            attempts.move(post, publication, state, event, next_try_at=times["publish_at"])
            queue.promise(PUBLISH, due_at=times["publish_at"], subject=publication.id, unique_key=publication.job_key)


def cancel(caller: Identity, post_id: UUID) -> list[dict[str, Any]]:
    """Stop what has not passed its commit point; answers what became of each target.

    `cancelled`, `too_late_published`, `too_late_unknown`, or `already_ended`. Raises NothingToCancel.
    """
    post = get_post(caller, post_id)
    publications = _publications(post)
    if post.status is PostStatus.DRAFT or all(publication.state in ENDED for publication in publications):
        raise NothingToCancel(status=post.status)
    return [cancel_one(post, publication) for publication in publications]


def cancel_one(post: Post, publication: Publication) -> dict[str, Any]:
    outcome = "already_ended"
    if publication.state in CANCELLABLE and attempts.end_living_attempts(publication, "cancelled"):
        attempts.move(post, publication, PublicationState.CANCELLED, "cancelled", reason="cancelled_by_user")
        queue.withdraw(publication.job_key)
        outcome = "cancelled"
    elif publication.state in (PublicationState.PUBLISHED, PublicationState.PUBLICLY_AVAILABLE):
        outcome = "too_late_published"
    elif publication.state not in ENDED:
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
    failed = [item for item in _publications(post) if item.state is PublicationState.FAILED and item.account_id]
    if not failed:
        raise NothingToRetry
    problems = check_post(post, failed, _media(post))
    if problems:
        raise NotPublishable(errors=[problem.as_fault() for problem in problems])
    for publication in failed:
        attempts.move(post, publication, PublicationState.DUE, "retry", next_try_at=clock.now())
        queue.promise(PUBLISH, due_at=clock.now(), subject=publication.id, unique_key=publication.job_key)


def resolve(caller: Identity, publication_id: UUID, *, outcome: str) -> None:
    """A person settles what TikTok never did: `live`, or `post_again`. Raises NotFound, PublicationNotUnconfirmed."""
    post_id = db.session.scalar(select(Publication.post_id).where(Publication.id == publication_id))
    if post_id is None:
        raise NotFound
    post = get_post(caller, post_id)
    publication = db.session.execute(select(Publication).where(Publication.id == publication_id)).scalar_one()
    if publication.state is not PublicationState.UNCONFIRMED:
        raise PublicationNotUnconfirmed(state=publication.state)
    is_live = outcome == "live"
    attempts.settle_by_person(publication, is_live=is_live)
    queue.withdraw(publication.job_key)
    if is_live:
        attempts.move(post, publication, PublicationState.PUBLISHED, "settled_live", published_at=clock.now())
        return
    attempts.move(post, publication, PublicationState.DUE, "settled_post_again", next_try_at=clock.now())
    queue.promise(PUBLISH, due_at=clock.now(), subject=publication.id, unique_key=publication.job_key)
