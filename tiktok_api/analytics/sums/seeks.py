"""What each of many accounts had at given instants, by one index seek for each account, instant and ledger."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import cache
from itertools import repeat
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Date,
    DateTime,
    FromClause,
    Integer,
    Select,
    Uuid,
    cast,
    column,
    func,
    literal_column,
    select,
    true,
)

from tiktok_api.analytics.errors import TooManyReadings
from tiktok_api.analytics.queries import COLUMNS, snapshots_of
from tiktok_api.analytics.series import Snapshot
from tiktok_api.db.reads import Given, Read

MOST_SEEKS = 20_000

Histories = dict[str, dict[UUID, list[Snapshot | None]]]
"""By name and account, what was known at each instant. An account that was never read is not in it."""


def check_seeks(accounts: int, instants: int) -> None:
    """Raises TooManyReadings for more than 20,000 seeks."""
    if accounts * instants > MOST_SEEKS:
        raise TooManyReadings.at(parameter="from", found=accounts * instants, most=MOST_SEEKS)


def histories_at(
    account_ids: Sequence[UUID],
    instants: Sequence[datetime],
    names: Iterable[str],
    *,
    is_series: bool = False,
    days: Sequence[date] | None = None,
) -> Histories:
    """For each name (a metric, or INTERACTIONS) the last readings that had it, before each instant.

    Of a series, only the first is sought among all readings if TikTok has left the number out of the last: a period whose last
    reading has not got it counts as not read, as a day does. `days` are given if they begin at these instants in the zone by
    which the accounts' rows are marked: then the index of days is sought in, which has all that is needed.
    One statement, and one more for each counter that was left out. Raises TooManyReadings.
    """
    wanted = tuple(names)
    check_seeks(len(account_ids), len(instants))
    if not account_ids:
        return {name: {} for name in wanted}
    bounds = {"instants": list(instants)} if days is None else {"days": [day.isoformat() for day in days]}
    columns = [*zip(*_seeks(wanted).all(account_ids=list(account_ids), **bounds), strict=True)]
    found: Histories = {}
    for number, name in enumerate(wanted):
        snapshots = _snapshots(*columns[4 * number : 4 * number + 4])
        if None in columns[4 * number + 1]:
            sought = instants[:1] if is_series else instants
            _fill_in(snapshots, name, account_ids, sought, each_has=len(instants))
        starts = range(0, len(snapshots), len(instants))
        each = zip(account_ids, (snapshots[start : start + len(instants)] for start in starts), strict=True)
        found[name] = {account_id: history for account_id, history in each if any(history)}
    return found


def _snapshots(at: Sequence[datetime | None], *numbers: Sequence[int | None]) -> list[Snapshot | None]:
    """Made at once out of columns, because there are very many."""
    made: Iterable[Snapshot] = map(tuple.__new__, repeat(Snapshot), zip(at, *numbers, strict=True))
    return [each if each[0] is not None else None for each in made] if None in at else [*made]


def _fill_in(
    found: list[Snapshot | None],
    name: str,
    account_ids: Sequence[UUID],
    sought: Sequence[datetime],
    *,
    each_has: int,
) -> None:
    """For what has no number, take the last reading that had it at instants that are sought, and what stands before at others."""
    lacking = [place for place, each in enumerate(found) if each is not None and each.value is None]
    accounts = {account: row for row, account in enumerate(dict.fromkeys(place // each_has for place in lacking))}
    if accounts:
        ids = [account_ids[account] for account in accounts]
        rows = _seeks((name,), skips_nulls=True).all(account_ids=ids, instants=list(sought))
        known = [Snapshot(*row) if row[0] is not None else None for row in rows]
        for place in lacking:
            account, instant = divmod(place, each_has)
            if instant < len(sought):
                found[place] = known[accounts[account] * len(sought) + instant]
            else:
                found[place] = found[place - 1]


@cache
def _seeks(names: tuple[str, ...], *, skips_nulls: bool = False) -> Read:
    return Read(lambda given: _select_seeks(names, given, skips_nulls=skips_nulls))


def _select_seeks(names: tuple[str, ...], given: Given, *, skips_nulls: bool) -> Select[Any]:
    """A row for each account and instant, in their order: the Snapshot of each name in turn."""
    account = listed(given, "account_ids", Uuid())
    bound = listed(given, "days", Date()) if "days" in given else listed(given, "instants", DateTime(timezone=True))
    needed = COLUMNS[names[0]].parts if skips_nulls else ()
    by = "day" if "days" in given else "captured_at"
    asked = account.join(bound, true())
    found = snapshots_of(names, asked, account.c.value, bound.c.value, given, needed=needed, by=by)
    return found.order_by(account.c.place, bound.c.place)


def listed(given: Given, name: str, kind: Any) -> FromClause:
    """A list that a query is given as a table of `value` and `place`, counted from 0."""
    if given.dialect == "postgresql":
        values = func.unnest(cast(given[name], ARRAY(kind)))
        table = values.table_valued("value", with_ordinality="number", name=f"{name}_asked").render_derived()
        return select(table.c.value, (table.c.number - literal_column("1")).label("place")).subquery(name)
    each = func.json_each(given[name]).table_valued(column("key", Integer), column("value", kind), name=f"{name}_asked")
    return select(each.c.value, each.c.key.label("place")).subquery(name)
