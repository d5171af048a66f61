"""Sums over very many accounts by day, week or month, added up by the database from the last rows of days.

Each account has one such row a day, in a covering index and in the order of its days; its change is the difference from its
row before, which for the first is sought before the window. So what is carried over a gap costs nothing, and the answer has one
row for each period, however many accounts there are.
"""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from tiktok_api.analytics import windows
from tiktok_api.analytics.errors import TooManyReadings
from tiktok_api.analytics.metrics import Interval
from tiktok_api.analytics.models import AccountReading
from tiktok_api.analytics.queries import COLUMNS
from tiktok_api.analytics.sums.day_statements import sums_by_day
from tiktok_api.analytics.sums.points import Added, Ledger
from tiktok_api.analytics.windows import Period, Window, start_of_day

MOST_ROWS = 200_000
"""Last rows of days that one question adds up: half a microsecond each on PostgreSQL."""


def day_rows(accounts: int, window: Window) -> int:
    """How many rows there may be."""
    first, last = (bound.astimezone(window.zone).date() for bound in (window.starts_at, window.ends_at))
    return accounts * (last - first).days


def check_rows(rows: int) -> None:
    """Raises TooManyReadings for more than 200,000 rows."""
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
    given: dict[str, Any] = {
        "account_ids": list(account_ids),
        "starts_at": window.starts_at,
        "first_day": periods[0].date.isoformat(),
        "last_day": windows.last_day(periods[-1], zone).isoformat(),
    }
    if in_turn:
        given["day_before"] = start_of_day(periods[0].date - timedelta(days=1), zone)
    places = {_bucket_of(period.date, interval): place for place, period in enumerate(periods)}
    found = {name: Ledger(0, 0, [Added() for _ in periods]) for name in names}
    for group in _groups(names):
        for row in sums_by_day(group, interval, frozenset(valued) & {*group}, in_turn=in_turn).all(**given):
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
