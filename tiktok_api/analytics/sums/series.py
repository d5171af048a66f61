"""Series of sums: from rows of days where the days asked for are those that rows are marked with, otherwise by seeks."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from tiktok_api.analytics import windows
from tiktok_api.analytics.metrics import Interval, Metric
from tiktok_api.analytics.queries import COLUMNS, INTERACTIONS
from tiktok_api.analytics.sums import by_day, points, unbroken
from tiktok_api.analytics.sums.points import Added, Ledger, SumPoint
from tiktok_api.analytics.sums.question import Question
from tiktok_api.analytics.sums.seeks import MOST_SEEKS, check_seeks
from tiktok_api.analytics.windows import Period

ROWS_OF_A_SEEK = 5
"""So many rows of days are added up by the database in the time of one seek, whose result is added up here."""
LEAST_ACCOUNTS = 50
"""From so many on, those without gaps are added up in a simpler way, which takes two statements more."""


def series_of(
    question: Question, periods: Sequence[Period], interval: Interval, metrics: Sequence[str]
) -> dict[str, list[SumPoint]]:
    """The points of each metric. Raises TooManyReadings."""
    parts = {
        metric: (Metric.VIEWS, INTERACTIONS) if metric == Metric.ENGAGEMENT_RATE else (metric,) for metric in metrics
    }
    names = list(dict.fromkeys(str(name) for several in parts.values() for name in several))
    ledgers = ledgers_of(question, periods, interval, names, valued=metrics)
    accounts, found = len(question.account_ids), {}
    for name in names:
        if name not in ledgers:
            found[name] = points.not_by_label(periods, accounts)
            continue
        granted = question.is_granted(name)
        found[name] = points.points_of(periods, ledgers[name], accounts=accounts, now=question.now, is_granted=granted)
    return {
        metric: found[names[0]] if len(names) == 1 else points.rate(found[names[0]], found[names[1]])
        for metric, names in parts.items()
    }


def ledgers_of(
    question: Question,
    periods: Sequence[Period],
    interval: Interval,
    names: Sequence[str],
    *,
    valued: Collection[str],
    in_turn: bool = False,
) -> dict[str, Ledger]:
    """What the accounts add up to in each period, for those names that can be told. Raises TooManyReadings.

    Of names that are not `valued`, values need not be known. `in_turn`: the periods are days, and it must be known what changed from the day before.
    """
    told = [name for name in names if question.can_tell(name)]
    if not told:
        return {}
    if not (question.is_by_days and windows.is_of_whole_days(question.window)):
        return _by_seeks(question, question.account_ids, periods, told, in_turn=in_turn)
    by_day.check_rows(len(question.selection.accounts) * len(periods))
    ids = [account.id for account in question.selection.accounts if account.day_zone]
    ways: dict[str, Any] = {"valued": valued, "in_turn": in_turn}
    if len(ids) < LEAST_ACCOUNTS:
        return _with_gaps(question, ids, periods, interval, told, **ways)
    days = _days_of(question, periods)
    to_come = [Added() for _ in periods[len(days) - 1 :]]
    found: dict[str, Ledger] = {}
    for ledger in dict.fromkeys(COLUMNS[name].ledger for name in told):
        of_ledger = [name for name in told if COLUMNS[name].ledger is ledger]
        unbroken_, rest = unbroken.add_up(ids, days, of_ledger, **ways)
        for each in unbroken_.values():
            each.periods += to_come
        found |= unbroken_
        if rest:
            others = _with_gaps(question, rest, periods, interval, of_ledger, **ways)
            found |= {name: points.together([unbroken_[name], others[name]]) for name in of_ledger}
    return found


def _days_of(question: Question, periods: Sequence[Period]) -> list[date]:
    """The day before the first period, and the last day so far of each that has begun."""
    zone = question.window.zone
    today = question.now.astimezone(zone).date()
    ends = [min(windows.last_day(each, zone), today) for each in periods if each.date <= today]
    return [periods[0].date - timedelta(days=1), *ends]


def _with_gaps(
    question: Question,
    ids: Sequence[UUID],
    periods: Sequence[Period],
    interval: Interval,
    names: Sequence[str],
    *,
    valued: Collection[str],
    in_turn: bool,
) -> dict[str, Ledger]:
    """By rows of days if that is the cheaper way, or the only one that is not refused."""
    seeks, rows = len(ids) * (len(periods) + 1), by_day.day_rows(len(ids), question.window)
    if not ids or (seeks <= MOST_SEEKS and rows > ROWS_OF_A_SEEK * seeks):
        return _by_seeks(question, ids, periods, names, in_turn=in_turn)
    by_day.check_rows(rows)
    return by_day.ledgers_of(ids, question.window, periods, interval, names, valued=valued, in_turn=in_turn)


def _by_seeks(
    question: Question, ids: Sequence[UUID], periods: Sequence[Period], names: Sequence[str], *, in_turn: bool
) -> dict[str, Ledger]:
    check_seeks(len(ids), len(periods) + 1)
    instants = [question.window.starts_at, *(period.ends_at for period in periods)]
    histories = question.histories(instants, names, only=ids, is_series=True)
    zone = question.window.zone if in_turn else None
    return {name: points.add_up(periods, histories[name].values(), zone=zone) for name in names}
