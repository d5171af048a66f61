"""Several accounts side by side, over equal windows."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from tiktok_api.analytics import windows
from tiktok_api.analytics.errors import TooManyAccounts
from tiktok_api.analytics.figures import summary
from tiktok_api.analytics.metrics import Interval, Metric
from tiktok_api.analytics.queries import INTERACTIONS
from tiktok_api.analytics.sums import points
from tiktok_api.analytics.sums.points import SumPoint
from tiktok_api.analytics.sums.question import Question
from tiktok_api.analytics.sums.seeks import Histories
from tiktok_api.analytics.windows import Period

MOST_COMPARED = 10


def compare_accounts(question: Question, metric: Metric | None, interval: Interval) -> dict[str, Any]:
    """Every metric of each account against the window before, and a series of `metric`, for AccountsComparedSchema.

    Raises TooManyAccounts, WindowTooLong, TooManyReadings.
    """
    if len(question.selection.accounts) > MOST_COMPARED:
        raise TooManyAccounts.at(parameter="account_ids", most=MOST_COMPARED)
    histories = summary.read(question)
    series = _series(question, metric, interval) if metric else {}
    return {
        "window": question.window,
        "before": question.before,
        "metric": metric,
        "interval": interval if metric else None,
        "accounts": [
            {
                "account_id": account.id,
                "username": account.username,
                "name": account.name,
                **summary.describe(question, histories, [account.id]),
                "points": series.get(account.id, []),
            }
            for account in question.selection.accounts
        ],
    }


def _series(question: Question, metric: Metric, interval: Interval) -> dict[UUID, list[SumPoint]]:
    periods = windows.cut(question.window, interval)
    names = [Metric.VIEWS, INTERACTIONS] if metric is Metric.ENGAGEMENT_RATE else [metric]
    instants = [question.window.starts_at, *(period.ends_at for period in periods)]
    histories = question.histories(instants, names, is_series=True)
    return {each: _points(question, periods, histories, names, each) for each in question.selection.account_ids}


def _points(
    question: Question, periods: Sequence[Period], histories: Histories, names: Sequence[str], account_id: UUID
) -> list[SumPoint]:
    found = []
    for name in names:
        known = [histories[name][account_id]] if account_id in histories[name] else []
        ledger = points.add_up(periods, known)
        granted = question.is_granted(name, [account_id])
        found.append(points.points_of(periods, ledger, accounts=1, now=question.now, is_granted=granted))
    return found[0] if len(found) == 1 else points.rate(found[0], found[1])
