"""Reading posts and publications: rows of columns, a whole page in a fixed number of queries."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, func, literal_column, or_, select

from tiktok_api.auth.identity import Identity
from tiktok_api.db.reads import Given, contains, is_any, list_of, reading
from tiktok_api.errors import NotFound
from tiktok_api.posts.models import Attempt, Post, PostMedia, PostStatus, PostType, Publication, TimelineEntry
from tiktok_api.web.pagination import Page, in_pages, read_page

KEYS = (Post.created_at, Post.id)
"""The order of a list of posts, the newest first."""


def visible_to(caller: Identity | Given) -> list[Any]:
    """Returns the conditions for the posts that the caller may see; in a Read, of what it is given of `Identity.reach`.

    A key that is confined to accounts sees the posts whose targets are all among them. A target without an account hides
    the post: it cannot be known whether the key was confined to the account that was disconnected.
    """
    if isinstance(caller, Given):
        is_given = is_any(Publication.account_id, caller["reached"]) if "reached" in caller else None
        return _visible_to(caller["owner_id"], is_given)
    is_reached = None if caller.account_ids is None else Publication.account_id.in_(caller.account_ids)
    return _visible_to(caller.user_id, is_reached)


def _visible_to(owner_id: Any, is_reached: ColumnElement[bool] | None) -> list[Any]:
    conditions: list[Any] = [Post.owner_id == owner_id]
    if is_reached is not None:
        is_outside = or_(Publication.account_id.is_(None), ~is_reached)
        outside = select(Publication.id).where(Publication.post_id == Post.id, is_outside).correlate(Post)
        conditions.append(~exists(outside))
    return conditions


@reading
def _posts(given: Given) -> Select[Any]:
    media = select(PostMedia.media_id).where(PostMedia.post_id == Post.id).order_by(PostMedia.position).correlate(Post)
    targets: ColumnElement[Any] = literal_column("NULL").label("targets")  # `_with_targets` fills them in
    query = select(*Post.__table__.columns, list_of(media).label("media_ids"), targets)
    query = query.where(*visible_to(given))
    if "id" in given:
        query = query.where(Post.id == given["id"])
    if "status" in given:
        query = query.where(is_any(Post.status, given["status"]))
    if "account_id" in given:
        is_its = is_any(Publication.account_id, given["account_id"])
        query = query.where(exists(select(Publication.id).where(Publication.post_id == Post.id, is_its)))
    if "type" in given:
        query = query.where(is_any(Post.type, given["type"]))
    if "since" in given:
        query = query.where(Post.publish_at >= given["since"])
    if "until" in given:
        query = query.where(Post.publish_at < given["until"])
    if "pattern" in given:
        query = query.where(func.lower(Post.caption).like(func.lower(given["pattern"]), escape="/"))
    return in_pages(query, given, KEYS)


@reading
def _targets(given: Given) -> Select[Any]:
    query = select(*Publication.__table__.columns)
    return query.where(is_any(Publication.post_id, given["post_ids"])).order_by(Publication.post_id, Publication.id)


def list_posts(
    caller: Identity,
    args: dict[str, Any],
    *,
    status: Sequence[PostStatus] | None = None,
    account_id: Sequence[UUID] | None = None,
    type: Sequence[PostType] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    q: str | None = None,
) -> Page:
    """Returns a page of the caller's posts, with their media ids and targets; `since` and `until` bound `publish_at`.

    Of several statuses, accounts or types, a post has any one. Raises InvalidCursor.
    """
    filters = {"status": status, "account_id": account_id, "type": type, "since": since, "until": until}
    pattern = contains(q) if q else None
    page = read_page(_posts, args, by=KEYS, **caller.reach, **filters, pattern=pattern)
    page.data = _with_targets(page.data)
    return page


def show_post(caller: Identity, post_id: UUID) -> Any:
    """Returns one post with its parts. Raises NotFound."""
    post = _posts.first(**caller.reach, id=post_id)
    if post is None:
        raise NotFound
    return _with_targets([post])[0]


def _with_targets(posts: Sequence[Any]) -> list[Any]:
    """Returns posts with their publications: one more query, however many posts."""
    targets: dict[UUID, list[Any]] = {post.id: [] for post in posts}
    for target in _targets.all(post_ids=list(targets)):
        targets[target.post_id].append(target)
    return [post._replace(targets=targets[post.id]) for post in posts]


def get_publications(caller: Identity, post_id: UUID) -> list[dict[str, Any]]:
    """Returns a post's publications with attempts and timeline. Raises NotFound."""
    found = _publications.all(**caller.reach, post_id=post_id)
    if not found and _post_ids.first(**caller.reach, id=post_id) is None:
        raise NotFound
    return _with_history(found)


def get_publication(caller: Identity, publication_id: UUID) -> dict[str, Any]:
    """Returns one publication with attempts and timeline. Raises NotFound."""
    found = _publications.first(**caller.reach, id=publication_id)
    if found is None:
        raise NotFound
    return _with_history([found])[0]


@reading
def _post_ids(given: Given) -> Select[Any]:
    return select(Post.id).where(Post.id == given["id"], *visible_to(given))


@reading
def _publications(given: Given) -> Select[Any]:
    query = select(*Publication.__table__.columns).join(Post, Post.id == Publication.post_id)
    query = query.where(*visible_to(given)).order_by(Publication.id)
    if "post_id" in given:
        return query.where(Post.id == given["post_id"])
    return query.where(Publication.id == given["id"])


@reading
def _attempts(given: Given) -> Select[Any]:
    query = select(Attempt).where(is_any(Attempt.publication_id, given["publication_ids"]))
    return query.order_by(Attempt.publication_id, Attempt.number)


@reading
def _timeline(given: Given) -> Select[Any]:
    query = select(TimelineEntry).where(is_any(TimelineEntry.publication_id, given["publication_ids"]))
    return query.order_by(TimelineEntry.at, TimelineEntry.id)


def _with_history(publications: Sequence[Any]) -> list[dict[str, Any]]:
    """Returns publications with what happened to them: two more queries, however many publications."""
    ids = [publication.id for publication in publications]
    if not ids:
        return []
    parts: dict[UUID, dict[str, list[Any]]] = {each: {"attempts": [], "timeline": []} for each in ids}
    for attempt in _attempts.all(publication_ids=ids):
        parts[attempt.publication_id]["attempts"].append(attempt)
    for entry in _timeline.all(publication_ids=ids):
        parts[entry.publication_id]["timeline"].append(entry)
    return [publication._asdict() | parts[publication.id] for publication in publications]
