"""The statements that add up the last rows of days of many accounts.

Each account's rows stand in a covering index in the order of their days; a row's change is the difference from the row before,
which for the first is sought before the window. The answer has one row for each period, however many accounts there are.
"""

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    FromClause,
    Integer,
    Select,
    Uuid,
    case,
    cast,
    func,
    literal_column,
    null,
    select,
    true,
    type_coerce,
    union_all,
)

from tiktok_api.analytics.metrics import Interval
from tiktok_api.analytics.models import AccountReading
from tiktok_api.analytics.queries import COLUMNS, last_before
from tiktok_api.analytics.sums.seeks import listed
from tiktok_api.db import UTCDateTime
from tiktok_api.db.reads import Given, Read, is_any


@cache
def sums_by_day(names: tuple[str, ...], interval: Interval, valued: frozenset[str], *, in_turn: bool) -> Read:
    """The statement for some names of one ledger; see `_select_sums`."""
    return Read(lambda given: _select_sums(names, interval, valued, given, in_turn=in_turn))


def _parts(names: Sequence[str], valued: Collection[str], row: FromClause) -> list[tuple[str, ColumnElement[Any]]]:
    """The columns that are needed of a row, by what they are and the number of their name.

    All names have the time of the row. If none is valued, they share how often any of them was lowered.
    """
    found: list[tuple[str, ColumnElement[Any]]] = [("captured_at_0", row.c.captured_at)]
    lowered = []
    for number, name in enumerate(names):
        _, value, total, drops = COLUMNS[name].columns(row)
        found.append((f"total_{number}", total))
        if name in valued:
            found.append((f"value_{number}", value))
        lowered.append((f"drops_{number}", drops))
    if not {*names} & {*valued}:
        lowered = [("drops_0", sum((drops for _, drops in lowered[1:]), start=lowered[0][1]))]
    return found + lowered


def _select_sums(
    names: tuple[str, ...], interval: Interval, valued: frozenset[str], given: Given, *, in_turn: bool
) -> Select[Any]:
    """Rows of a period's first day, and of each name what Added has.

    The row without a day has the values before the window, and how many accounts had one.
    """
    before = _before(names, valued, given)
    if interval is Interval.DAY:
        changes = _changes(names, valued, before, given, in_turn=in_turn)
    else:
        changes = _changes_of_longer(names, valued, interval, before, given)
    columns = [part for number, _ in enumerate(names) for part in _added(changes, number)]
    groups = select(changes.c.bucket, *columns).group_by(changes.c.bucket)
    carried = [part for number, _ in enumerate(names) for part in _carried(before, number)]
    of_before = select(type_coerce(null(), Date()).label("bucket"), *carried).select_from(before)
    whole = union_all(groups, of_before).add_cte(before, nest_here=True).subquery("whole")
    return select(*whole.c)


def _before(names: tuple[str, ...], valued: frozenset[str], given: Given) -> CTE:
    """What each account had before the window."""
    account = listed(given, "account_ids", Uuid())
    ledger, needed = COLUMNS[names[0]].ledger, COLUMNS[names[0]].parts
    row, condition = last_before(ledger, account.c.value, given["starts_at"], given, needed=needed)
    columns = [part.label(what) for what, part in _parts(names, valued, row)]
    source = account.outerjoin(row, condition)
    return select(account.c.value.label("account_id"), *columns).select_from(source).cte("before_window")


def _rows(names: tuple[str, ...], before: CTE, given: Given) -> tuple[FromClause, list[ColumnElement[bool]]]:
    """The last rows of the window's days, and the conditions for them."""
    table = COLUMNS[names[0]].ledger.__table__.alias("last_of_day")
    conditions = [table.c.day >= given["first_day"], table.c.day <= given["last_day"]]
    if given.dialect == "postgresql":
        return table, [table.c.account_id == before.c.account_id, *conditions]
    return table, [is_any(table.c.account_id, given["account_ids"]), *conditions]


def _changes(names: tuple[str, ...], valued: frozenset[str], before: CTE, given: Given, *, in_turn: bool) -> FromClause:
    """The rows of days, each with the one before it.

    On PostgreSQL account by account, since each has its rows in order in the index, and none must be sorted.
    """
    table, conditions = _rows(names, before, given)
    is_lateral = given.dialect == "postgresql"
    over: dict[str, Any] = {"order_by": table.c.day} | ({} if is_lateral else {"partition_by": table.c.account_id})
    columns: list[ColumnElement[Any]] = [table.c.day.label("bucket")]
    if in_turn:
        is_next = _is_next(table.c.day, func.lag(table.c.day, type_=Date()).over(**over), given)
        is_first_in_turn = (table.c.day == given["first_day"]) & (before.c.captured_at_0 >= given["day_before"])
        columns.append(func.coalesce(is_next, is_first_in_turn, type_=Boolean()).label("is_in_turn"))
    columns += _with_previous(_parts(names, valued, table), before, over)
    query = select(*columns).where(*conditions)
    if COLUMNS[names[0]].ledger is AccountReading:
        query = query.where(table.c[COLUMNS[names[0]].parts[0]].is_not(None))
    if is_lateral:
        each = query.correlate(before).lateral("changes")
        return select(*each.c).select_from(before.join(each, true())).subquery("each_change")
    return query.join(before, before.c.account_id == table.c.account_id).subquery("each_change")


