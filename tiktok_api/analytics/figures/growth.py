"""What accounts gained in a window: on average, on their best day and on their worst."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from tiktok_api.analytics import windows
from tiktok_api.analytics.metrics import Interval, Metric, Reason
from tiktok_api.analytics.sums import comparison, series
from tiktok_api.analytics.sums.points import Added
from tiktok_api.analytics.sums.question import Question
from tiktok_api.analytics.windows import Period, start_of_day

NEARLY_ALL = 0.9
"""Days are compared with each other if so many accounts changed on them as on the day on which most did."""
AVERAGE_DIGITS = 2


class DayOfGrowth(NamedTuple):
    """What the accounts gained on a day: those that were read on it and on the day before."""

    date: date
    change: int
    accounts: int


def show_growth(question: Question, metric: Metric) -> dict[str, Any]:
    """What a metric gained, for GrowthSchema. Raises WindowTooLong, TooManyReadings.

    A change after a gap is not that of one day: it counts in the whole, but not in the average nor as best or worst.
    """
    periods = windows.cut(question.window, Interval.DAY)
    found = series.ledgers_of(question, periods, Interval.DAY, [metric], valued=(), in_turn=True)
    ledger = found.get(metric)
    days = _judge(question, periods, ledger.periods if ledger else [])
    counted: list[DayOfGrowth] = days.pop("counted")
    changes = [each.change for each in counted]
    return {
        "metric": metric,
        "window": question.window,
        "before": question.before,
        "total": _total(question, metric),
        "average_per_day": round(sum(changes) / len(changes), AVERAGE_DIGITS) if changes else None,
        "best_day": max(counted, key=lambda each: each.change, default=None),
        "worst_day": min(counted, key=lambda each: each.change, default=None),
        "days": len(periods),
        "days_counted": len(counted),
        **days,
        "reason": None if counted else _why_none(question, metric),
    }


def _total(question: Question, metric: Metric) -> comparison.Comparison:
    accounts = len(question.account_ids)
    if not question.can_tell(metric):
        return comparison.not_by_label(accounts)
    known, is_granted = question.gathered([metric])[metric], question.is_granted(metric)
    return comparison.compare(question.whole, known, accounts=accounts, now=question.now, is_granted=is_granted)


def _judge(question: Question, periods: Sequence[Period], added: Sequence[Added]) -> dict[str, Any]:
    fullest = max((each.in_turn for each in added), default=0)
    counted: list[DayOfGrowth] = []
    after_gap = partly_read = unread = 0
    for period, each in zip(periods, added, strict=False):
        if not _is_over(question, period):
            continue
        if not each.read:
            unread += 1
        elif not each.in_turn:
            after_gap += 1
        elif each.in_turn < NEARLY_ALL * fullest:
            partly_read += 1
        else:
            counted.append(DayOfGrowth(period.date, each.change_in_turn, each.in_turn))
    return {"counted": counted, "days_after_gap": after_gap, "days_partly_read": partly_read, "days_unread": unread}


def _is_over(question: Question, period: Period) -> bool:
    """Whether a day is whole in the window, and has ended."""
    zone = question.window.zone
    whole = (start_of_day(period.date, zone), start_of_day(period.date + timedelta(days=1), zone))
    return (period.starts_at, period.ends_at) == whole and period.ends_at <= question.now


def _why_none(question: Question, metric: Metric) -> Reason:
    if not question.can_tell(metric):
        return Reason.NOT_BY_LABEL
    return Reason.NO_READING_IN_WINDOW if question.is_granted(metric) else Reason.SCOPE_MISSING
