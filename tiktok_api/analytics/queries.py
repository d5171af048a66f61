"""Looking back: what was known of an account at given instants, by one index seek for each.

The two databases differ only in how a list of instants becomes a table.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Integer,
    Select,
    String,
    TableValuedAlias,
    Uuid,
    bindparam,
    case,
    column,
    func,
    literal_column,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute

from tiktok_api import clock
from tiktok_api.analytics.measuring import Mark
from tiktok_api.analytics.metrics import PROFILE_METRICS, Metric
from tiktok_api.analytics.models import AccountReading, Video, VideoTally
from tiktok_api.db import db

COVER_LIFETIME = timedelta(hours=6)
"""TikTok's cover URLs are signed for so long (its page on the Display API)."""

Ledger = type[AccountReading] | type[VideoTally]

INTERACTIONS = "interactions"
"""Likes, comments and shares of the videos together: what the engagement rate divides by views."""


@dataclass(frozen=True, slots=True)
class _Series:
    """Where a number is kept: the ledger, what is shown of it, what changes are taken of, and how often it was lowered."""

    ledger: Ledger
    value: ColumnElement[Any]
    total: ColumnElement[Any]
    drops: ColumnElement[Any]


def _of_profile(name: str) -> _Series:
    counter = getattr(AccountReading, name)
    return _Series(AccountReading, counter, counter, getattr(AccountReading, f"{name}_drops"))


def _of_videos(*names: str) -> _Series:
    def total(suffix: str) -> ColumnElement[Any]:
        columns: list[ColumnElement[Any]] = [getattr(VideoTally, f"{name}{suffix}") for name in names]
        return sum(columns[1:], start=columns[0])

    return _Series(VideoTally, total(""), total("_gained"), total("_drops"))


_SERIES: dict[str, _Series] = {
    **{metric.value: _of_profile(metric.value) for metric in PROFILE_METRICS},
    **{name: _of_videos(name) for name in (Metric.VIEWS, Metric.COMMENTS, Metric.SHARES)},
    INTERACTIONS: _of_videos("likes", "comments", "shares"),
}


def known_at(account_id: UUID, instants: Sequence[datetime], names: Iterable[str]) -> dict[str, list[Mark | None]]:
    """For each of `names` (metrics, or INTERACTIONS) what the last reading before each instant had; one query."""
    wanted = tuple(names)
    dialect = db.session.get_bind().dialect.name
    parameters = {"account_id": account_id, "instants": _as_parameter(instants, dialect)}
    rows = db.session.execute(_statement(wanted, dialect), parameters).all()
    found: dict[str, list[Mark | None]] = {}
    for number, name in enumerate(wanted):
        start = 4 * number
        found[name] = [Mark(*row[start : start + 4]) if row[start] is not None else None for row in rows]
    return found


@cache
def _statement(names: tuple[str, ...], dialect: str) -> Select[Any]:
    """One row per instant, in their order: captured_at, value, total and drops of each name in turn."""
    position, instant, instants = _instants(dialect)
    chosen = [_SERIES[name] for name in names]
    columns = [part for each in chosen for part in (each.ledger.captured_at, each.value, each.total, each.drops)]
    statement = select(*(part.label(f"c{number}") for number, part in enumerate(columns))).select_from(instants)
    for ledger in dict.fromkeys(each.ledger for each in chosen):
        statement = statement.outerjoin(ledger, ledger.id == _last_before(ledger, instant))
    return statement.order_by(position)


def _last_before(ledger: Ledger, instant: ColumnElement[Any]) -> ColumnElement[Any]:
    """The seek: the id of the account's last row before an instant, straight from the index."""
    row = ledger.__table__.alias()
    seek = select(row.c.id).where(row.c.account_id == bindparam("account_id", type_=Uuid()))
    return (
        seek.where(row.c.captured_at < instant)
        .order_by(row.c.captured_at.desc())
        .limit(literal_column("1"))
        .scalar_subquery()
    )


def _instants(dialect: str) -> tuple[ColumnElement[Any], ColumnElement[Any], TableValuedAlias]:
    """The parameter `instants` as a table: its position, its instant, itself."""
    if dialect == "postgresql":
        array = bindparam("instants", type_=ARRAY(DateTime(timezone=True)))
        table = func.unnest(array).table_valued("instant", with_ordinality="position", name="asked").render_derived()
        return table.c.position, table.c.instant, table
    json = bindparam("instants", type_=String())
    table = func.json_each(json).table_valued(column("key", Integer), column("value", DateTime), name="asked")
    return table.c.key, table.c.value, table


def _as_parameter(instants: Sequence[datetime], dialect: str) -> Any:
    if dialect == "postgresql":
        return list(instants)
    # As SQLAlchemy writes a DateTime in SQLite, so that text compares as time does.
    return orjson.dumps([f"{instant:%Y-%m-%d %H:%M:%S.%f}" for instant in instants]).decode()


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


def videos_of(account_id: UUID, *, include_gone: bool) -> Select[Any]:
    """An account's videos as lists show them; a cover whose signature has run out is left out."""
    is_fresh = Video.seen_at > clock.now() - COVER_LIFETIME
    cover_url = case((is_fresh, Video.cover_url)).label("cover_url")
    statement = select(*_SHOWN, cover_url).where(Video.account_id == account_id)
    return statement if include_gone else statement.where(Video.gone_at.is_(None))
