"""Up to ten lines over the same days, told apart by colour, by dashes and by labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tiktok_api.analytics.charts.drawing import axes
from tiktok_api.analytics.charts.drawing.look import LINES, Look
from tiktok_api.analytics.charts.drawing.plot import Plot, Spot, known, runs
from tiktok_api.analytics.charts.drawing.sheet import LABEL, Drawing, Headed, Sheet
from tiktok_api.analytics.charts.drawing.typesetting import one_line, shorten, width_of

MOST_LINES = LINES
DASHES = ("", "9 4", "2.5 3.5", "14 4", "9 3 2 3", "5 3", "16 3 3 3", "9 3 2 3 2 3", "1.5 5", "20 6")
_DIRECT_FROM = 760
_LABEL_HEIGHT = 17


@dataclass(frozen=True, slots=True)
class ComparedLine:
    """One of the compared: a value for each date, None where it is unknown. `note` is its number in words: `+12.4 %`."""

    name: str
    values: Sequence[float | None]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonChart(Headed):
    """Lines over the same dates, of which there is one at least; lines after the tenth are not drawn."""

    dates: Sequence[date]
    lines: Sequence[ComparedLine]
    unit: str
    is_rate: bool = False
    is_change: bool = False
    empty: str = "Nothing has been read yet"


def draw_comparison(chart: ComparisonChart, look: Look) -> Drawing:
    """Returns the chart as SVG. With room, names stand at the ends of their lines; on a phone, below."""
    sheet = Sheet(chart, look)
    lines = chart.lines[:MOST_LINES]
    drawn = [[Spot(at, known(value)) for at, value in enumerate(line.values)] for line in lines]
    values = [spot.value for spots in drawn for spot in spots if spot.value is not None]
    is_direct = sheet.width >= _DIRECT_FROM and bool(values)
    column = min(280.0, sheet.width * 0.29) if is_direct else 0.0
    plot = Plot(
        sheet,
        values,
        (0.0, float(len(chart.dates) - 1)),
        unit=chart.unit,
        is_rate=chart.is_rate,
        has_zero=chart.is_change,
        right=sheet.right - column,
    )
    plot.draw_gaps([_together(at, drawn) for at in range(len(chart.dates))])
    plot.draw_grid()
    bottom = plot.draw_places(axes.date_labels(chart.dates, most=plot.most_labels))
    for number, spots in enumerate(drawn):
        plot.draw_line(spots, f"line{number}", dashes=DASHES[number])
    if not values:
        plot.say_empty(chart.empty)
    elif is_direct:
        _label_ends(sheet, plot, lines, drawn, column)
    else:
        bottom = _label_below(sheet, lines, bottom + 6)
    has_gaps = bool(values) and any(any(runs(spots, is_known=False)) for spots in drawn)
    entries = [(_GAP_SIGN, "a break in a line: unknown")] if has_gaps else []
    return sheet.finish(sheet.rows(entries, bottom + 4), _describe(chart, lines))


_GAP_SIGN = (
    '<rect x="-3" y="-7" width="6" height="14" class="fill-shade"/>'
    '<path d="M-9 2h6M3 -2h6" class="stroke-muted" stroke-width="2" stroke-linecap="round"/>'
)


def _together(at: int, drawn: Sequence[Sequence[Spot]]) -> Spot:
    """Unknown where no line is known."""
    return Spot(at, 0.0 if any(spots[at].value is not None for spots in drawn if at < len(spots)) else None)


def _sample(number: int) -> str:
    dashes = f' stroke-dasharray="{DASHES[number]}"' if DASHES[number] else ""
    return f'class="stroke-line{number}" stroke-width="3"{dashes}'


def _label_ends(
    sheet: Sheet, plot: Plot, lines: Sequence[ComparedLine], drawn: Sequence[Sequence[Spot]], column: float
) -> None:
    """Write each name at the height of its line's end, moved apart where they would touch."""
    ends: list[float] = []
    for spots in drawn:
        last = next((spot for spot in reversed(spots) if spot.value is not None), None)
        ends.append(plot.bottom if last is None or last.value is None else plot.y(last.value))
    heights = apart(ends, _LABEL_HEIGHT, plot.top, plot.bottom)
    x = plot.right
    for number, (line, spots, end, y) in enumerate(zip(lines, drawn, ends, heights, strict=True)):
        if any(spot.value is not None for spot in spots):
            sheet.add(f'<path d="M{x + 3:g} {end:g}L{x + 14:g} {y:g}" fill="none" class="stroke-line{number}"/>')
        sheet.add(f'<line x1="{x + 14:g}" y1="{y:g}" x2="{x + 40:g}" y2="{y:g}" {_sample(number)}/>')
        _name_and_note(sheet, line, x + 47, y + 4.5, column - 47)


def _label_below(sheet: Sheet, lines: Sequence[ComparedLine], y: float) -> float:
    """Write the names below each other. Returns where the last one stands."""
    for number, line in enumerate(lines):
        y += 22
        sheet.add(
            f'<line x1="{sheet.margin}" y1="{y - 4:g}" x2="{sheet.margin + 34}" y2="{y - 4:g}" {_sample(number)}/>'
        )
        _name_and_note(sheet, line, sheet.margin + 44, y, sheet.right - sheet.margin - 44)
    return y


def _name_and_note(sheet: Sheet, line: ComparedLine, x: float, y: float, room: float) -> None:
    """The note is at the right end, and the name has the room that it leaves."""
    note = shorten(line.note, room * 0.55, LABEL)
    name = shorten(line.name, room - (width_of(note, LABEL) + 10 if note else 0), LABEL)
    sheet.text(x, y, name, colour="ink")
    if note:
        sheet.text(round(x + room, 2), y, note, anchor="end")


def apart(places: Sequence[float], least: float, top: float, bottom: float) -> list[float]:
    """The places, moved so that neighbours are `least` apart within top and bottom (or nearer, if there is no room)."""
    if len(places) > 1:
        least = min(least, (bottom - top) / (len(places) - 1))
    order = sorted(range(len(places)), key=lambda number: places[number])
    found = [0.0] * len(places)
    free = top
    for number in order:
        found[number] = max(places[number], free)
        free = found[number] + least
    free = bottom
    for number in reversed(order):
        found[number] = round(min(found[number], free), 2)
        free = found[number] - least
    return found


def _describe(chart: ComparisonChart, lines: Sequence[ComparedLine]) -> str:
    """The chart in words: the last value of each."""
    said = [f"{chart.subtitle}. {len(lines)} compared."]
    for line in lines:
        known_values = [value for value in line.values if known(value) is not None]
        last = "unknown" if not known_values else _shown(chart, known_values[-1] or 0.0)
        said.append(f"{one_line(line.name)[:80]}: {last}{f', {one_line(line.note)}' if line.note else ''}.")
    return " ".join(said)


def _shown(chart: ComparisonChart, value: float) -> str:
    return axes.percent(value) if chart.is_rate else axes.number(value)
