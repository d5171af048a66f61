"""Publications, with what was tried and what happened to them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from tiktok_api.auth.identity import Identity
from tiktok_api.db.reads import Given, is_any, reading
from tiktok_api.posts.models import Attempt, Post, Publication, TimelineEntry
from tiktok_api.posts.queries.reach import visible_to


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
