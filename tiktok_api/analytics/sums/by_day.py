"""Sums over very many accounts by day, week or month, added up by the database from the last rows of days.

Each account has one such row a day, in a covering index and in the order of its days; its change is the difference from its
row before, which for the first is sought before the window. So what is carried over a gap costs nothing, and the answer has one
row for each period, however many accounts there are.
"""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from functools import cache
from typing import Any
from uuid import UUID

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

from tiktok_api.analytics.errors import TooManyReadings
from tiktok_api.analytics.metrics import Interval
from tiktok_api.analytics.models import AccountReading
from tiktok_api.analytics.queries import COLUMNS
from tiktok_api.analytics.sums.points import Added, Ledger
from tiktok_api.analytics.sums.seeks import last_before, listed
from tiktok_api.analytics.windows import Period, Window, start_of_day
from tiktok_api.db import UTCDateTime
from tiktok_api.db.reads import Given, Read, is_any

MOST_ROWS = 200_000
"""Last rows of days that one question adds up: half a microsecond each on PostgreSQL."""
_PARTS = ("captured_at", "value", "total", "drops")


def day_rows(accounts: int, window: Window) -> int:
    """How many rows there may be."""
    first, last = (bound.astimezone(window.zone).date() for bound in (window.starts_at, window.ends_at))
    return accounts * (last - first).days


def check_rows(accounts: int, window: Window) -> None:
    """Raises TooManyReadings for more than 200,000 rows."""
    rows = day_rows(accounts, window)
    if rows > MOST_ROWS:
        raise TooManyReadings.at(parameter="from", found=rows, most=MOST_ROWS)


def ledgers_of(
    account_ids: Sequence[UUID],
    window: Window,
    periods: Sequence[Period],
    interval: Interval,
    names: Sequence[str],
    *,
    valued: Collection[str],
    in_turn: bool = False,
) -> dict[str, Ledger]:
    """What the accounts add up to, by name. The window begins and ends with days of the zone in which the rows are marked.

    Values are known of those names that are `valued`, and only with `in_turn`, and by day, what changed from the day before. One statement for the sums over videos, and one for each counter of profiles.
    """
    zone = window.zone
    last_day = (window.ends_at - timedelta(microseconds=1)).astimezone(zone).date()
    given: dict[str, Any] = {
        "account_ids": list(account_ids),
        "starts_at": window.starts_at,
        "first_day": periods[0].date.isoformat(),
        "last_day": last_day.isoformat(),
    }
    if in_turn:
        given["day_before"] = start_of_day(periods[0].date - timedelta(days=1), zone)
    places = {_bucket_of(period.date, interval): place for place, period in enumerate(periods)}
    found = {name: Ledger(0, 0, [Added() for _ in periods]) for name in names}
    for group in _groups(names):
        for row in _sums(group, interval, frozenset(valued) & {*group}, in_turn=in_turn).all(**given):
            for number, name in enumerate(group):
                _take(found[name], places, row[0], row[1 + 9 * number : 10 + 9 * number])
    return found


def _groups(names: Sequence[str]) -> list[tuple[str, ...]]:
    """Profiles may lack one counter and have another, so that each has rows of its own; totals have all or none."""
    alone: list[tuple[str, ...]] = [(name,) for name in names if COLUMNS[name].ledger is AccountReading]
    together = tuple(name for name in names if COLUMNS[name].ledger is not AccountReading)
    return [*alone, together] if together else alone


def _take(ledger: Ledger, places: dict[date, int], bucket: Any, numbers: Sequence[Any]) -> None:
    growth, change, read, in_change, captured_at, changed_since, is_restated, in_turn, change_in_turn = numbers
    if bucket is None:
        ledger.value, ledger.known = int(growth or 0), read
        return
    day = date.fromisoformat(bucket) if isinstance(bucket, str) else bucket
    since = (captured_at, changed_since, bool(is_restated))
    ledger.periods[places[day]] = Added(
        int(growth), int(change or 0), read, in_change, *since, in_turn, int(change_in_turn or 0)
    )


def _bucket_of(day: date, interval: Interval) -> date:
    """The first day of the whole day, week or month, as the database calls it."""
    if interval is Interval.MONTH:
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if interval is Interval.WEEK else day


@cache
def _sums(names: tuple[str, ...], interval: Interval, valued: frozenset[str], *, in_turn: bool) -> Read:
    return Read(lambda given: _select_sums(names, interval, valued, given, in_turn=in_turn))


def _select_sums(
    names: tuple[str, ...], interval: Interval, valued: frozenset[str], given: Given, *, in_turn: bool
) -> Select[Any]:
    """Rows of a period's first day, and of each name what Added has.

    The row without a day has the values before the window, and how many accounts had one.
    """
    before = _before(names, given)
    if interval is Interval.DAY:
        changes = _changes(names, before, given, in_turn=in_turn)
    else:
        changes = _changes_of_longer(names, interval, before, given)
    columns = [part for number, name in enumerate(names) for part in _added(changes, number, name in valued)]
    groups = select(changes.c.bucket, *columns).group_by(changes.c.bucket)
    carried = [part for number, _ in enumerate(names) for part in _carried(before, number)]
    of_before = select(type_coerce(null(), Date()).label("bucket"), *carried).select_from(before)
    whole = union_all(groups, of_before).add_cte(before, nest_here=True).subquery("whole")
    return select(*whole.c)


