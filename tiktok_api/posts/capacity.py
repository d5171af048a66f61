"""The posts that an account has left, and its health: posts used, posts planned, and what keeps it from posting.

TikTok counts by rolling 24 hours and publishes no figure for a creator; about 15 is what people observe, shared by all
apps. So a day's `allowed` is an estimate that a setting corrects; TikTok's own word comes with each attempt.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from tiktok_api import clock
from tiktok_api.accounts.creator_info import last_creator_info
from tiktok_api.accounts.models import PUBLISHING_SCOPE, SCOPES, Account, AccountStatus
from tiktok_api.db import db
from tiktok_api.posts.errors import WindowNotPossible
from tiktok_api.posts.models import LATE, Attempt, Post, Publication
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


def days_of(account_id: UUID, *, first: date, last: date, zone: ZoneInfo, settings: Settings) -> list[Day]:
    """Returns each day from `first` to `last` with the posts that TikTok received from us and those still to go out.

    What should have gone out before now and has not, because it is held or under way, is planned for now.
    """
    edges = [_midnight(first + timedelta(days=n), zone) for n in range((last - first).days + 2)]
    received = db.session.scalars(
        select(Attempt.final_at).where(
            Attempt.account_id == account_id,
            Attempt.state.in_(RECEIVED),
            Attempt.final_at >= edges[0],
            Attempt.final_at < edges[-1],
        )
    ).all()
    planned = db.session.scalars(
        select(Post.publish_at)
        .join(Publication, Publication.post_id == Post.id)
        .where(
            Publication.account_id == account_id,
            Publication.state.in_(CANCELLABLE),
            Post.publish_at < edges[-1],
        )
    ).all()
    now = clock.now()
    return [
        Day(
            first + timedelta(days=number),
            settings.creator_posts_per_day,
            sum(start <= moment < end for moment in received if moment),
            sum(start <= max(moment, now) < end for moment in planned if moment),
        )
        for number, (start, end) in enumerate(pairwise(edges))
    ]


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def creators_today(settings: Settings) -> dict[str, Any]:
    """Returns how many creators posted through this app in the last 24 hours, and how many TikTok allows it.

    The cap comes from the app's audit; None where the operator has not told it.
    """
    since = clock.now() - timedelta(hours=24)
    used = db.session.scalar(
        select(func.count(Attempt.account_id.distinct())).where(Attempt.final_at >= since, Attempt.state.in_(RECEIVED))
    )
    return {"allowed": settings.app_creators_per_day, "used": used or 0}


def health_of(account: Account) -> dict[str, Any]:
    """Returns whether an account can post, and every reason why not, by what is stored here: TikTok is not asked."""
    reasons = list(_reasons(account))
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
        "held_publications": _count_publications(account, [PublicationState.HELD]),
        "unfinished_publications": _count_publications(account, UNFINISHED),
    }


def _count_publications(account: Account, states: Collection[PublicationState]) -> int:
    theirs = (Publication.account_id == account.id, Publication.state.in_(states))
    return db.session.scalar(select(func.count()).select_from(Publication).where(*theirs)) or 0


def _reasons(account: Account) -> list[dict[str, str]]:
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
    for reason in db.session.scalars(
        select(Publication.reason)
        .distinct()
        .where(
            Publication.account_id == account.id,
            Publication.state == PublicationState.HELD,
            Publication.reason.is_not(None),
            Publication.reason != LATE,  # that is about the post
        )
    ):
        if reason not in [each["code"] for each in found]:
            found.append(_reason(str(reason), "A post of this account is held for this reason."))
    return found


def _reason(code: str, message: str) -> dict[str, str]:
    return {"code": code, "message": message}
