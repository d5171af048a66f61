"""Accounts side by side as a chart to be drawn."""

from collections.abc import Sequence
from typing import Any

from tiktok_api.analytics.charts.drawing import axes
from tiktok_api.analytics.charts.drawing.comparison import ComparedLine, ComparisonChart
from tiktok_api.analytics.charts.labels import Show, days_of
from tiktok_api.analytics.metrics import Metric
from tiktok_api.analytics.windows import cut


def comparison_chart(compared: dict[str, Any], show: Show) -> ComparisonChart:
    """Returns what AccountsComparedSchema tells, with a series, as a chart. A rate has no change and is shown by value."""
    metric, accounts, window = compared["metric"], compared["accounts"], compared["window"]
    is_rate = metric is Metric.ENGAGEMENT_RATE
    is_change = show is Show.CHANGE and not is_rate
    name = metric.value.replace("_", " ")
    lines = [
        ComparedLine(
            _name_of(account),
            [point.change if is_change else point.value for point in account["points"]],
            _note(account[metric.value], is_rate=is_rate),
        )
        for account in accounts
    ]
    unit = "likes, comments and shares per view" if is_rate else name
    return ComparisonChart(
        key=f"comparison-{metric}-{show}",
        title=f"{'New ' + name if is_change else name.capitalize()} of {_count(accounts)}",
        subtitle=f"{days_of(window)}, by {compared['interval']}, {window.timezone}",
        dates=[period.date for period in cut(window, compared["interval"])],
        lines=lines,
        unit=f"new {name} per {compared['interval']}" if is_change else unit,
        is_rate=is_rate,
        is_change=is_change,
    )


def _count(accounts: Sequence[Any]) -> str:
    return f"{len(accounts)} account{'' if len(accounts) == 1 else 's'}"


def _name_of(account: dict[str, Any]) -> str:
    return f"@{account['username']}" if account["username"] else account["name"] or "an account"


def _note(figure: Any, *, is_rate: bool) -> str:
    """What is said beside a name: the rate, or what was gained in the window."""
    if is_rate:
        return "" if figure.value is None else axes.percent(figure.value)
    return "" if figure.change is None else axes.signed(figure.change)
