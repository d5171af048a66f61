"""A line chart as SVG, drawn by hand: no script, no style sheet, nothing fetched from anywhere.

What was not read is a gap in the line over a shaded band, never a line drawn across; what went down is ringed. Screen
readers read the title and a description with the important numbers.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from xml.sax.saxutils import escape, quoteattr

from tiktok_api.analytics.charts import axes

WIDTH, HEIGHT = 960, 420
LEFT, RIGHT, TOP, BOTTOM = 80, 36, 104, 60
INK, MUTED, GRID, ZERO, SHADE = "#18181b", "#5f5f6b", "#e6e6ea", "#a1a1aa", "#f4f4f6"
LINE, RING = "#5b3df5", "#b45309"
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
MOST_DOTS = 62
WIDEST_LABEL = 60
_NOT_XML = "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"  # compiled when a chart is drawn, for it takes 5 ms


@dataclass(frozen=True, slots=True)
class Dot:
    """One place on the time axis; `value` is None where it is unknown."""

    date: date
    value: float | None
    is_restated: bool = False
    is_future: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """The contents of a chart. `headline` is the number in the corner, `note` the line below it; `key` makes its ids unique.

    `empty` is shown if every value is unknown, `restated` explains a ring.
    """

    key: str
    title: str
    subtitle: str
    headline: str
    note: str
    dots: Sequence[Dot]
    is_rate: bool
    is_change: bool
    empty: str
    restated: str


def draw(chart: Chart) -> str:
    """The chart as an SVG document."""
    return "".join(_parts(chart))


def text(value: str) -> str:
    """A text, safe between tags: escaped, without characters that XML forbids."""
    return escape(re.sub(_NOT_XML, "\ufffd", value))


def describe(chart: Chart) -> str:
    """The chart in words: first, last, lowest and highest value, gaps and restated values."""
    known = [dot for dot in chart.dots if dot.value is not None]
    if not known:
        return f"{chart.subtitle}. {chart.empty}."
    lowest, highest = min(known, key=_value), max(known, key=_value)
    gaps = sum(dot.value is None and not dot.is_future for dot in chart.dots)
    restated = sum(dot.is_restated for dot in known)
    words = [
        f"{chart.subtitle}. From {_say(chart, known[0])} to {_say(chart, known[-1])}.",
        f"Lowest {_say(chart, lowest)}, highest {_say(chart, highest)}.",
    ]
    words += [f"{gaps} of {len(chart.dots)} points are unknown."] if gaps else []
    words += [f"{chart.restated.capitalize()}: {restated} of them."] if restated else []
    return " ".join(words)


def _value(dot: Dot) -> float:
    return dot.value or 0.0


def _say(chart: Chart, dot: Dot) -> str:
    shown = axes.percent(_value(dot)) if chart.is_rate else axes.number(_value(dot))
    return f"{shown} on {axes.day(dot.date)}"


class _Plot:
    """Coordinates of places and values in the drawing."""

    def __init__(self, chart: Chart) -> None:
        values = [dot.value for dot in chart.dots if dot.value is not None] or [0.0]
        values += [0.0] if chart.is_change else []
        self.ticks = axes.ticks(min(values), max(values), is_whole=not chart.is_rate)
        self.count = len(chart.dots)
        self.has_zero = self.ticks[0] <= 0 <= self.ticks[-1]
        self.right, self.bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
        self.step = (self.right - LEFT) / max(1, self.count - 1)

    @property
    def base(self) -> float:
        """Where areas end: at zero if there is one, else at the bottom."""
        return self.y(0) if self.has_zero else self.bottom

    def x(self, place: float) -> float:
        if self.count == 1:
            return (LEFT + self.right) / 2
        return round(LEFT + place * self.step, 2)

    def y(self, value: float) -> float:
        lowest, highest = self.ticks[0], self.ticks[-1]
        return round(self.bottom - (value - lowest) / (highest - lowest) * (self.bottom - TOP), 2)


def _parts(chart: Chart) -> Iterator[str]:
    plot = _Plot(chart)
    title_id, desc_id = f"{chart.key}-title", f"{chart.key}-desc"
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img" aria-labelledby={quoteattr(f"{title_id} {desc_id}")} font-family={quoteattr(FONT)} fill="{INK}">'
        f"<title id={quoteattr(title_id)}>{text(chart.title)}</title>"
        f"<desc id={quoteattr(desc_id)}>{text(describe(chart))}</desc>"
        f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{HEIGHT - 1}" rx="12" fill="#ffffff" stroke="{GRID}"/>'
    )
    yield from _heading(chart)
    yield from _bands(chart, plot)
    yield from _axes(chart, plot)
    if any(dot.value is not None for dot in chart.dots):
        yield from _lines(chart, plot)
        yield from _marks(chart, plot)
    else:
        middle = f'x="{WIDTH / 2:g}" y="{(TOP + plot.bottom) / 2:g}"'
        yield f'<text {middle} font-size="16" text-anchor="middle" fill="{MUTED}">{text(chart.empty)}</text>'
    yield "</svg>"


def _heading(chart: Chart) -> Iterator[str]:
    yield f'<text x="32" y="44" font-size="20" font-weight="650">{text(_shorten(chart.title))}</text>'
    yield f'<text x="32" y="68" font-size="14" fill="{MUTED}">{text(chart.subtitle)}</text>'
    side = f'x="{WIDTH - 32}" text-anchor="end"'
    yield f'<text {side} y="46" font-size="24" font-weight="650">{text(chart.headline)}</text>'
    yield f'<text {side} y="68" font-size="14" fill="{MUTED}">{text(chart.note)}</text>'


def _shorten(words: str) -> str:
    return words if len(words) <= WIDEST_LABEL else words[: WIDEST_LABEL - 1] + "…"


def _runs(dots: Sequence[Dot], *, is_known: bool) -> Iterator[tuple[int, int]]:
    """First and last place of each unbroken run of known (or of unread, not future) values."""
    start: int | None = None
    for place, dot in enumerate(dots):
        belongs = dot.value is not None if is_known else dot.value is None and not dot.is_future
        if belongs and start is None:
            start = place
        elif not belongs and start is not None:
            yield start, place - 1
            start = None
    if start is not None:
        yield start, len(dots) - 1


def _bands(chart: Chart, plot: _Plot) -> Iterator[str]:
    """Shade what was not read: from the last reading before it to the first after it."""
    for first, last in _runs(chart.dots, is_known=False):
        left = plot.x(first - 1) if first > 0 else LEFT
        right = plot.x(last + 1) if last + 1 < plot.count else plot.right
        size = f'width="{right - left:.2f}" height="{plot.bottom - TOP}"'
        yield f'<rect x="{left}" y="{TOP}" {size} fill="{SHADE}"><title>unknown</title></rect>'


def _axes(chart: Chart, plot: _Plot) -> Iterator[str]:
    has_values = any(dot.value is not None for dot in chart.dots)
    labels = axes.axis_numbers(plot.ticks, is_rate=chart.is_rate)
    for value, label in zip(plot.ticks, labels, strict=True):
        y = plot.y(value)
        stroke = ZERO if plot.has_zero and value == 0 else GRID
        yield f'<line x1="{LEFT}" x2="{plot.right}" y1="{y}" y2="{y}" stroke="{stroke}"/>'
        if has_values:
            yield f'<text x="{LEFT - 12}" y="{y + 4}" font-size="12.5" text-anchor="end" fill="{MUTED}">{label}</text>'
    y = plot.bottom
    for place, label in axes.date_labels([dot.date for dot in chart.dots]):
        x = plot.x(place)
        yield f'<line x1="{x}" x2="{x}" y1="{y}" y2="{y + 5}" stroke="{MUTED}"/>'
        yield f'<text x="{x}" y="{y + 22}" font-size="12.5" text-anchor="middle" fill="{MUTED}">{label}</text>'


def _lines(chart: Chart, plot: _Plot) -> Iterator[str]:
    """A line, over a faint area, for each stretch without a gap."""
    for first, last in _runs(chart.dots, is_known=True):
        if first == last:
            continue
        path = " ".join(f"{plot.x(place)},{plot.y(_value(chart.dots[place]))}" for place in range(first, last + 1))
        area = f"{path} {plot.x(last)},{plot.base} {plot.x(first)},{plot.base}"
        yield f'<polygon points="{area}" fill="{LINE}" fill-opacity="0.08"/>'
        yield (
            f'<polyline points="{path}" fill="none" stroke="{LINE}" stroke-width="2.5" stroke-linejoin="round" '
            f'stroke-linecap="round"/>'
        )


def _marks(chart: Chart, plot: _Plot) -> Iterator[str]:
    """Dots that show their number when pointed at, rings around what TikTok lowered, and their legend."""
    alone = {first for first, last in _runs(chart.dots, is_known=True) if first == last}
    last_known = max(place for place, dot in enumerate(chart.dots) if dot.value is not None)
    for place, dot in enumerate(chart.dots):
        if dot.value is None:
            continue
        at = f'cx="{plot.x(place)}" cy="{plot.y(dot.value)}"'
        if dot.is_restated:
            ring = f'fill="#ffffff" stroke="{RING}" stroke-width="2"'
            yield f'<circle {at} r="4.5" {ring}><title>{text(f"{_say(chart, dot)}, {chart.restated}")}</title></circle>'
        elif len(chart.dots) <= MOST_DOTS or place in alone or place == last_known:
            radius = 4.5 if place == last_known else 2.75
            yield f'<circle {at} r="{radius}" fill="{LINE}"><title>{text(_say(chart, dot))}</title></circle>'
    yield from _legend(chart)


def _legend(chart: Chart) -> Iterator[str]:
    y, x = HEIGHT - 16, LEFT
    if any(dot.is_restated for dot in chart.dots):
        yield f'<circle cx="{x + 6}" cy="{y - 4}" r="4.5" fill="#ffffff" stroke="{RING}" stroke-width="2"/>'
        yield f'<text x="{x + 18}" y="{y}" font-size="12.5" fill="{MUTED}">{text(chart.restated)}</text>'
        x += 48 + 7 * len(chart.restated)
    if any(dot.value is None and not dot.is_future for dot in chart.dots):
        yield f'<rect x="{x}" y="{y - 11}" width="14" height="14" fill="{SHADE}" stroke="{GRID}"/>'
        yield f'<text x="{x + 22}" y="{y}" font-size="12.5" fill="{MUTED}">unknown</text>'
