"""What was known of an account at given instants, by one index seek for each.

The two databases differ only in how a list of instants becomes a table.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    FromClause,
    Integer,
    Select,
    TableValuedAlias,
    cast,
    column,
    func,
    literal,
    literal_column,
    select,
    true,
)
from sqlalchemy.orm import InstrumentedAttribute

from tiktok_api.accounts.models import Account
from tiktok_api.analytics.metrics import PROFILE_METRICS, Metric
from tiktok_api.analytics.models import COVER_LINK, AccountReading, AccountTotals, Ledger, Video
from tiktok_api.analytics.series import Snapshot
from tiktok_api.db import db
from tiktok_api.db.reads import Given, Read, reading
from tiktok_api.posts.matching.videos import ListedVideo
from tiktok_api.web.link_target import LinkTarget
from tiktok_api.web.pagination import Page, in_pages, read_page

INTERACTIONS = "interactions"
"""Likes, comments and shares of the videos together: the numerator of the engagement rate."""
VIDEO_LIKES = "video_likes"
"""The likes of the videos that are listed, which the rate counts; `Metric.LIKES` is what the profile says."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Where a number is stored: the ledger and the counters whose columns are added up."""

    ledger: Ledger
    parts: tuple[str, ...]
    total_suffix: str = ""

    def columns(self, row: FromClause) -> list[ColumnElement[Any]]:
        """The columns of a Snapshot: captured_at, value, total and drops."""
        return [row.c.captured_at, self._sum(row, ""), self._sum(row, self.total_suffix), self._sum(row, "_drops")]

    def _sum(self, row: FromClause, suffix: str) -> ColumnElement[Any]:
        first, *others = (row.c[f"{part}{suffix}"] for part in self.parts)
        return sum(others, start=first)


COLUMNS: dict[str, Columns] = {
    **{metric.value: Columns(AccountReading, (metric.value,)) for metric in PROFILE_METRICS},
    **{name: Columns(AccountTotals, (name,), "_gained") for name in (Metric.VIEWS, Metric.COMMENTS, Metric.SHARES)},
    VIDEO_LIKES: Columns(AccountTotals, ("likes",), "_gained"),
    INTERACTIONS: Columns(AccountTotals, ("likes", "comments", "shares"), "_gained"),
}


def snapshots_at(
    account_id: UUID, instants: Sequence[datetime], names: Iterable[str]
) -> dict[str, list[Snapshot | None]]:
    """For each of `names` (metrics, or INTERACTIONS) the last reading before each instant; one query."""
    wanted = tuple(names)
    rows = _snapshots(wanted).all(account_id=account_id, instants=_as_parameter(instants))
    found: dict[str, list[Snapshot | None]] = {}
    for number, name in enumerate(wanted):
        start = 4 * number
        found[name] = [Snapshot(*row[start : start + 4]) if row[start] is not None else None for row in rows]
    return found


@cache
def _snapshots(names: tuple[str, ...]) -> Read:
    """One row per instant, in their order: captured_at, value, total and drops of each name in turn."""
    return Read(lambda given: _select_snapshots(names, given))


def _select_snapshots(names: tuple[str, ...], given: Given) -> Select[Any]:
    position, instant, asked = _instants(given)
    return snapshots_of(names, asked, given["account_id"], instant, given).order_by(position)


def snapshots_of(
    names: Sequence[str],
    source: FromClause,
    account_id: Any,
    bound: ColumnElement[Any],
    given: Given,
    *,
    needed: Sequence[str] = (),
    by: str = "captured_at",
) -> Select[Any]:
    """For each row of `source`, the Snapshot of each name in turn, as of the last row before the bound."""
    rows: dict[Ledger, FromClause] = {}
    for ledger in dict.fromkeys(COLUMNS[name].ledger for name in names):
        rows[ledger], condition = last_before(ledger, account_id, bound, given, needed=needed, by=by)
        source = source.outerjoin(rows[ledger], condition)
    columns = [part for name in names for part in COLUMNS[name].columns(rows[COLUMNS[name].ledger])]
    labelled = (part.label(f"c{number}") for number, part in enumerate(columns))
    return select(*labelled).select_from(source)


