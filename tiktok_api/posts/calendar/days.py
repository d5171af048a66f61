"""What goes out by day, in any time zone: counts by status, and the first posts of each day."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Integer, Select, case, func, literal_column, select

from tiktok_api import clock
from tiktok_api.auth.identity import Identity
from tiktok_api.db.reads import Given, is_any, list_of, reading
from tiktok_api.posts.capacity.days import edges_of, make_window
from tiktok_api.posts.models import WORDS, Post, Publication
from tiktok_api.posts.queries import visible_to
from tiktok_api.posts.queries.filters import is_for_any
from tiktok_api.posts.vocabulary import PostStatus

_LONGEST_TITLE = 100
_EDGE = "edge_"


def show_days(
    caller: Identity,
    *,
    timezone: str,
    limit: int,
    first: date | None = None,
    last: date | None = None,
    account_id: Sequence[UUID] | None = None,
    status: Sequence[PostStatus] | None = None,
) -> dict[str, Any]:
    """Returns each day of the window with its posts counted by status, and its first `limit` posts by time.

    A day begins at its first midnight in `timezone`. Raises WindowNotPossible.
    """
    zone = ZoneInfo(timezone)
    first, last = make_window(first, last, today=clock.now().astimezone(zone).date())
    edges = edges_of(first, last, zone)
    given = caller.reach | {f"{_EDGE}{number}": edge for number, edge in enumerate(edges)}
    given |= {"statuses": list(status or PostStatus), "accounts": list(dict.fromkeys(account_id or ())) or None}
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    for row in _counts.all(**given):
        counts[row.day][row.status] = row.count
    entries: dict[int, list[dict[str, Any]]] = defaultdict(list)
    if counts:
        for row in _entries.all(**given, per_day=limit):
            entries[row.day].append(_entry(row, zone))
    dates = [first + timedelta(days=number) for number in range(len(edges) - 1)]
    days = [_day(each, counts[number], entries[number]) for number, each in enumerate(dates)]
    return {"timezone": timezone, "days": days}


def _day(day: date, counts: Mapping[str, int], entries: Sequence[Any]) -> dict[str, Any]:
    total = sum(counts.values())
    by_status = {status.value: counts.get(status, 0) for status in PostStatus}
    return {"date": day, "total": total, "counts": by_status, "entries": entries, "has_more": total > len(entries)}


def _entry(row: Any, zone: ZoneInfo) -> dict[str, Any]:
    columns: dict[str, Any] = row._asdict()
    local_time = row.publish_at.astimezone(zone).isoformat(timespec="seconds")
    return columns | {"title": shorten(row.title), "local_time": local_time}


def shorten(title: str) -> str:
    """Returns a title for one line of a calendar."""
    words = " ".join(title.split())
    return words if len(words) <= _LONGEST_TITLE else f"{words[: _LONGEST_TITLE - 1]}…"


def _number_of_day(given: Given) -> ColumnElement[int]:
    """The place of a post's day among those of the window. The edges are parameters: of each number of days one statement."""
    edges = sum(name.startswith(_EDGE) for name in given)
    earlier = [(Post.publish_at < given[f"{_EDGE}{place + 1}"], _number(place)) for place in range(edges - 1)]
    return case(*earlier)


def _number(number: int) -> ColumnElement[int]:
    return literal_column(str(number), Integer)


def _within(given: Given) -> list[ColumnElement[bool]]:
    """The conditions, in the order of an index: of an owner's posts with each status, those of a time."""
    last = sum(name.startswith(_EDGE) for name in given) - 1
    found = [
        *visible_to(given),
        is_any(Post.status, given["statuses"]),
        Post.publish_at >= given[f"{_EDGE}0"],
        Post.publish_at < given[f"{_EDGE}{last}"],
    ]
    if "accounts" in given:
        found.append(is_for_any(given))
    return found


@reading
def _counts(given: Given) -> Select[Any]:
    day = _number_of_day(given).label("day")
    posts = select(day, Post.status).where(*_within(given)).subquery("posts_by_day")
    counted = select(posts.c.day, posts.c.status, func.count().label("count"))
    return counted.group_by(posts.c.day, posts.c.status).order_by(posts.c.day, posts.c.status)


@reading
def _entries(given: Given) -> Select[Any]:
    """The first posts of each day: all are numbered within the index, and only those that are shown are read."""
    day = _number_of_day(given).label("day")
    ids = select(day, Post.id, Post.publish_at).where(*_within(given)).subquery("posts_by_day")
    order = (ids.c.publish_at, ids.c.id)
    place = func.row_number().over(partition_by=ids.c.day, order_by=order).label("place")
    numbered = select(ids.c.day, ids.c.id, place).subquery("numbered")
    accounts = select(Publication.account_id).where(Publication.post_id == Post.id, Publication.account_id.is_not(None))
    shown: Sequence[Any] = (
        numbered.c.day,
        Post.id,
        func.substr(WORDS, _number(1), _number(4 * _LONGEST_TITLE)).label("title"),
        Post.type,
        Post.status,
        Post.publish_at,
        list_of(accounts.order_by(Publication.id).correlate(Post)).label("account_ids"),
    )
    query = select(*shown).join(numbered, numbered.c.id == Post.id).where(numbered.c.place <= given["per_day"])
    return query.order_by(Post.publish_at, Post.id)
