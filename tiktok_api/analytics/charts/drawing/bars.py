"""A leaderboard: a bar for each place, the longest first, with its name and its number."""

from collections.abc import Sequence
from dataclasses import dataclass

from tiktok_api.analytics.charts.drawing import axes
from tiktok_api.analytics.charts.drawing.look import Look
from tiktok_api.analytics.charts.drawing.plot import known
from tiktok_api.analytics.charts.drawing.sheet import LABEL, Drawing, Headed, Sheet
from tiktok_api.analytics.charts.drawing.typesetting import one_line, shorten, width_of

MOST_BARS = 25
_THICK = 18
_SAID = 5


@dataclass(frozen=True, slots=True)
class Bar:
    """One place; `value` is None if it is unknown. `note` stands below the name: an account, a date."""

    name: str
    value: float | None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars(Headed):
    """A leaderboard in its order; bars after the twenty-fifth are not drawn."""

    bars: Sequence[Bar]
    unit: str
    is_rate: bool = False
    empty: str = "There is nothing to rank in this window"


class _Scale:
    """Pixels of values between two edges, with room at both ends for the numbers."""

    def __init__(self, left: float, right: float, values: Sequence[float], widest: float) -> None:
        lowest, highest = min([0.0, *values]), max([0.0, *values])
        self.start = left
        self._left = left + (widest + 8 if lowest < 0 else 0)
        self._room = max(10.0, right - self._left - (widest + 8 if any(value >= 0 for value in values) else 0))
        self._lowest, self._span = lowest, (highest - lowest) or 1.0

    def x(self, value: float) -> float:
        return round(self._left + (value - self._lowest) / self._span * self._room, 2)


def draw_bars(chart: Bars, look: Look) -> Drawing:
    """Returns the chart as SVG. With room, names stand beside their bars; on a phone, above them."""
    sheet = Sheet(chart, look)
    bars = chart.bars[:MOST_BARS]
    y = sheet.top + 14
    sheet.text(sheet.margin, y, shorten(chart.unit, sheet.right - sheet.margin, LABEL))
    if not bars:
        sheet.text(
            sheet.width / 2, y + 60, shorten(chart.empty, sheet.right - sheet.margin, 16), size=16, anchor="middle"
        )
        return sheet.finish(y + 100, _describe(chart, bars))
    values = [value for bar in bars if (value := known(bar.value)) is not None]
    widest = max(width_of(_shown(chart, bar.value), LABEL, is_bold=True) for bar in bars)
    column = 0.0 if sheet.is_narrow else round((sheet.right - sheet.margin) * 0.38)
    scale = _Scale(sheet.margin + column, sheet.right, values, widest)
    top = y + 8
    has_notes = any(bar.note for bar in bars)
    above = 20 + (15 if has_notes else 0)
    pitch = _THICK + above + 14 if sheet.is_narrow else _THICK + (22 if has_notes else 12)
    for number, bar in enumerate(bars):
        row = y + 12 + number * pitch
        if sheet.is_narrow:
            _name_above(sheet, number, bar, row)
            _draw_bar(sheet, chart, bar, scale, row + above)
        else:
            _name_beside(sheet, number, bar, row, pitch, column)
            _draw_bar(sheet, chart, bar, scale, row + (pitch - _THICK) / 2)
    bottom = y + 12 + len(bars) * pitch
    if min(values, default=0.0) < 0:
        sheet.line(scale.x(0), top, scale.x(0), bottom, "zero")
    return sheet.finish(bottom - (0 if sheet.is_narrow else 4), _describe(chart, bars))


def _name_above(sheet: Sheet, number: int, bar: Bar, row: float) -> None:
    room = sheet.right - sheet.margin
    sheet.text(sheet.margin, row + 13, shorten(f"{number + 1}. {bar.name}", room, 13.5), size=13.5, colour="ink")
    if bar.note:
        sheet.text(sheet.margin, row + 28, shorten(bar.note, room, 11.5), size=11.5)


def _name_beside(sheet: Sheet, number: int, bar: Bar, row: float, pitch: float, column: float) -> None:
    middle = row + pitch / 2
    y = middle - 2 if bar.note else middle + 4.5
    sheet.text(sheet.margin + 18, y, f"{number + 1}", anchor="end")
    room = column - 28 - 16
    sheet.text(sheet.margin + 28, y, shorten(bar.name, room, 13.5), size=13.5, colour="ink")
    if bar.note:
        sheet.text(sheet.margin + 28, middle + 13, shorten(bar.note, room, 11.5), size=11.5)


def _draw_bar(sheet: Sheet, chart: Bars, bar: Bar, scale: _Scale, y: float) -> None:
    value, zero, words = known(bar.value), scale.x(0), _shown(chart, bar.value)
    if value is None:
        sheet.text(scale.start, y + 13.5, words)
        return
    end = scale.x(value)
    left, wide = min(zero, end), max(abs(end - zero), 1.5)
    sheet.add(
        f'<rect x="{left:g}" y="{y:g}" width="{wide:.2f}" height="{_THICK}" rx="{min(4.0, wide / 2):g}" '
        'class="fill-line0"/>'
    )
    if value < 0:
        sheet.text(round(end - 6, 2), y + 13.5, words, colour="ink", anchor="end", is_bold=True)
    else:
        sheet.text(round(left + wide + 6, 2), y + 13.5, words, colour="ink", is_bold=True)


def _shown(chart: Bars, value: float | None) -> str:
    if (number := known(value)) is None:
        return "unknown"
    return axes.percent(number) if chart.is_rate else axes.short(number)


def _describe(chart: Bars, bars: Sequence[Bar]) -> str:
    """The chart in words: its first places."""
    if not bars:
        return f"{chart.subtitle}. {chart.empty}."
    words = [
        f"{number + 1}. {one_line(bar.name)[:80]}: {_shown(chart, bar.value)}."
        for number, bar in enumerate(bars[:_SAID])
    ]
    more = f" And {len(bars) - _SAID} more." if len(bars) > _SAID else ""
    return f"{chart.subtitle}. By {chart.unit}: {' '.join(words)}{more}"
