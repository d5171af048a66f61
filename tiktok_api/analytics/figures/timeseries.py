"""Series of several accounts together."""

from collections.abc import Sequence
from typing import Any

from tiktok_api.analytics import windows
from tiktok_api.analytics.metrics import Interval, Metric
from tiktok_api.analytics.sums import series
from tiktok_api.analytics.sums.question import Question


def show_timeseries(question: Question, metrics: Sequence[Metric], interval: Interval) -> dict[str, Any]:
    """The metrics by day, week or month, for SumSeriesSchema. Raises WindowTooLong, TooManyReadings."""
    periods = windows.cut(question.window, interval)
    wanted = list(dict.fromkeys(metrics))
    points = series.series_of(question, periods, interval, wanted)
    first, *others = wanted
    return {
        "metric": first,
        "interval": interval,
        "window": question.window,
        "accounts": len(question.account_ids),
        "points": points[first],
        "others": [{"metric": metric, "points": points[metric]} for metric in others],
    }
