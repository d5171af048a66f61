"""The posts that an account has left, and its health: posts used, posts planned, and what keeps it from posting.

TikTok counts by rolling 24 hours and publishes no figure for a creator; about 15 is what people observe, shared by all
apps. So a day's `allowed` is an estimate that a setting corrects; TikTok's own word comes with each attempt.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Integer, Select, func, literal_column, select, union_all

from tiktok_api import clock
from tiktok_api.accounts.creator_info import last_creator_info
from tiktok_api.accounts.models import PUBLISHING_SCOPE, SCOPES, Account, AccountStatus
from tiktok_api.db.reads import Given, is_one_of, reading
from tiktok_api.posts.errors import WindowNotPossible
from tiktok_api.posts.models import LATE, Attempt, Post, PostStatus, Publication
from tiktok_api.posts.states import CANCELLABLE, RECEIVED, UNFINISHED, PublicationState
from tiktok_api.settings import Settings

DAYS_BY_DEFAULT, MOST_DAYS = 7, 92
_EARLIEST, _LATEST = date(2000, 1, 1), date(2999, 12, 31)


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
    first = first or min(today, last or today)
    if not _EARLIEST <= first <= _LATEST:
        raise _not_possible("from", "This year is out of range.")
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
    edges = [_midnight(first + timedelta(days=n), zone) for n in range((last - first).days + 2)]
    owner_id, since, until = account.owner_id, edges[0], edges[-1]
    moments = _moments.all(account_id=account.id, owner_id=owner_id, since=since, until=until)
    now = clock.now()
    used = Counter(bisect_right(edges, row.at) for row in moments if row.is_used)
    to_go = Counter(bisect_right(edges, max(row.at, now)) for row in moments if not row.is_used)
    return [
        Day(first + timedelta(days=number), settings.creator_posts_per_day, used[number + 1], to_go[number + 1])
        for number in range(len(edges) - 1)
    ]


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone).astimezone(UTC)


@reading
def _creators_since(given: Given) -> Select[Any]:
    """The accounts that have posted: one look into an index for each, however much they have posted."""
    last = select(func.max(Attempt.final_at)).where(
        Attempt.account_id == Account.id, is_one_of(Attempt.state, RECEIVED)
    )
    return select(Account.id).where(last.correlate(Account).scalar_subquery() >= given["since"])


def creators_today(settings: Settings) -> dict[str, Any]:
    """Returns how many creators posted through this app in the last 24 hours, and how many TikTok allows it.

    The cap comes from the app's audit; None where the operator has not told it.
    """
    used = _creators_since.count(since=clock.now() - timedelta(hours=24))
    return {"allowed": settings.app_creators_per_day, "used": used}


@reading
def _unfinished(given: Given) -> Select[Any]:
    """The unfinished publications of an account, counted by state and reason."""
    shown: Sequence[Any] = (Publication.state, Publication.reason)
    mine = (Publication.account_id == given["account_id"], is_one_of(Publication.state, UNFINISHED))
    counted = select(*shown, func.count().label("count"))
    return counted.where(*mine).group_by(*shown).order_by(*shown)


def health_of(account: Account) -> dict[str, Any]:
    """Returns whether an account can post, and every reason why not, by what is stored here: TikTok is not asked."""
    unfinished = _unfinished.all(account_id=account.id)
    held = [row for row in unfinished if row.state == PublicationState.HELD]
    reasons = _reasons(account, [row.reason for row in held])
    creator = last_creator_info(account)
    return {
        "account_id": account.id,
        "status": account.status,
        "can_post": not reasons,
        "reasons": reasons,
        "needs_reconnection": not account.is_connected or account.refresh_expires_at <= clock.now(),
        "access_expires_at": account.access_expires_at,
        "reconnect_before": account.refresh_expires_at,
        "scopes": account.scopes,
        "missing_scopes": [scope for scope in SCOPES if scope not in account.scopes],
        "creator_info_at": creator.captured_at if creator else None,
        "synced_at": account.synced_at,
        "held_publications": sum(row.count for row in held),
        "unfinished_publications": sum(row.count for row in unfinished),
    }


def _reasons(account: Account, held_for: Iterable[str | None]) -> list[dict[str, str]]:
    found, why = [], account.status_reason or account.status
    if not account.is_connected:
        found.append(
            _reason("account_needs_reconnection", f"TikTok no longer lets us act for it ({why}): connect it again.")
        )
    if account.status is AccountStatus.ERROR:
        found.append(
            _reason(why, "Its tokens cannot be read with any key of this server; connecting it again mends that.")
        )
    if account.refresh_expires_at <= clock.now():
        found.append(_reason("grant_expired", "The authorisation has run out: connect it again."))
    if PUBLISHING_SCOPE not in account.scopes:
        found.append(_reason("scope_missing", f"{PUBLISHING_SCOPE} was not granted: connect it again with that scope."))
    if account.posting_refusal is not None:
        found.append(
            _reason(account.posting_refusal, "TikTok lets this creator post nothing now; so it said when asked last.")
        )
    for reason in held_for:
        is_about_account = reason is not None and reason != LATE  # that one is about the post
        if is_about_account and reason not in [each["code"] for each in found]:
            found.append(_reason(str(reason), "A post of this account is held for this reason."))
    return found


def _reason(code: str, message: str) -> dict[str, str]:
    return {"code": code, "message": message}
