"""Reading posts and publications: rows of columns, a whole page in a fixed number of queries."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, or_, select

from tiktok_api.auth.identity import Identity
from tiktok_api.db import db
from tiktok_api.errors import NotFound
from tiktok_api.posts.models import Attempt, Post, PostMedia, PostStatus, PostType, Publication, TimelineEntry


def visible_to(caller: Identity) -> list[Any]:
    """Returns the conditions for the posts that the caller may see.

    A key that is confined to accounts sees the posts whose targets are all among them. A target without an account hides
    the post: it cannot be known whether the key was confined to the account that was disconnected.
    """
    conditions: list[Any] = [Post.owner_id == caller.user_id]
    if caller.account_ids is not None:
        is_outside = or_(Publication.account_id.is_(None), Publication.account_id.not_in(caller.account_ids))
        outside = select(Publication.id).where(Publication.post_id == Post.id, is_outside).correlate(Post)
        conditions.append(~exists(outside))
    return conditions


def list_posts(
    caller: Identity,
    *,
    status: Sequence[PostStatus] = (),
    account_id: Sequence[UUID] = (),
    type: Sequence[PostType] = (),
    since: datetime | None = None,
    until: datetime | None = None,
    q: str | None = None,
) -> Select[Any]:
    """Returns a select of the caller's posts, as rows of columns; `since` and `until` bound `publish_at`.

    Of several statuses, accounts or types, a post has any one.
    """
    statement = select(*Post.__table__.columns).where(*visible_to(caller))
    if status:
        statement = statement.where(Post.status.in_(status))
    if account_id:
        on_one = select(Publication.id).where(Publication.post_id == Post.id, Publication.account_id.in_(account_id))
        statement = statement.where(exists(on_one))
    if type:
        statement = statement.where(Post.type.in_(type))
    if since is not None:
        statement = statement.where(Post.publish_at >= since)
    if until is not None:
        statement = statement.where(Post.publish_at < until)
    if q:
        statement = statement.where(Post.caption.icontains(q, autoescape=True))
    return statement


def with_parts(posts: Sequence[Any]) -> list[dict[str, Any]]:
    """Returns posts with their media ids and publications: two more queries, however many posts."""
    ids = [post.id for post in posts]
    media: dict[UUID, list[UUID]] = {post_id: [] for post_id in ids}
    shown: dict[UUID, list[Any]] = {post_id: [] for post_id in ids}
    for row in db.session.execute(
        select(PostMedia.post_id, PostMedia.media_id).where(PostMedia.post_id.in_(ids)).order_by(PostMedia.position)
    ):
        media[row.post_id].append(row.media_id)
    for row in db.session.execute(
        select(*Publication.__table__.columns).where(Publication.post_id.in_(ids)).order_by(Publication.id)
    ):
        shown[row.post_id].append(row)
    names = [column.key for column in Post.__table__.columns]
    return [
        {name: getattr(post, name) for name in names} | {"media_ids": media[post.id], "targets": shown[post.id]}
        for post in posts
    ]


def show_post(caller: Identity, post_id: UUID) -> dict[str, Any]:
    """Returns one post with its parts. Raises NotFound."""
    row = db.session.execute(list_posts(caller).where(Post.id == post_id)).one_or_none()
    if row is None:
        raise NotFound
    return with_parts([row])[0]


def get_publications(caller: Identity, post_id: UUID) -> list[dict[str, Any]]:
    """Returns a post's publications with attempts and timeline. Raises NotFound."""
    if db.session.scalar(select(Post.id).where(Post.id == post_id, *visible_to(caller))) is None:
        raise NotFound
    found = db.session.scalars(select(Publication).where(Publication.post_id == post_id).order_by(Publication.id))
    return _with_history(found.all())


def get_publication(caller: Identity, publication_id: UUID) -> dict[str, Any]:
    """Returns one publication with attempts and timeline. Raises NotFound."""
    found = db.session.scalar(
        select(Publication)
        .join(Post, Post.id == Publication.post_id)
        .where(Publication.id == publication_id, *visible_to(caller))
    )
    if found is None:
        raise NotFound
    return _with_history([found])[0]


def _with_history(publications: Sequence[Publication]) -> list[dict[str, Any]]:
    ids = [publication.id for publication in publications]
    tries = db.session.scalars(
        select(Attempt).where(Attempt.publication_id.in_(ids)).order_by(Attempt.publication_id, Attempt.number)
    ).all()
    entries = db.session.scalars(
        select(TimelineEntry).where(TimelineEntry.publication_id.in_(ids)).order_by(TimelineEntry.at, TimelineEntry.id)
    ).all()
    names = [column.key for column in Publication.__table__.columns]
    return [
        {name: getattr(publication, name) for name in names}
        | {
            "attempts": [attempt for attempt in tries if attempt.publication_id == publication.id],
            "timeline": [entry for entry in entries if entry.publication_id == publication.id],
        }
        for publication in publications
    ]
