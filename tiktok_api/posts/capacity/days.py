"""The posts that an account has left on each day: those used, and those planned.

TikTok counts by rolling 24 hours and publishes no figure for a creator; about 15 is what people observe, shared by all
apps. So a day's `allowed` is an estimate that a setting corrects; TikTok's own word comes with each attempt.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Integer, Select, literal_column, select, union_all

from tiktok_api import clock
from tiktok_api.accounts.models import Account
from tiktok_api.db.reads import Given, is_one_of, reading
from tiktok_api.posts.errors import WindowNotPossible
from tiktok_api.posts.models import Attempt, Post, Publication
from tiktok_api.posts.states import CANCELLABLE, RECEIVED
from tiktok_api.posts.vocabulary import PostStatus
from tiktok_api.settings import Settings

DAYS_BY_DEFAULT, MOST_DAYS = 7, 92
_EARLIEST, _LATEST = date(2000, 1, 1), date(2999, 12, 31)
_OUT_OF_RANGE = "This year is out of range."


@dataclass(frozen=True, slots=True)
class Day:
    """One day in the asked zone; `remaining` is never below 0."""

    date: date
    allowed: int
    used: int
    planned: int

    @property
    def remaining(self) -> int:
        return max(0, self.allowed - self.used - self.planned)


def make_window(first: date | None, last: date | None, *, today: date) -> tuple[date, date]:
    """Returns the first and the last day to show; by default a week from today. Raises WindowNotPossible."""
    if last is not None and not _EARLIEST <= last <= _LATEST:
        raise _not_possible("to", _OUT_OF_RANGE)
    first = first or min(today, last or today)
    if not _EARLIEST <= first <= _LATEST:
        raise _not_possible("from", _OUT_OF_RANGE)
    last = last or first + timedelta(days=DAYS_BY_DEFAULT - 1)
    if last < first or last > _LATEST:
        raise _not_possible("to", "The window ends before it begins, or out of range.")
    if (last - first).days >= MOST_DAYS:
        raise _not_possible("to", f"At most {MOST_DAYS} days.")
    return first, last


def _not_possible(parameter: str, message: str) -> WindowNotPossible:
    return WindowNotPossible.at(parameter=parameter, message=message)


@reading
def _moments(given: Given) -> Select[Any]:
    """When TikTok received posts of an account (`is_used`), and when others are still to go out.

    Those are among all that the index of its owner's posts has for that time. A subquery asks for the publication of each: of
    a join, PostgreSQL would read every publication of the account.
    """
    used = select(Attempt.final_at.label("at"), literal_column("1", Integer).label("is_used")).where(
        Attempt.account_id == given["account_id"],
        is_one_of(Attempt.state, RECEIVED),
        Attempt.final_at >= given["since"],
        Attempt.final_at < given["until"],
    )
    is_its = (Publication.post_id == Post.id, Publication.account_id == given["account_id"])
    state = select(Publication.state).where(*is_its).correlate(Post).scalar_subquery()
    planned = select(Post.publish_at, literal_column("0", Integer)).where(
        Post.owner_id == given["owner_id"],
        is_one_of(Post.status, (PostStatus.SCHEDULED, PostStatus.PUBLISHING)),
        Post.publish_at < given["until"],
        is_one_of(state, sorted(CANCELLABLE)),
    )
    moments = union_all(used, planned).subquery()
    return select(moments.c.at, moments.c.is_used)


def days_of(account: Account, *, first: date, last: date, zone: ZoneInfo, settings: Settings) -> list[Day]:
    """Returns each day from `first` to `last` with the posts that TikTok received from us and those still to go out.

    What should have gone out before now and has not, because it is held or under way, is planned for now.
    """
    edges = edges_of(first, last, zone)
    owner_id, since, until = account.owner_id, edges[0], edges[-1]
    moments = _moments.all(account_id=account.id, owner_id=owner_id, since=since, until=until)
    now = clock.now()
    used = Counter(bisect_right(edges, row.at) for row in moments if row.is_used)
    to_go = Counter(bisect_right(edges, max(row.at, now)) for row in moments if not row.is_used)
    return [
        Day(first + timedelta(days=number), settings.creator_posts_per_day, used[number + 1], to_go[number + 1])
        for number in range(len(edges) - 1)
    ]


def edges_of(first: date, last: date, zone: ZoneInfo) -> list[datetime]:
    """Returns the instants at which the days of a window begin, and the one at which the last ends; each day at its first midnight."""
    days = (first + timedelta(days=number) for number in range((last - first).days + 2))
    return [datetime.combine(day, time.min, zone).astimezone(UTC) for day in days]


def creators_today(settings: Settings, active: Mapping[str, datetime]) -> dict[str, Any]:
    """Returns for how many creators a direct post was begun in the last 24 hours, those of `active`, and how many TikTok allows.

    The cap comes from the app's audit; None where the operator has not told it.
    """
    return {"allowed": settings.app_creators_per_day, "used": len(active)}
