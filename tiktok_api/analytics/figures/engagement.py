"""How many of those who saw the videos did something: the rate, and the four counters that it is made of."""

from collections.abc import Sequence
from typing import Any

from tiktok_api.analytics import windows
from tiktok_api.analytics.metrics import Interval, Metric
from tiktok_api.analytics.queries import INTERACTIONS, VIDEO_LIKES
from tiktok_api.analytics.sums import comparison, series
from tiktok_api.analytics.sums.points import SumPoint, points_of, rate
from tiktok_api.analytics.sums.question import Question
from tiktok_api.analytics.windows import Period

_COUNTERS = {"views": Metric.VIEWS, "likes": VIDEO_LIKES, "comments": Metric.COMMENTS, "shares": Metric.SHARES}


def show_engagement(question: Question, interval: Interval) -> dict[str, Any]:
    """The rate over the window, the window before and each period, for EngagementReportSchema.

    All four counters are gains of the same videos, read in the same syncs. Raises WindowTooLong, TooManyReadings.
    """
    periods = windows.cut(question.window, interval)
    rates, changes = _over_time(question, periods, interval)
    names = [*_COUNTERS.values(), INTERACTIONS]
    accounts, granted = len(question.account_ids), question.is_granted(Metric.VIEWS)
    of_window = {
        name: comparison.compare(question.whole, known, accounts=accounts, now=question.now, is_granted=granted)
        for name, known in question.gathered(names).items()
    }
    return {
        "window": question.window,
        "before": question.before,
        "interval": interval,
        "rate": comparison.compare_rates(of_window[Metric.VIEWS], of_window[INTERACTIONS]),
        **{shown: of_window[name] for shown, name in _COUNTERS.items()},
        "interactions": of_window[INTERACTIONS],
        "points": [
            rate._asdict() | {shown: points[place].change for shown, points in changes.items()}
            for place, rate in enumerate(rates)
        ],
    }


def _over_time(
    question: Question, periods: Sequence[Period], interval: Interval
) -> tuple[list[SumPoint], dict[str, list[SumPoint]]]:
    """The rate in each period, and what each counter gained."""
    ledgers = series.ledgers_of(question, periods, interval, [*_COUNTERS.values()], valued=())
    accounts, granted = len(question.account_ids), question.is_granted(Metric.VIEWS)
    found = {
        shown: points_of(periods, ledgers[name], accounts=accounts, now=question.now, is_granted=granted)
        for shown, name in _COUNTERS.items()
    }
    several = zip(*(found[shown] for shown in ("likes", "comments", "shares")), strict=True)
    return rate(found["views"], [_together(each) for each in several]), found


def _together(several: tuple[SumPoint, ...]) -> SumPoint:
    """The sum of counters of the same readings: all have a change, or none."""
    known = [each.change for each in several if each.change is not None]
    return several[0]._replace(
        change=sum(known) if known else None, is_restated=any(each.is_restated for each in several)
    )