def _before(names: tuple[str, ...], given: Given) -> CTE:
    """What each account had before the window."""
    account = listed(given, "account_ids", Uuid())
    ledger, needed = COLUMNS[names[0]].ledger, COLUMNS[names[0]].parts
    row, condition = last_before(ledger, account.c.value, given["starts_at"], given, needed=needed)
    columns = [
        part.label(f"{what}_{number}")
        for number, name in enumerate(names)
        for what, part in zip(_PARTS, COLUMNS[name].columns(row), strict=True)
    ]
    source = account.outerjoin(row, condition)
    return select(account.c.value.label("account_id"), *columns).select_from(source).cte("before_window")


def _rows(names: tuple[str, ...], before: CTE, given: Given) -> tuple[FromClause, list[ColumnElement[bool]]]:
    """The last rows of the window's days, and the conditions for them."""
    table = COLUMNS[names[0]].ledger.__table__.alias("last_of_day")
    conditions = [table.c.day >= given["first_day"], table.c.day <= given["last_day"]]
    if given.dialect == "postgresql":
        return table, [table.c.account_id == before.c.account_id, *conditions]
    return table, [is_any(table.c.account_id, given["account_ids"]), *conditions]


def _changes(names: tuple[str, ...], before: CTE, given: Given, *, in_turn: bool) -> FromClause:
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
    for number, name in enumerate(names):
        parts = zip(_PARTS, COLUMNS[name].columns(table), strict=True)
        columns += _with_previous(parts, number, before, over)
    query = select(*columns).where(*conditions)
    if COLUMNS[names[0]].ledger is AccountReading:
        query = query.where(table.c[COLUMNS[names[0]].parts[0]].is_not(None))
    if is_lateral:
        each = query.correlate(before).lateral("changes")
        return select(*each.c).select_from(before.join(each, true())).subquery("each_change")
    return query.join(before, before.c.account_id == table.c.account_id).subquery("each_change")


def _with_previous(parts: Any, number: int, before: CTE, over: dict[str, Any]) -> list[ColumnElement[Any]]:
    columns: list[ColumnElement[Any]] = []
    for what, part in parts:
        name = f"{what}_{number}"
        columns.append(part.label(name))
        previous = func.lag(part, type_=part.type).over(**over)
        columns.append(func.coalesce(previous, before.c[name], type_=part.type).label(f"previous_{name}"))
    return columns


def _changes_of_longer(names: tuple[str, ...], interval: Interval, before: CTE, given: Given) -> FromClause:
    """The last rows of weeks or months, each with the one before it."""
    table, conditions = _rows(names, before, given)
    is_lateral = given.dialect == "postgresql"
    over: dict[str, Any] = {"order_by": table.c.day} | ({} if is_lateral else {"partition_by": table.c.account_id})
    bucket = _bucket(table.c.day, interval, given)
    columns = [table.c.account_id, bucket.label("bucket"), func.lead(bucket, type_=Date()).over(**over).label("next")]
    columns += [
        part.label(f"{what}_{number}")
        for number, name in enumerate(names)
        for what, part in zip(_PARTS, COLUMNS[name].columns(table), strict=True)
    ]
    query = select(*columns).where(*conditions)
    each = query.correlate(before).lateral("days") if is_lateral else query.subquery("days")
    source = before.join(each, true() if is_lateral else before.c.account_id == each.c.account_id)
    over = {"partition_by": each.c.account_id, "order_by": each.c.bucket}
    shown: list[ColumnElement[Any]] = [each.c.bucket]
    for number, _ in enumerate(names):
        shown += _with_previous([(what, each.c[f"{what}_{number}"]) for what in _PARTS], number, before, over)
    is_last = each.c.next.is_(None) | (each.c.next != each.c.bucket)
    return select(*shown).select_from(source).where(is_last, each.c.value_0.is_not(None)).subquery("each_change")


def _bucket(day: ColumnElement[Any], interval: Interval, given: Given) -> ColumnElement[Any]:
    if given.dialect == "postgresql":
        return cast(func.date_trunc(literal_column(f"'{interval.value}'"), day), Date())
    modifiers = ("'start of month'",) if interval is Interval.MONTH else ("'-6 days'", "'weekday 1'")
    return func.date(day, *(literal_column(each) for each in modifiers), type_=Date())


def _is_next(day: ColumnElement[Any], previous: ColumnElement[Any], given: Given) -> ColumnElement[Any]:
    if given.dialect == "postgresql":
        return (day - previous) == literal_column("1")
    return func.date(previous, literal_column("'+1 day'"), type_=Date()) == day


def _added(changes: FromClause, number: int, is_valued: bool) -> list[ColumnElement[Any]]:
    at, value, total, drops = (changes.c[f"{what}_{number}"] for what in _PARTS)
    old_at, old_value, old_total, old_drops = (changes.c[f"previous_{what}_{number}"] for what in _PARTS)
    zero = literal_column("0", Integer)
    change_in_turn: ColumnElement[Any] = cast(null(), BigInteger)
    if "is_in_turn" in changes.c:
        change_in_turn = case((changes.c.is_in_turn, total - old_total))
    is_lower = case((drops > func.coalesce(old_drops, zero), literal_column("1")), else_=zero)
    return [
        (func.sum(value - func.coalesce(old_value, zero)) if is_valued else zero).label(f"growth_{number}"),
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
    at, value = before.c[f"captured_at_{number}"], before.c[f"value_{number}"]
    nothing = type_coerce(literal_column("0"), BigInteger())
    return [
        func.sum(value).label(f"growth_{number}"),
        nothing.label(f"change_{number}"),
        func.count(value).label(f"read_{number}"),
        nothing.label(f"in_change_{number}"),
        func.max(at, type_=UTCDateTime()).label(f"newest_{number}"),
        func.min(at, type_=UTCDateTime()).label(f"oldest_{number}"),
        nothing.label(f"is_restated_{number}"),
        nothing.label(f"in_turn_{number}"),
        nothing.label(f"change_in_turn_{number}"),
    ]
