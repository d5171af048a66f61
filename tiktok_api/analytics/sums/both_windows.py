"""What many accounts add up to over a window and over the window before, added up by the database.

`comparison.gather` does the same out of histories; here no row of an account leaves the database.
"""

from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    Subquery,
    Uuid,
    func,
    literal_column,
    or_,
    select,
    true,
)

from tiktok_api.analytics.models import AccountReading, Ledger
from tiktok_api.analytics.queries import COLUMNS, last_before
from tiktok_api.analytics.sums.comparison import Gathered, gather
from tiktok_api.analytics.sums.seeks import check_seeks, listed
from tiktok_api.analytics.windows import Period
from tiktok_api.db import UTCDateTime
from tiktok_api.db.reads import Given, Read

_BOUNDS = ("before_starts", "starts", "ends")


def gathered_over(
    account_ids: Sequence[UUID],
    both: tuple[Period, Period],
    names: Sequence[str],
    *,
    days: Sequence[date] | None = None,
) -> dict[str, Gathered]:
    """For each name what the accounts add up to; a name is left out if TikTok left it out of a reading that would count.

    `days` are those that begin at the three bounds, as in `seeks.histories_at`. One statement. Raises TooManyReadings.
    """
    check_seeks(len(account_ids), len(_BOUNDS))
    before, window = both
    instants = (before.starts_at, window.starts_at, window.ends_at)
    given: dict[str, Any] = {f"{bound}_at": at for bound, at in zip(_BOUNDS, instants, strict=True)}
    if days is not None:
        given |= {f"{bound}_day": day.isoformat() for bound, day in zip(_BOUNDS, days, strict=True)}
    wanted = tuple(names)
    if not wanted or not account_ids:
        return {name: gather(both, ()) for name in wanted}
    row = _sums(wanted).one(account_ids=list(account_ids), **given)._asdict()
    ledgers = [*dict.fromkeys(COLUMNS[name].ledger for name in wanted)]
    found = {}
    for number, name in enumerate(wanted):
        if row[f"missing_{number}"]:
            continue
        place = ledgers.index(COLUMNS[name].ledger)
        of_name: dict[str, Any] = {what: int(row[f"{what}_{number}"] or 0) for what in _OF_NAME}
        of_ledger: dict[str, Any] = {what: row[f"{what}_of_{place}"] for what in _OF_LEDGER}
        is_restated = row[f"restated_{number}"] > 0
        found[name] = Gathered(**of_name, **of_ledger, is_restated=is_restated)
    return found


_OF_NAME = ("value", "change", "compared", "change_before")
_OF_LEDGER = ("read", "in_change", "in_both", "newest", "oldest")


@cache
def _sums(names: tuple[str, ...]) -> Read:
    return Read(lambda given: _select_sums(names, given))


def _select_sums(names: tuple[str, ...], given: Given) -> Select[Any]:
    """One row: what Gathered has of each name, by its number, and of each ledger."""
    ledgers = dict.fromkeys(COLUMNS[name].ledger for name in names)
    first, *others = (_of_ledger(ledger, place, names, given) for place, ledger in enumerate(ledgers))
    source: FromClause = first
    for other in others:
        source = source.join(other, true())
    return select(*(column for part in (first, *others) for column in part.c)).select_from(source)


def _of_ledger(ledger: Ledger, place: int, names: tuple[str, ...], given: Given) -> Subquery:
    account = listed(given, "account_ids", Uuid())
    source: FromClause = account
    by = "day" if "ends_day" in given else "captured_at"
    rows = []
    for bound in _BOUNDS:
        asked = given[f"{bound}_day" if by == "day" else f"{bound}_at"]
        row, condition = last_before(ledger, account.c.value, asked, given, by=by)
        source = source.outerjoin(row, condition)
        rows.append(row)
    first, middle, last = rows
    is_read = last.c.captured_at >= given["starts_at"]
    is_in_change = is_read & middle.c.captured_at.is_not(None)
    is_in_both = is_in_change & (middle.c.captured_at >= given["before_starts_at"]) & first.c.captured_at.is_not(None)
    columns: list[ColumnElement[Any]] = [
        func.count().filter(is_read).label(f"read_of_{place}"),
        func.count().filter(is_in_change).label(f"in_change_of_{place}"),
        func.count().filter(is_in_both).label(f"in_both_of_{place}"),
        func.max(last.c.captured_at, type_=UTCDateTime()).label(f"newest_of_{place}"),
        func.min(last.c.captured_at, type_=UTCDateTime()).label(f"oldest_of_{place}"),
    ]
    for number, name in enumerate(names):
        if COLUMNS[name].ledger is ledger:
            columns += _of_name(name, number, rows, is_read, is_in_change, is_in_both)
    return select(*columns).select_from(source).subquery(f"of_{ledger.__tablename__}")


def _of_name(
    name: str, number: int, rows: Sequence[FromClause], *conditions: ColumnElement[bool]
) -> list[ColumnElement[Any]]:
    is_read, is_in_change, is_in_both = conditions
    (_, _, old_total, _), (_, _, total_before, drops_before), (_, value, total, drops) = (
        COLUMNS[name].columns(row) for row in rows
    )
    zero: ColumnElement[Any] = literal_column("0")
    missing = zero
    if COLUMNS[name].ledger is AccountReading:  # totals have all or none
        lacks = or_(*(row.c.captured_at.is_not(None) & row.c[name].is_(None) for row in rows))
        missing = func.count().filter(lacks)
    return [
        func.sum(value, type_=BigInteger()).label(f"value_{number}"),
        func.sum(total - total_before, type_=BigInteger()).filter(is_in_change).label(f"change_{number}"),
        func.sum(total - total_before, type_=BigInteger()).filter(is_in_both).label(f"compared_{number}"),
        func.sum(total_before - old_total, type_=BigInteger()).filter(is_in_both).label(f"change_before_{number}"),
        func.count().filter(is_read & (drops > func.coalesce(drops_before, zero))).label(f"restated_{number}"),
        missing.label(f"missing_{number}"),
    ]
