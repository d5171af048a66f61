"""Series of sums: from rows of days where the days asked for are those that rows are marked with, otherwise by seeks."""

from collections.abc import Collection, Sequence

from tiktok_api.analytics import windows
from tiktok_api.analytics.metrics import Interval, Metric
from tiktok_api.analytics.queries import INTERACTIONS
from tiktok_api.analytics.sums import by_day, points
from tiktok_api.analytics.sums.points import Ledger, SumPoint
from tiktok_api.analytics.sums.question import Question
from tiktok_api.analytics.sums.seeks import MOST_SEEKS, check_seeks
from tiktok_api.analytics.windows import Period

ROWS_OF_A_SEEK = 5
"""So many rows of days are added up by the database in the time of one seek, whose result is added up here."""


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
    if _is_by_day(question, len(periods)):
        ids = [account.id for account in question.selection.accounts if account.day_zone]
        return by_day.ledgers_of(ids, question.window, periods, interval, told, valued=valued, in_turn=in_turn)
    check_seeks(len(question.account_ids), len(periods) + 1)
    instants = [question.window.starts_at, *(period.ends_at for period in periods)]
    histories = question.histories(instants, told, is_series=True)
    zone = question.window.zone if in_turn else None
    return {name: points.add_up(periods, histories[name].values(), zone=zone) for name in told}


def _is_by_day(question: Question, number: int) -> bool:
    """Whether the rows of days can be added up, and are the cheaper way, or the only one that is not refused."""
    accounts, window = question.selection.accounts, question.window
    if not (question.is_by_days and accounts and windows.is_of_whole_days(window)):
        return False
    seeks, rows = len(accounts) * (number + 1), by_day.day_rows(len(accounts), window)
    if seeks <= MOST_SEEKS and rows > ROWS_OF_A_SEEK * seeks:
        return False
    by_day.check_rows(len(accounts), window)
    return True
