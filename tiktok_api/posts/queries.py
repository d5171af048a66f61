"""Reading posts and publications: rows of columns, a whole page in a fixed number of queries."""

from collections import namedtuple
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, SelectBase, exists, literal_column, or_, select, union, union_all

from tiktok_api.auth.identity import Identity
from tiktok_api.db import db
from tiktok_api.db.reads import Given, is_any, list_of, planned_anew, reading
from tiktok_api.db.search import without_index
from tiktok_api.errors import NotFound
from tiktok_api.posts.models import (
    CAPTIONS,
    Attempt,
    Post,
    PostMedia,
    PostStatus,
    PostType,
    Publication,
    TimelineEntry,
)
from tiktok_api.web.pagination import Keys, Page, in_pages, read_page

KEYS: Keys = (Post.created_at, Post.id)
"""The order of a list of posts, the newest first."""


_FEW = 1_000
"""So many posts of some statuses are read sooner than all those of an account, of which most may have another status."""
_MOST_PREPARED = 8
"""Accounts of a list for which a connection keeps plans: one for each number of them, and each as large as the number."""


def visible_to(caller: Identity | Given) -> list[Any]:
    """Returns the conditions for the posts that the caller may see; in a Read, of what it is given of `Identity.reach`.

    A key that is confined to accounts sees the posts whose targets are all among them. A target without an account hides
    the post: it cannot be known whether the key was confined to the account that was disconnected.
    """
    if isinstance(caller, Given):
        return [Post.owner_id == caller["owner_id"], *_within_reach(caller)]
    mine: list[ColumnElement[bool]] = [Post.owner_id == caller.user_id]
    if caller.account_ids is None:
        return mine
    return [*mine, _has_no_target_outside(Publication.account_id.in_(caller.account_ids))]


def _within_reach(given: Given) -> list[ColumnElement[bool]]:
    return [_has_no_target_outside(is_any(Publication.account_id, given["reached"]))] if "reached" in given else []


def _has_no_target_outside(is_reached: ColumnElement[bool]) -> ColumnElement[bool]:
    is_outside = or_(Publication.account_id.is_(None), ~is_reached)
    return ~exists(select(Publication.id).where(Publication.post_id == Post.id, is_outside).correlate(Post))


def _shown() -> Select[Any]:
    """Posts as they are shown, but for their `targets`. `_with_targets` relies on that this column comes last."""
    media = select(PostMedia.media_id).where(PostMedia.post_id == Post.id).order_by(PostMedia.position).correlate(Post)
    targets: ColumnElement[Any] = literal_column("NULL").label("targets")
    return select(*Post.__table__.columns, list_of(media).label("media_ids"), targets)


_Target = namedtuple("_Target", [column.key for column in Publication.__table__.columns])  # type: ignore[misc]  # known when it runs


@reading
def _post(given: Given) -> Select[Any]:
    """One post, in a row for each of its targets, whose columns follow those of the post."""
    query = _shown().where(*visible_to(given), Post.id == given["id"])
    query = query.add_columns(*(column.label(f"target_{column.key}") for column in Publication.__table__.columns))
    return query.outerjoin(Publication, Publication.post_id == Post.id).order_by(Publication.id)


@reading
def _posts(given: Given) -> Select[Any]:
    """A page of posts, from the index that fits what is given: its cost does not depend on how many others there are."""
    if "account_0" in given:
        arms = [_of_account(given, given[name]) for name in given if name.startswith("account_")]
        query = _page_of(union(*arms), given)
    elif "trigrams" in given:
        query = _page_of(_with_trigrams(given), given)
    elif "since" in given or "until" in given:
        query = _page_of(_going_out(given), given)
    elif "status_1" in given:
        arms = [_of_status(given, given[name]) for name in given if name.startswith("status_")]
        query = _page_of(union_all(*arms), given)
    else:
        is_its = [Post.status == given["status_0"]] if "status_0" in given else []
        query = in_pages(_shown().where(*visible_to(given), *is_its, *_filters(given)), given, KEYS)
    return planned_anew(query) if given.keys() & {"pattern", "since", "until", f"account_{_MOST_PREPARED}"} else query


def _page_of(found: SelectBase, given: Given) -> Select[Any]:
    """The posts of a page of rows with `created_at` and `id`."""
    ids = found.subquery("found")
    if given.is_counting:
        return select(ids.c.id)
    order = (ids.c.created_at.desc(), ids.c.id.desc())
    page = select(ids.c.created_at, ids.c.id).order_by(*order).limit(literal_column(str(given.limit))).subquery("page")
    return _shown().join(page, page.c.id == Post.id).order_by(page.c.created_at.desc(), page.c.id.desc())


def _of_account(given: Given, account_id: Any) -> Select[Any]:
    """The first posts of one account: several accounts are read one by one, since an index has the order of each alone."""
    keys: Keys = (Publication.post_created_at, Publication.post_id)
    query = select(keys[0].label("created_at"), keys[1].label("id"))
    query = query.where(Publication.account_id == account_id, Publication.owner_id == given["owner_id"])
    filters = [*_within_reach(given), *_filters(given)]
    if filters:
        query = query.join(Post, Post.id == Publication.post_id).where(*filters)
    return _arm(in_pages(query, given, keys))