def _with_previous(
    parts: Sequence[tuple[str, ColumnElement[Any]]], before: CTE, over: dict[str, Any]
) -> list[ColumnElement[Any]]:
    columns: list[ColumnElement[Any]] = []
    for what, part in parts:
        previous = func.lag(part, type_=part.type).over(**over)
        either = func.coalesce(previous, before.c[what], type_=part.type)
        columns += [part.label(what), either.label(f"previous_{what}")]
    return columns


def _changes_of_longer(
    names: tuple[str, ...], valued: frozenset[str], interval: Interval, before: CTE, given: Given
) -> FromClause:
    """The last rows of weeks or months, each with the one before it."""
    table, conditions = _rows(names, before, given)
    is_lateral = given.dialect == "postgresql"
    over: dict[str, Any] = {"order_by": table.c.day} | ({} if is_lateral else {"partition_by": table.c.account_id})
    bucket = _bucket(table.c.day, interval, given)
    columns = [table.c.account_id, bucket.label("bucket"), func.lead(bucket, type_=Date()).over(**over).label("next")]
    parts = _parts(names, valued, table)
    columns += [part.label(what) for what, part in parts]
    query = select(*columns).where(*conditions)
    each = query.correlate(before).lateral("days") if is_lateral else query.subquery("days")
    source = before.join(each, true() if is_lateral else before.c.account_id == each.c.account_id)
    over = {"partition_by": each.c.account_id, "order_by": each.c.bucket}
    shown = [each.c.bucket, *_with_previous([(what, each.c[what]) for what, _ in parts], before, over)]
    is_last = each.c.next.is_(None) | (each.c.next != each.c.bucket)
    return select(*shown).select_from(source).where(is_last, each.c.total_0.is_not(None)).subquery("each_change")


def _bucket(day: ColumnElement[Any], interval: Interval, given: Given) -> ColumnElement[Any]:
    if given.dialect == "postgresql":
        return cast(func.date_trunc(literal_column(f"'{interval.value}'"), day), Date())
    modifiers = ("'start of month'",) if interval is Interval.MONTH else ("'-6 days'", "'weekday 1'")
    return func.date(day, *(literal_column(each) for each in modifiers), type_=Date())


def _is_next(day: ColumnElement[Any], previous: ColumnElement[Any], given: Given) -> ColumnElement[Any]:
    if given.dialect == "postgresql":
        return (day - previous) == literal_column("1")
    return func.date(previous, literal_column("'+1 day'"), type_=Date()) == day


def _added(changes: FromClause, number: int) -> list[ColumnElement[Any]]:
    at, old_at = changes.c.captured_at_0, changes.c.previous_captured_at_0
    total, old_total = changes.c[f"total_{number}"], changes.c[f"previous_total_{number}"]
    lowered = f"drops_{number}" if f"drops_{number}" in changes.c else "drops_0"
    drops, old_drops = changes.c[lowered], changes.c[f"previous_{lowered}"]
    zero = literal_column("0", Integer)
    growth: ColumnElement[Any] = zero
    if f"value_{number}" in changes.c:
        value, old_value = changes.c[f"value_{number}"], changes.c[f"previous_value_{number}"]
        growth = func.sum(value - func.coalesce(old_value, zero))
    change_in_turn: ColumnElement[Any] = cast(null(), BigInteger)
    if "is_in_turn" in changes.c:
        change_in_turn = case((changes.c.is_in_turn, total - old_total))
    is_lower = case((drops > func.coalesce(old_drops, zero), literal_column("1")), else_=zero)
    return [
        growth.label(f"growth_{number}"),
        func.sum(total - old_total).label(f"change_{number}"),
        func.count().label(f"read_{number}"),
        func.count(old_total).label(f"in_change_{number}"),
        func.max(at, type_=UTCDateTime()).label(f"newest_{number}"),
        func.min(old_at, type_=UTCDateTime()).label(f"oldest_{number}"),
        func.max(is_lower, type_=Integer()).label(f"is_restated_{number}"),
        func.count(change_in_turn).label(f"in_turn_{number}"),
        func.sum(change_in_turn, type_=BigInteger()).label(f"change_in_turn_{number}"),
    ]


def _carried(before: CTE, number: int) -> list[ColumnElement[Any]]:
    at, total, name = before.c.captured_at_0, before.c[f"total_{number}"], f"value_{number}"
    nothing = type_coerce(literal_column("0"), BigInteger())
    return [
        (func.sum(before.c[name]) if name in before.c else nothing).label(f"growth_{number}"),
        nothing.label(f"change_{number}"),
        func.count(total).label(f"read_{number}"),
        nothing.label(f"in_change_{number}"),
        func.max(at, type_=UTCDateTime()).label(f"newest_{number}"),
        func.min(at, type_=UTCDateTime()).label(f"oldest_{number}"),
        nothing.label(f"is_restated_{number}"),
        nothing.label(f"in_turn_{number}"),
        nothing.label(f"change_in_turn_{number}"),
    ]
