"""A series as a line over time: gaps shaded, what went down ringed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tiktok_api.analytics.charts.drawing import axes
from tiktok_api.analytics.charts.drawing.look import Look
from tiktok_api.analytics.charts.drawing.plot import Plot, Spot, known, legend_of
from tiktok_api.analytics.charts.drawing.sheet import Drawing, Headed, Sheet

_LINE = "line0"


@dataclass(frozen=True, slots=True)
class Dot:
    """One place on the time axis; `value` is None where it is unknown."""

    date: date
    value: float | None
    is_restated: bool = False
    is_future: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChart(Headed):
    """A line over time. `empty` is shown if every value is unknown, `restated` explains a ring; there is at least one dot."""

    dots: Sequence[Dot]
    unit: str
    is_rate: bool = False
    is_change: bool = False
    empty: str = "Nothing has been read yet"
    restated: str = "went down"


def draw_line_chart(chart: LineChart, look: Look) -> Drawing:
    """Returns the chart as SVG."""
    sheet = Sheet(chart, look)
    spots = [
        Spot(at, known(dot.value), _say(chart, dot), dot.is_restated, dot.is_future)
        for at, dot in enumerate(chart.dots)
    ]
    values = [spot.value for spot in spots if spot.value is not None]
    ends = (0.0, float(len(spots) - 1))
    plot = Plot(sheet, values, ends, unit=chart.unit, is_rate=chart.is_rate, has_zero=chart.is_change)
    plot.draw_gaps(spots)
    plot.draw_grid()
    bottom = plot.draw_places(axes.date_labels([dot.date for dot in chart.dots], most=plot.most_labels))
    if values:
        plot.draw_line(spots, _LINE, has_area=True)
        plot.draw_marks(spots, _LINE, restated=chart.restated)
    else:
        plot.say_empty(chart.empty)
    bottom = sheet.rows(legend_of(spots, chart.restated) if values else [], bottom + 4)
    return sheet.finish(bottom, describe(chart))


def describe(chart: LineChart) -> str:
    """The chart in words: first, last, lowest and highest value, gaps and restated values."""
    dots = [dot for dot in chart.dots if known(dot.value) is not None]
    if not dots:
        return f"{chart.subtitle}. {chart.empty}."
    lowest, highest = min(dots, key=_value), max(dots, key=_value)
    gaps = sum(known(dot.value) is None and not dot.is_future for dot in chart.dots)
    restated = sum(dot.is_restated for dot in dots)
    words = [
        f"{chart.subtitle}. From {_say(chart, dots[0])} to {_say(chart, dots[-1])}.",
        f"Lowest {_say(chart, lowest)}, highest {_say(chart, highest)}.",
    ]
    words += [f"{gaps} of {len(chart.dots)} points are unknown."] if gaps else []
    words += [f"{chart.restated.capitalize()}: {restated} of them."] if restated else []
    return " ".join(words)


def _value(dot: Dot) -> float:
    return dot.value or 0.0


def _say(chart: LineChart, dot: Dot) -> str:
    if known(dot.value) is None:
        return "unknown"
    shown = axes.percent(_value(dot)) if chart.is_rate else axes.number(_value(dot))
    return f"{shown} on {axes.day(dot.date)}"
