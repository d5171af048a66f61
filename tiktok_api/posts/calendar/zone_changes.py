"""Moving posts when the rules of their time zones change: what a person chose is the local time, not the instant.

Scheduled posts with a local time are computed anew when the zones' data are of another version than before. A process that
goes on running may keep the old rules as long as it lives: for a week after a change this is done again each time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, literal_column, select

from tiktok_api import clock
from tiktok_api.db import db, insert_into, locked
from tiktok_api.posts.bookkeeping.labels import set_time
from tiktok_api.posts.calendar.models import ZoneRules
from tiktok_api.posts.calendar.zone_data import read_zone
from tiktok_api.posts.drafts import publications_of
from tiktok_api.posts.models import Post, Publication, TimelineEntry
from tiktok_api.posts.publishing.fairness import due_times
from tiktok_api.posts.publishing.transitions import add_timeline_entry, enqueue_publication, transition
from tiktok_api.posts.recurrences.moves import follow_move
from tiktok_api.posts.schedule import LocalInstants, find_instants, written
from tiktok_api.posts.states import PublicationState
from tiktok_api.posts.vocabulary import PostStatus

MOVED = "moved_by_zone_rules"
"""The event of a timeline: the post's zone has other rules now."""
UNCLEAR = "local_time_unclear"
"""The event of a timeline: by the new rules the local time does not exist, or exists twice."""
SETTLING = timedelta(days=7)
_ONLY_ROW = UUID(int=1)
_BATCH = 500


def are_followed(version: str) -> bool:
    """Returns True if all posts have their instants by this version of the rules, for longer than any process needs."""
    known = db.session.get(ZoneRules, _ONLY_ROW)
    return known is not None and known.version == version and clock.now() - known.noticed_at > SETTLING


def mark_followed(version: str) -> None:
    """Keep the version by which all posts have their instants now; call it inside a transaction."""
    row = {"id": _ONLY_ROW, "created_at": clock.now(), "version": version, "noticed_at": clock.now()}
    statement = insert_into(ZoneRules).values(row)
    changed = {name: statement.excluded[name] for name in ("version", "noticed_at")}
    is_new = ZoneRules.version != version
    db.session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=changed, where=is_new))


@dataclass(frozen=True, slots=True)
class Batch:
    """Some scheduled posts with a local time: the last one's id, and the ids of those that have another instant by now."""

    last: UUID
    to_follow: list[UUID]


def next_batch(after: UUID) -> Batch | None:
    """Returns the posts behind `after`; None: there are none left. None of them is locked."""
    columns: list[Any] = [Post.id, Post.local_time, Post.timezone, Post.publish_at]
    query = select(*columns)
    is_scheduled = Post.status == literal_column(f"'{PostStatus.SCHEDULED.value}'")  # as the partial index names it
    query = query.where(is_scheduled, Post.local_time.is_not(None), Post.id > after)
    rows = db.session.execute(query.order_by(Post.id).limit(_BATCH)).all()
    if not rows:
        return None
    read_once = cache(read_zone)
    return Batch(rows[-1].id, [row.id for row in rows if _has_moved(row, read_once)])


def _has_moved(post: Row[Any], read: Callable[[str], ZoneInfo | None]) -> bool:
    found = _instants_of(post, read)
    return found is not None and not (found.is_one and found.after == post.publish_at)


def _instants_of(post: Post | Row[Any], read: Callable[[str], ZoneInfo | None]) -> LocalInstants | None:
    """Returns the instants of a post's local time by the present rules; None where it has none, or its zone is gone."""
    if post.local_time is None or post.timezone is None or (zone := read(post.timezone)) is None:
        return None
    return find_instants(datetime.fromisoformat(post.local_time), zone)


def follow(post_id: UUID) -> None:
    """Move a scheduled post to the instant that its local time is by the present rules; call it inside a transaction.

    A local time that does not exist or exists twice keeps its instant if that is one of both choices, or else gets the later
    one: it never goes out early. Its timeline tells so.
    """
    post = locked(select(Post).where(Post.id == post_id))
    if post is None or post.status is not PostStatus.SCHEDULED or post.publish_at is None:
        return
    found = _instants_of(post, read_zone)
    if found is None:
        return
    before, seen_at = post.publish_at, post.updated_at
    instant = before if before in (found.before, found.after) else found.after
    publications = publications_of(post)
    waiting = [each for each in publications if each.state is PublicationState.SCHEDULED]
    if instant != before:
        set_time(post, publications, publish_at=instant)
        for publication in waiting:
            _move(post, publication, before)
        follow_move(post, seen_at=seen_at)
    if not found.is_one:
        for publication in waiting:
            _tell_once(publication, _unclear(post, found))


def _move(post: Post, publication: Publication, before: datetime) -> None:
    at = cast(datetime, post.publish_at)
    detail = f"{post.local_time} in {post.timezone} was {written(before)} and is {written(at)}"
    transition(post, publication, PublicationState.SCHEDULED, MOVED, detail=detail, next_try_at=at, wanted_at=at)
    [due_at] = due_times([publication], at, but=post.id)
    enqueue_publication(publication.id, due_at)


def _tell_once(publication: Publication, detail: str) -> None:
    """Add to the timeline what is unclear, unless it says so already: the same post is looked at again for a week."""
    same = (TimelineEntry.publication_id == publication.id, TimelineEntry.detail == detail)
    if db.session.scalar(select(TimelineEntry.id).where(*same).limit(1)) is None:
        add_timeline_entry(publication, UNCLEAR, detail)


def _unclear(post: Post, found: LocalInstants) -> str:
    what = "exists twice" if found.exists else "does not exist"
    return f"{post.local_time} in {post.timezone} {what} now: {written(found.before)} or {written(found.after)}"