def last_before(
    ledger: Ledger,
    account_id: Any,
    bound: Any,
    given: Given,
    *,
    needed: Sequence[str] = (),
    by: str = "captured_at",
) -> tuple[FromClause, ColumnElement[bool]]:
    """An account's last row before an instant or day, of those that have what is needed, and the condition to join it on.

    Straight from the index. SQLite knows no LATERAL, and PostgreSQL would rather read the whole table than trust a subquery in
    a join.
    """
    table = ledger.__table__.alias()
    is_lateral = given.dialect == "postgresql"
    seek = select(table if is_lateral else table.c.id).where(table.c.account_id == account_id, table.c[by] < bound)
    if ledger is AccountReading:
        seek = seek.where(*(table.c[part].is_not(None) for part in needed))
    last = seek.order_by(table.c[by].desc()).limit(literal_column("1"))
    if is_lateral:
        return last.lateral(), true()
    row = ledger.__table__.alias()
    return row, row.c.id == last.scalar_subquery()


def _instants(given: Given) -> tuple[ColumnElement[Any], ColumnElement[Any], TableValuedAlias]:
    """The parameter `instants` as a table: its position, its instant, itself."""
    if given.dialect == "postgresql":
        array = cast(func.string_to_array(given["instants"], ","), ARRAY(DateTime(timezone=True)))
        table = func.unnest(array).table_valued("instant", with_ordinality="position", name="asked").render_derived()
        return table.c.position, table.c.instant, table
    json = literal('["').concat(func.replace(given["instants"], ",", '","')).concat('"]')
    table = func.json_each(json).table_valued(column("key", Integer), column("value", DateTime), name="asked")
    return table.c.key, table.c.value, table


def _as_parameter(instants: Sequence[datetime]) -> str:
    """Instants as one text, since the driver would adapt a list of them item by item.

    Each in the 26 characters in which SQLAlchemy writes a DateTime to SQLite, so that comparing text compares times.
    """
    return ",".join(instant.isoformat(" ", "microseconds")[:26] for instant in instants)


_SHOWN: tuple[InstrumentedAttribute[Any], ...] = (
    Video.id,
    Video.listed_at,
    Video.video_id,
    Video.posted_at,
    Video.title,
    Video.description,
    Video.share_url,
    Video.duration_seconds,
    Video.views,
    Video.likes,
    Video.comments,
    Video.shares,
    Video.captured_at,
    Video.is_restated,
    Video.gone_at,
)


_KEYS = (Video.listed_at, Video.id)


@reading
def _videos(given: Given) -> Select[Any]:
    query = select(*_SHOWN, Video.cover_key).where(Video.account_id == given["account_id"])
    if "include_gone" not in given:
        query = query.where(Video.gone_at.is_(None))
    return in_pages(query, given, _KEYS)


def list_videos(account_id: UUID, args: dict[str, Any], *, include_gone: bool) -> Page:
    """A page of an account's videos with the links to their covers, where those are stored. Raises InvalidCursor."""
    page = read_page(_videos, args, by=_KEYS, account_id=account_id, include_gone=include_gone or None)
    page.data = [
        {
            **row._asdict(),
            "cover_link": LinkTarget(COVER_LINK, "video_id", row.id, row.cover_key) if row.cover_key else None,
        }
        for row in page.data
    ]
    return page


def listed_since(account_id: UUID, since: datetime) -> list[ListedVideo]:
    """The account's public, fully described videos since `since`, to be matched with publications."""
    rows = db.session.execute(
        select(Video.video_id, Video.title, Video.description, Video.posted_at, Video.duration_seconds).where(
            Video.account_id == account_id,
            Video.gone_at.is_(None),
            Video.listed_at >= since,
            Video.posted_at.is_not(None),
            Video.duration_seconds.is_not(None),
        )
    )
    return [
        ListedVideo(
            video_id=row.video_id,
            caption=row.description or row.title or "",
            posted_at=row.posted_at,
            duration_seconds=row.duration_seconds,
        )
        for row in rows
    ]


@reading
def _avatar(given: Given) -> Select[Any]:
    columns: list[Any] = [Account.avatar_key, Account.avatar_type]
    return select(*columns).where(Account.id == given["id"])


def find_avatar(account_id: UUID) -> tuple[str | None, str | None] | None:
    """The storage key and the content type of an account's avatar; None if there is no such account."""
    return _avatar.first(id=account_id)


@reading
def _cover(given: Given) -> Select[Any]:
    columns: list[Any] = [Video.cover_key, Video.cover_type]
    return select(*columns).where(Video.id == given["id"])


def find_cover(video_id: UUID) -> tuple[str | None, str | None] | None:
    """The storage key and the content type of a video's cover; None if there is no such video."""
    return _cover.first(id=video_id)
