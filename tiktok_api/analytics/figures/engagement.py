"""How many of those who saw the videos did something: the rate, and the four counters that it is made of."""

from typing import Any

from tiktok_api.analytics import windows
from tiktok_api.analytics.metrics import Interval, Metric
from tiktok_api.analytics.queries import INTERACTIONS, VIDEO_LIKES
from tiktok_api.analytics.sums import comparison, series
from tiktok_api.analytics.sums.question import Question

_COUNTERS = {"views": Metric.VIEWS, "likes": VIDEO_LIKES, "comments": Metric.COMMENTS, "shares": Metric.SHARES}


def show_engagement(question: Question, interval: Interval) -> dict[str, Any]:
    """The rate over the window, the window before and each period, for EngagementReportSchema.

    All four counters are gains of the same videos, read in the same syncs. Raises WindowTooLong, TooManyReadings.
    """
    periods = windows.cut(question.window, interval)
    points = series.series_of(question, periods, interval, [Metric.ENGAGEMENT_RATE, *map(str, _COUNTERS.values())])
    before, window = question.both
    instants = [before.starts_at, window.starts_at, window.ends_at]
    names = [*_COUNTERS.values(), INTERACTIONS]
    histories = question.histories(instants, names)
    accounts, granted = len(question.account_ids), question.is_granted(Metric.VIEWS)
    of_window = {
        name: comparison.compare(
            question.both, histories[name].values(), accounts=accounts, now=question.now, is_granted=granted
        )
        for name in names
    }
    rates = points[Metric.ENGAGEMENT_RATE]
    return {
        "window": question.window,
        "before": question.before,
        "interval": interval,
        "rate": comparison.compare_rates(of_window[Metric.VIEWS], of_window[INTERACTIONS]),
        **{shown: of_window[name] for shown, name in _COUNTERS.items()},
        "interactions": of_window[INTERACTIONS],
        "points": [
            rate._asdict() | {shown: points[name][place].change for shown, name in _COUNTERS.items()}
            for place, rate in enumerate(rates)
        ],
    }
