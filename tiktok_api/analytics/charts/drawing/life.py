"""The life of a post: its views, or another count, by its age."""

from collections.abc import Sequence
from dataclasses import dataclass

from tiktok_api.analytics.charts.drawing import axes
from tiktok_api.analytics.charts.drawing.look import Look
from tiktok_api.analytics.charts.drawing.plot import Plot, Spot, known, legend_of
from tiktok_api.analytics.charts.drawing.sheet import Drawing, Headed, Sheet

_LINE, _USUAL_LINE = "line0", "line3"
_USUAL_DASHES = "6 4"
_HOURS_A_DAY = 24
_EVEN_UNTIL = 72
"""Hours up to which all ages have the same room; in a longer life the first days, when most happens, would be a few pixels."""
_STEPS = (1, 2, 3, 6, 12)
_MOST_TICKS = 8
_AGES = (0, 6, 24, 3 * 24, 7 * 24, 14 * 24, 30 * 24, 60 * 24, 90 * 24, 180 * 24, 365 * 24, 730 * 24)


@dataclass(frozen=True, slots=True)
class Age:
    """What was counted when a post was so old; None where it should have been read and was not."""

    hours: float
    value: float | None
    is_restated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Life(Headed):
    """A post's readings by age, the youngest first. `usual` is the same of the account's other posts, if there is such."""

    ages: Sequence[Age]
    unit: str = "views"
    usual: Sequence[Age] = ()
    usual_name: str = "usual for this account"
    empty: str = "Nothing has been read yet"
    restated: str = "a count was lowered by TikTok"


def draw_life(chart: Life, look: Look) -> Drawing:
    """Returns the chart as SVG."""
    sheet = Sheet(chart, look)
    spots, usual = _spots(chart, chart.ages), _spots(chart, chart.usual)
    values = [spot.value for spot in (*spots, *usual) if spot.value is not None]
    oldest = max((spot.at for spot in (*spots, *usual)), default=0.0) or 1.0
    power = 0.5 if oldest > _EVEN_UNTIL else 1.0
    plot = Plot(sheet, values, (0.0, oldest), unit=chart.unit, is_rate=False, has_zero=True, power=power)
    plot.draw_gaps(spots)
    plot.draw_grid()
    bottom = plot.draw_places(_ticks(oldest)) + 20
    said = "age of the post, its first days drawn wider" if power < 1 else "age of the post"
    sheet.label_below((plot.left + plot.right) / 2, bottom, said)
    plot.draw_line(usual, _USUAL_LINE, dashes=_USUAL_DASHES)
    plot.draw_line(spots, _LINE, has_area=True)
    if any(spot.value is not None for spot in spots):
        plot.draw_marks(spots, _LINE, restated=chart.restated)
    else:
        plot.say_empty(chart.empty)
    entries = legend_of(spots, chart.restated) if values else []
    if usual:
        sign = (
            f'<path d="M-9 0h18" class="stroke-{_USUAL_LINE}" stroke-width="2.5" stroke-dasharray="{_USUAL_DASHES}"/>'
        )
        entries.insert(0, (sign, chart.usual_name))
    return sheet.finish(sheet.rows(entries, bottom + 4), _describe(chart, spots))


def _spots(chart: Life, ages: Sequence[Age]) -> list[Spot]:
    return [
        Spot(age.hours, known(age.value), _say(chart, age.hours, known(age.value)), age.is_restated)
        for age in ages
        if known(age.hours) is not None
    ]


def _ticks(oldest: float) -> list[tuple[float, str]]:
    """Ages that people speak of; those that would touch are left out by the plane."""
    if oldest <= _EVEN_UNTIL:
        step = next(step for step in _STEPS if oldest / step <= _MOST_TICKS)
        return [(float(at), age(at)) for at in range(0, int(oldest) + 1, step)]
    found = [(float(at), age(at)) for at in _AGES if at <= oldest]
    return [*found, (oldest, age(oldest))]


def age(hours: float) -> str:
    """An age in the largest unit that says it: 6 h, 1 day, 2.5 days."""
    if hours < _HOURS_A_DAY:
        return f"{hours:.0f} h" if hours == round(hours) else f"{hours:.1f} h"
    days = hours / _HOURS_A_DAY
    shown = f"{days:,.1f}".removesuffix(".0")
    return f"{shown} day" if shown == "1" else f"{shown} days"


def _say(chart: Life, hours: float, value: float | None) -> str:
    return f"{'unknown' if value is None else axes.number(value)} {chart.unit} after {age(hours)}"


def _describe(chart: Life, spots: Sequence[Spot]) -> str:
    """The chart in words: the last count, that of the first day, gaps and restated values."""
    found = [spot for spot in spots if spot.value is not None]
    if not found:
        return f"{chart.subtitle}. {chart.empty}."
    words = [f"{chart.subtitle}. {found[-1].words}."]
    young = [spot for spot in found if spot.at <= _HOURS_A_DAY]
    words += [f"In the first day: {young[-1].words}."] if young and young[-1] is not found[-1] else []
    gaps = sum(spot.value is None for spot in spots)
    words += [f"{gaps} of {len(spots)} points are unknown."] if gaps else []
    restated = sum(spot.is_restated for spot in found)
    words += [f"{chart.restated.capitalize()}: {restated} of them."] if restated else []
    return " ".join(words)
