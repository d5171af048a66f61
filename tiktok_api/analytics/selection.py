"""Which accounts a caller asks about, and which of their videos."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, and_, exists, literal_column, or_, select

from tiktok_api.accounts.models import Account, AccountStatus
from tiktok_api.accounts.queries import has_tag, is_reached
from tiktok_api.analytics.errors import TooManyAccounts
from tiktok_api.analytics.models import AccountReading, AccountTotals, DayZone, VideoSync
from tiktok_api.auth.identity import Identity
from tiktok_api.db.reads import Given, is_any, reading
from tiktok_api.errors import NotFound

MOST_NAMED = 100
"""Accounts that a request can name."""
MOST_ACCOUNTS = 5_000
"""Of one selection: at four instants of each, so many seeks as a query may take."""


class SelectedAccount(NamedTuple):
    """What is needed to know of an account besides its readings; `_COLUMNS` are in the same order.

    `day_zone` is the zone of the days that its rows are marked with; `is_unmarked`: there are rows, and none is marked yet, as after
    an upgrade of the server. `watched_since` and `completed_at` are when its list of
    videos was first begun and last ended, `skip_reason` is why it is not read.
    """

    id: UUID
    username: str | None
    display_name: str | None
    label: str
    tags: Sequence[str]
    scopes: Sequence[str]
    status: str
    status_reason: str | None
    refresh_expires_at: datetime
    follower_count: int | None
    synced_at: datetime | None
    day_zone: str | None
    is_unmarked: bool
    watched_since: datetime | None
    completed_at: datetime | None
    skip_reason: str | None

    @property
    def name(self) -> str | None:
        """The name that its owner knows it by."""
        return self.label or self.display_name or self.username

    @property
    def was_read(self) -> bool:
        """Whether there are readings of it."""
        return self.day_zone is not None or self.is_unmarked

    @property
    def is_connected(self) -> bool:
        """Whether TikTok may still accept requests for it."""
        return AccountStatus(self.status).is_connected


@dataclass(frozen=True)
class Selection:
    """The accounts in the order of their ids; with `labels`, only videos of posts with any of these labels count."""

    accounts: tuple[SelectedAccount, ...]
    labels: tuple[str, ...] | None = None

    @cached_property
    def account_ids(self) -> tuple[UUID, ...]:
        """The ids of the accounts."""
        return tuple(account.id for account in self.accounts)


_has_rows = or_(
    *(exists(select(1).where(ledger.account_id == Account.id)) for ledger in (AccountReading, AccountTotals))
)
_is_unmarked = and_(DayZone.timezone.is_(None), _has_rows).label("is_unmarked")

_COLUMNS: tuple[Any, ...] = (
    Account.id,
    Account.username,
    Account.display_name,
    Account.label,
    Account.tags,
    Account.scopes,
    Account.status,
    Account.status_reason,
    Account.refresh_expires_at,
    Account.follower_count,
    Account.synced_at,
    DayZone.timezone.label("day_zone"),
    _is_unmarked,
    VideoSync.watched_since,
    VideoSync.completed_at,
    VideoSync.skip_reason,
)


@reading
def _selected(given: Given) -> Select[Any]:
    query = select(*_COLUMNS).where(*is_reached(given)).order_by(Account.id)
    query = query.outerjoin(DayZone, DayZone.account_id == Account.id)
    query = query.outerjoin(VideoSync, VideoSync.account_id == Account.id)
    if "ids" in given:
        query = query.where(is_any(Account.id, given["ids"]))
    if "tag" in given:
        query = query.where(has_tag(given))
    return query.limit(literal_column(str(MOST_ACCOUNTS + 1)))


def select_accounts(
    caller: Identity,
    *,
    account_id: Sequence[UUID] | None = None,
    tag: Sequence[str] | None = None,
    label: Sequence[str] | None = None,
) -> Selection:
    """The caller's accounts with these ids and any of these tags; without either, all. One statement.

    Raises NotFound if one of the ids is none of the caller's, TooManyAccounts.
    """
    ids = None if account_id is None else list(dict.fromkeys(account_id))
    tagged_in_query = None if tag is None or ids is not None else list(dict.fromkeys(tag))
    rows = _selected.all(**caller.reach, ids=ids, tag=tagged_in_query)
    if ids is not None and len(rows) < len(ids):
        raise NotFound
    if len(rows) > MOST_ACCOUNTS:
        raise TooManyAccounts.at(parameter="account_id", most=MOST_ACCOUNTS)
    if ids is not None and tag is not None:
        rows = [row for row in rows if not set(tag).isdisjoint(row.tags)]
    labels = None if label is None else tuple(dict.fromkeys(label))
    return Selection(tuple(map(SelectedAccount._make, rows)), labels)