def _of_status(given: Given, status: Any) -> Select[Any]:
    """The first posts of one status."""
    query = select(*KEYS).where(*visible_to(given), Post.status == status, *_filters(given))
    return _arm(in_pages(query, given, KEYS))


def _going_out(given: Given) -> Select[Any]:
    """The posts of some time, of which no index has the order of a list: all are found in one, and the first are chosen.

    Materialized: else all posts would be read in the order of the list, to the end of it on the last page.
    """
    query = select(*KEYS).where(*visible_to(given), *_filters(given))
    found = query.cte("going_out").prefix_with("MATERIALIZED")
    keys = (found.c.created_at, found.c.id)
    return in_pages(select(*keys), given, keys)


def _with_trigrams(given: Given) -> Select[Any]:
    """The posts that the search index of SQLite has found."""
    is_mine = without_index(Post.owner_id) == given["owner_id"]
    query = select(*KEYS).where(CAPTIONS.is_found(given), is_mine, *_within_reach(given), *_filters(given))
    return in_pages(query, given, KEYS)


def _arm(query: Select[Any]) -> Select[Any]:
    """A query as a part of a union: its order and limit are its own."""
    return select(query.subquery())


def _filters(given: Given) -> list[ColumnElement[bool]]:
    """The conditions on posts, but for what `_posts` begins with."""
    found: list[ColumnElement[bool]] = []
    if "statuses" in given:
        found.append(is_any(Post.status, given["statuses"]))
    if "accounts" in given:
        # Not EXISTS, of which PostgreSQL would make a join, and read every publication of the accounts.
        is_its = (Publication.post_id == Post.id, is_any(Publication.account_id, given["accounts"]))
        target = select(Publication.id).where(*is_its).correlate(Post).limit(literal_column("1"))
        found.append(target.scalar_subquery().is_not(None))
    if "type" in given:
        found.append(is_any(Post.type, given["type"]))
    if "since" in given:
        found.append(Post.publish_at >= given["since"])
    if "until" in given:
        found.append(Post.publish_at < given["until"])
    if "pattern" in given:
        found.append(CAPTIONS.condition(given))
    return found


@reading
def _of_statuses(given: Given) -> Select[Any]:
    return select(Post.id).where(Post.owner_id == given["owner_id"], is_any(Post.status, given["statuses"]))


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
    filters: dict[str, Any] = {"type": type, "since": since, "until": until}
    filters |= CAPTIONS.parameters(q, dialect=db.engine.dialect.name)
    accounts, statuses = dict.fromkeys(account_id or ()), dict.fromkeys(status or ())
    is_in_order = since is None and until is None and "trigrams" not in filters
    if not is_in_order:
        filters |= {"accounts": list(accounts) or None, "statuses": list(statuses or PostStatus)}
    elif accounts and not _are_few(caller, list(statuses)):
        filters |= {"statuses": list(statuses) or None} | _one_by_one("account", accounts)
    else:
        filters |= {"accounts": list(accounts) or None} | _one_by_one("status", statuses)
    page = read_page(_posts, args, by=KEYS, **caller.reach, **filters)
    page.data = _with_targets(page.data)
    return page


def _are_few(caller: Identity, statuses: list[PostStatus]) -> bool:
    """Returns True if the posts with one of these statuses are fewer than an account may have."""
    return bool(statuses) and _of_statuses.count(most=_FEW, owner_id=caller.user_id, statuses=statuses) <= _FEW


def _one_by_one(name: str, values: Iterable[Any]) -> dict[str, Any]:
    return {f"{name}_{place}": value for place, value in enumerate(values)}


def show_post(caller: Identity, post_id: UUID) -> Any:
    """Returns one post with its parts. Raises NotFound."""
    rows = _post.all(**caller.reach, id=post_id)
    if not rows:
        raise NotFound
    return rows[0]._replace(targets=[_Target(*row[-len(_Target._fields) :]) for row in rows if row.target_id])


def _with_targets(posts: Sequence[Any]) -> list[Any]:
    """Returns posts with their publications: one more query, however many posts."""
    if not posts:
        return []
    targets: dict[UUID, list[Any]] = {post.id: [] for post in posts}
    for target in _targets.all(post_ids=list(targets)):
        targets[target.post_id].append(target)
    return [post._make((*post[:-1], targets[post.id])) for post in posts]


def get_publications(caller: Identity, post_id: UUID) -> list[dict[str, Any]]:
    """Returns a post's publications with attempts and timeline. Raises NotFound."""
    found = _publications.all(**caller.reach, post_id=post_id)
    if not found:
        _post_ids.one(**caller.reach, id=post_id)
    return _with_history(found)


def get_publication(caller: Identity, publication_id: UUID) -> dict[str, Any]:
    """Returns one publication with attempts and timeline. Raises NotFound."""
    return _with_history([_publications.one(**caller.reach, id=publication_id)])[0]


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
