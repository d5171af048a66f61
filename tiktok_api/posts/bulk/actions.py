"""What people do with many posts at once, as with each of them alone."""

from collections.abc import Callable, Collection, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select

from tiktok_api.auth.identity import Identity
from tiktok_api.db import db
from tiktok_api.errors import Problem
from tiktok_api.posts import services
from tiktok_api.posts.bookkeeping.deletion import delete_post
from tiktok_api.posts.bulk.batches import act_on_each
from tiktok_api.posts.capacity.collisions import collisions_told
from tiktok_api.posts.models import Post
from tiktok_api.posts.queries import show_post, visible_to
from tiktok_api.posts.vocabulary import PostStatus
from tiktok_api.settings import Settings

Outcomes = dict[UUID, dict[str, Any] | Problem]
"""By the id of a post: its status afterwards and what else the act tells, or why it was refused."""


def schedule_each(caller: Identity, slots: Mapping[UUID, Mapping[str, Any]], settings: Settings) -> Outcomes:
    """Schedule posts, each for its own time, as `services.schedule` does; `collisions` are the caps that it runs into."""

    def schedule(post_id: UUID) -> dict[str, Any]:
        services.schedule(caller, post_id, **slots[post_id])
        db.session.flush()
        post = show_post(caller, post_id)
        return {"post_status": post.status, "collisions": collisions_told(post, settings)}

    return _act(caller, slots, schedule)


def cancel_each(caller: Identity, post_ids: Collection[UUID]) -> Outcomes:
    """Cancel posts, as `services.cancel` does; `targets` is what became of each target."""

    def cancel(post_id: UUID) -> dict[str, Any]:
        targets = services.cancel(caller, post_id)
        db.session.flush()
        return {"post_status": _status_of(post_id), "targets": targets}

    return _act(caller, post_ids, cancel)


def delete_each(caller: Identity, post_ids: Collection[UUID]) -> Outcomes:
    """Delete posts, as `delete_post` does."""

    def delete(post_id: UUID) -> dict[str, Any]:
        delete_post(caller, post_id)
        db.session.flush()
        return {"post_status": None}

    return _act(caller, post_ids, delete)


def _act(caller: Identity, post_ids: Collection[UUID], act: Callable[[UUID], dict[str, Any]]) -> Outcomes:
    _lock_all(caller, post_ids)
    return dict(zip(post_ids, act_on_each(post_ids, act), strict=True))


def _lock_all(caller: Identity, post_ids: Collection[UUID]) -> None:
    """Lock the caller's posts in the order of their ids, before anything that hangs on one of them.

    A worker locks one post first, then what hangs on it; so neither it nor another request of many posts can stand in a circle
    with this one.
    """
    its = select(Post.id).where(Post.id.in_(post_ids), *visible_to(caller))
    db.session.execute(its.order_by(Post.id).with_for_update())


def _status_of(post_id: UUID) -> PostStatus | None:
    return db.session.scalar(select(Post.status).where(Post.id == post_id))
