"""Sums over those of very many accounts that have a row at the end of every period.

Where the same accounts were read at both ends of a period, what they gained is the difference of two sums, and no row need be set
against the one before it, which costs the database four times as much. Accounts with gaps are left to `day_statements`.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from functools import cache
from itertools import pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Select, func, select

from tiktok_api.analytics.models import AccountReading
from tiktok_api.analytics.queries import COLUMNS
from tiktok_api.analytics.sums.points import Added, Ledger, together
from tiktok_api.db import UTCDateTime
from tiktok_api.db.reads import Given, Read, is_any

MOST_GROUPS = 2
"""Accounts that were read until today, and those that were read until yesterday."""


def add_up(
    account_ids: Sequence[UUID],
    days: Sequence[date],
    names: Sequence[str],
    *,
    valued: Collection[str],
    in_turn: bool = False,
) -> tuple[dict[str, Ledger], list[UUID]]:
    """What those accounts add up to, by name, and the accounts that are left. The names are of one ledger.

    `days` are the day before the first period, and the last day of each that has begun: of one that is not over, today. One
    statement, and one for each group of accounts.
    """
    groups = _groups(account_ids, days, names)
    found = [_ledgers_of(group, days, names, valued, in_turn=in_turn) for group in groups]
    counted = {account_id for group in groups for account_id in group}
    none = Ledger(0, 0, [Added() for _ in days[1:]])
    ledgers = {name: together([none, *(each[name] for each in found)]) for name in names}
    return ledgers, [account_id for account_id in account_ids if account_id not in counted]


def _groups(account_ids: Sequence[UUID], days: Sequence[date], names: Sequence[str]) -> list[list[UUID]]:
    """The largest groups of accounts that have a row of each day, or of each up to the same last one.

    The latter only if the days follow each other: after the end of a week, there may be rows of the next that are not at its end.
    """
    places = {day: place for place, day in enumerate(days)}
    least = 1 if _are_in_turn(days) else len(days)
    by_length: dict[int, list[UUID]] = defaultdict(list)
    for account_id, length, last_day in _lengths(tuple(names)).all(**_given(account_ids, days)):
        if places[_as_date(last_day)] + 1 == length >= least:
            by_length[length].append(account_id)
    return sorted(by_length.values(), key=len, reverse=True)[:MOST_GROUPS]


def _are_in_turn(days: Sequence[date]) -> bool:
    return (days[-1] - days[0]).days + 1 == len(days)


def _as_date(day: date | str) -> date:
    return date.fromisoformat(day) if isinstance(day, str) else day


def _given(account_ids: Sequence[UUID], days: Sequence[date]) -> dict[str, Any]:
    if _are_in_turn(days):  # a range takes half the time of a list
        bounds: dict[str, Any] = {"first_day": days[0].isoformat(), "last_day": days[-1].isoformat()}
    else:
        bounds = {"days": [day.isoformat() for day in days]}
    return {"account_ids": list(account_ids), **bounds}


@cache
def _lengths(names: tuple[str, ...]) -> Read:
    return Read(lambda given: _select_lengths(names, given))


def _select_lengths(names: tuple[str, ...], given: Given) -> Select[Any]:
    table = COLUMNS[names[0]].ledger.__table__
    columns: tuple[Any, ...] = (table.c.account_id, func.count().label("length"), func.max(table.c.day).label("last"))
    query = select(*columns).where(*_conditions(table, given)).group_by(table.c.account_id)
    if COLUMNS[names[0]].ledger is AccountReading:  # of which a counter may have been left out
        query = query.having(*(func.count(table.c[name]) == func.count() for name in names))
    return query


def _conditions(table: Any, given: Given) -> list[ColumnElement[bool]]:
    of_accounts = is_any(table.c.account_id, given["account_ids"])
    if "days" in given:
        return [of_accounts, is_any(table.c.day, given["days"])]
    return [of_accounts, table.c.day >= given["first_day"], table.c.day <= given["last_day"]]


def _ledgers_of(
    account_ids: Sequence[UUID],
    days: Sequence[date],
    names: Sequence[str],
    valued: Collection[str],
    *,
    in_turn: bool,
) -> dict[str, Ledger]:
    rows = _sums(tuple(names), frozenset({*valued} & {*names})).all(**_given(account_ids, days))
    by_day = {_as_date(row.day): row._asdict() for row in rows}
    sums = [by_day[day] for day in days if day in by_day]
    found = {}
    for number, name in enumerate(names):
        periods = [_added(number, before, last, in_turn=in_turn) for before, last in pairwise(sums)]
        unread = [Added() for _ in days[len(sums) :]]
        found[name] = Ledger(int(sums[0].get(f"value_{number}", 0)), sums[0]["read"], [*periods, *unread])
    return found


def _added(number: int, before: Mapping[str, Any], last: Mapping[str, Any], *, in_turn: bool) -> Added:
    read, change = last["read"], int(last[f"total_{number}"] - before[f"total_{number}"])
    value, drops = f"value_{number}", f"drops_{number}"
    return Added(
        int(last[value] - before[value]) if value in last else 0,
        change,
        read,
        read,
        last["newest"],
        before["oldest"],
        last[drops] > before[drops],
        read if in_turn else 0,
        change if in_turn else 0,
    )


@cache
def _sums(names: tuple[str, ...], valued: frozenset[str]) -> Read:
    return Read(lambda given: _select_sums(names, valued, given))


def _select_sums(names: tuple[str, ...], valued: frozenset[str], given: Given) -> Select[Any]:
    table = COLUMNS[names[0]].ledger.__table__
    columns: list[Any] = [
        table.c.day,
        func.count().label("read"),
        func.max(table.c.captured_at, type_=UTCDateTime()).label("newest"),
        func.min(table.c.captured_at, type_=UTCDateTime()).label("oldest"),
    ]
    for number, name in enumerate(names):
        _, value, total, drops = COLUMNS[name].columns(table)
        columns.append(func.sum(total, type_=BigInteger()).label(f"total_{number}"))
        columns.append(func.sum(drops, type_=BigInteger()).label(f"drops_{number}"))
        if name in valued:
            columns.append(func.sum(value, type_=BigInteger()).label(f"value_{number}"))
    return select(*columns).where(*_conditions(table, given)).group_by(table.c.day)
