"""What a calendar feed shows: the posts that went out lately and those to come, with the accounts that they are for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, literal_column, select, union_all

from tiktok_api import clock
from tiktok_api.accounts.models import Account
from tiktok_api.db.reads import Given, is_any, reading
from tiktok_api.posts.calendar.feeds import OpenedFeed
from tiktok_api.posts.models import WORDS, Post, Publication
from tiktok_api.posts.queries import visible_to
from tiktok_api.posts.queries.filters import is_for_any
from tiktok_api.posts.vocabulary import PostStatus, PostType

PAST, FUTURE = timedelta(days=60), timedelta(days=400)
"""A feed shows the last two months and, of a plan that is made a year ahead, all of it."""
MOST_PAST, MOST_FUTURE = 500, 2_000
"""Calendar programs fetch the whole feed again and again: those nearest to now are shown."""
_LONGEST_CAPTION = 500
_SHOWN = [status for status in PostStatus if status is not PostStatus.DRAFT]


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """A post on a calendar. `accounts` are labels, such as `@ada`."""

    id: UUID
    at: datetime
    status: PostStatus
    type: PostType
    caption: str
    accounts: list[str]
    created_at: datetime
    updated_at: datetime


def read_events(feed: OpenedFeed) -> list[CalendarEvent]:
    """Returns the posts that a feed shows, by their times."""
    now = clock.now().replace(second=0, microsecond=0)
    given = feed.reader.reach | {"statuses": _SHOWN, "accounts": feed.account_ids}
    posts = _posts.all(**given, since=now - PAST, now=now, until=now + FUTURE)
    return _with_accounts(posts, feed.account_ids)


def _with_accounts(posts: Sequence[Any], only: Sequence[UUID] | None) -> list[CalendarEvent]:
    """Returns posts as events: one more query, however many. A feed of some accounts does not tell of the others."""
    labels: dict[UUID, list[str]] = {post.id: [] for post in posts}
    if posts:
        for row in _accounts.all(post_ids=list(labels), only=only):
            labels[row.post_id].append(f"@{row.username}" if row.username else row.display_name)
    return [
        CalendarEvent(
            post.id,
            post.publish_at,
            PostStatus(post.status),
            PostType(post.type),
            post.caption,
            labels[post.id],
            post.created_at,
            post.updated_at,
        )
        for post in posts
    ]


@reading
def _posts(given: Given) -> Select[Any]:
    """The last posts before now, and the next ones: each from the index that has an owner's posts of a status by their time."""
    earlier = _of_time(given, "since", "now").order_by(Post.publish_at.desc(), Post.id.desc())
    later = _of_time(given, "now", "until").order_by(Post.publish_at, Post.id)
    arms = [_first(earlier, MOST_PAST), _first(later, MOST_FUTURE)]
    found = union_all(*arms).subquery("found")
    return select(*found.c).order_by(found.c.publish_at, found.c.id)


def _first(query: Select[Any], most: int) -> Select[Any]:
    return select(query.limit(literal_column(str(most))).subquery())


def _of_time(given: Given, since: str, until: str) -> Select[Any]:
    columns: list[Any] = [
        Post.id,
        Post.publish_at,
        Post.status,
        Post.type,
        func.substr(WORDS, literal_column("1"), literal_column(str(_LONGEST_CAPTION))).label("caption"),
        Post.created_at,
        Post.updated_at,
    ]
    in_time = (Post.publish_at >= given[since], Post.publish_at < given[until])
    query = select(*columns).where(*visible_to(given), is_any(Post.status, given["statuses"]), *in_time)
    if "accounts" in given:
        query = query.where(is_for_any(given))
    return query


@reading
def _accounts(given: Given) -> Select[Any]:
    columns: list[Any] = [Publication.post_id, Account.username, Account.display_name]
    query = select(*columns).join(Account, Account.id == Publication.account_id)
    query = query.where(is_any(Publication.post_id, given["post_ids"]))
    if "only" in given:
        query = query.where(is_any(Account.id, given["only"]))
    return query.order_by(Publication.post_id, Publication.id)
