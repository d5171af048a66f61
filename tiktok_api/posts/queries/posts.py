"""One post, and the parts of many."""

from collections import namedtuple
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, literal_column, select

from tiktok_api.auth.identity import Identity
from tiktok_api.db.reads import Given, is_any, list_of, reading
from tiktok_api.errors import NotFound
from tiktok_api.posts.models import Post, PostMedia, Publication
from tiktok_api.posts.queries.reach import visible_to


def shown() -> Select[Any]:
    """Posts as they are shown, but for their `targets`. `with_targets` relies on that this column comes last."""
    media = select(PostMedia.media_id).where(PostMedia.post_id == Post.id).order_by(PostMedia.position).correlate(Post)
    targets: ColumnElement[Any] = literal_column("NULL").label("targets")
    return select(*Post.__table__.columns, list_of(media).label("media_ids"), targets)


_Target = namedtuple("_Target", [column.key for column in Publication.__table__.columns])  # type: ignore[misc]  # known when it runs


@reading
def _post(given: Given) -> Select[Any]:
    """One post, in a row for each of its targets, whose columns follow those of the post."""
    query = shown().where(*visible_to(given), Post.id == given["id"])
    query = query.add_columns(*(column.label(f"target_{column.key}") for column in Publication.__table__.columns))
    return query.outerjoin(Publication, Publication.post_id == Post.id).order_by(Publication.id)


@reading
def _targets(given: Given) -> Select[Any]:
    query = select(*Publication.__table__.columns)
    return query.where(is_any(Publication.post_id, given["post_ids"])).order_by(Publication.post_id, Publication.id)


def show_post(caller: Identity, post_id: UUID) -> Any:
    """Returns one post with its parts. Raises NotFound."""
    rows = _post.all(**caller.reach, id=post_id)
    if not rows:
        raise NotFound
    return rows[0]._replace(targets=[_Target(*row[-len(_Target._fields) :]) for row in rows if row.target_id])


def with_targets(posts: Sequence[Any]) -> list[Any]:
    """Returns posts with their publications: one more query, however many posts."""
    if not posts:
        return []
    targets: dict[UUID, list[Any]] = {post.id: [] for post in posts}
    for target in _targets.all(post_ids=list(targets)):
        targets[target.post_id].append(target)
    return [post._make((*post[:-1], targets[post.id])) for post in posts]
