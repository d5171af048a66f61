"""Best times: weekday by hour, the colour for the value of a cell, the number in it for the posts behind it."""

from collections.abc import Sequence
from dataclasses import dataclass

from tiktok_api.analytics.charts.drawing import axes
from tiktok_api.analytics.charts.drawing.look import HEATS, Look
from tiktok_api.analytics.charts.drawing.plot import known
from tiktok_api.analytics.charts.drawing.sheet import LABEL, Drawing, Headed, Sheet
from tiktok_api.analytics.charts.drawing.typesetting import SMALLEST, safe, shorten, width_of, wrap

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_HOURS = 24
_BEST = 3
_GAP = 2


@dataclass(frozen=True, slots=True)
class HeatCell:
    """Posts of one hour of one weekday: 0 is Monday. Without posts, or without readings of them, the value is None."""

    weekday: int
    hour: int
    value: float | None
    posts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatMap(Headed):
    """Best times. Cells that are missing have no posts; those with fewer than `least_posts` never count as best.

    `warning` says plainly that there are too few posts, if so.
    """

    cells: Sequence[HeatCell]
    unit: str = "views per hour"
    least_posts: int = 3
    warning: str = ""


class _Grid:
    """Where cells stand: days below each other, or on a phone beside each other."""

    def __init__(self, sheet: Sheet, top: float) -> None:
        self.is_upright = sheet.width < 720
        self.top = top
        self.left = sheet.margin + (44 if self.is_upright else 46)
        columns = len(DAYS) if self.is_upright else _HOURS
        self.wide = (sheet.right - self.left) / columns
        self.high = 24.0 if self.is_upright else min(38.0, max(26.0, self.wide))
        self.bottom = top + self.high * (_HOURS if self.is_upright else len(DAYS))

    def corner(self, weekday: int, hour: int) -> tuple[float, float]:
        column, row = (weekday, hour) if self.is_upright else (hour, weekday)
        return round(self.left + column * self.wide, 2), round(self.top + row * self.high, 2)


def draw_heat_map(chart: HeatMap, look: Look) -> Drawing:
    """Returns the chart as SVG; on a phone the hours run downwards."""
    sheet = Sheet(chart, look)
    y = sheet.top + 6
    for line in wrap(chart.warning, sheet.right - sheet.margin, 13, most=3, is_bold=True) if chart.warning else []:
        y += 18
        sheet.text(sheet.margin, y, line, size=13, colour="ring", is_bold=True)
    grid = _Grid(sheet, y + 30)
    cells = {(cell.weekday, cell.hour): cell for cell in chart.cells}
    best = {(cell.weekday, cell.hour) for cell in best_cells(chart)}
    highest = max((value for cell in chart.cells if (value := known(cell.value)) is not None), default=0.0)
    _draw_axes(sheet, grid)
    for weekday in range(len(DAYS)):
        for hour in range(_HOURS):
            cell = cells.get((weekday, hour)) or HeatCell(weekday, hour, None, 0)
            _draw_cell(sheet, grid, chart, cell, highest)
    for weekday, hour in sorted(best):  # after all cells, so that no neighbour covers a frame
        x, y = grid.corner(weekday, hour)
        sheet.add(
            f'<rect x="{x + 1:g}" y="{y + 1:g}" width="{grid.wide - 2:.2f}" height="{grid.high - 2:.2f}" rx="4" '
            'fill="none" class="stroke-ring" stroke-width="2.5"/>'
        )
    return sheet.finish(_draw_legend(sheet, grid, chart, highest, bool(best)), describe(chart))


def best_cells(chart: HeatMap) -> list[HeatCell]:
    """The cells with the highest values, among those with enough posts."""
    enough = [cell for cell in chart.cells if known(cell.value) is not None and cell.posts >= max(1, chart.least_posts)]
    return sorted(enough, key=lambda cell: (-(cell.value or 0.0), cell.weekday, cell.hour))[:_BEST]


def _draw_axes(sheet: Sheet, grid: _Grid) -> None:
    for weekday, name in enumerate(DAYS):
        x, y = grid.corner(weekday, 0)
        if grid.is_upright:
            sheet.text(round(x + grid.wide / 2, 2), grid.top - 8, name[:3], anchor="middle", colour="ink")
        else:
            sheet.text(grid.left - 10, y + grid.high / 2 + 4.5, name[:3], anchor="end", colour="ink")
    stride = 1 if grid.is_upright or grid.wide >= 44 else 3
    for hour in range(0, _HOURS, stride):
        x, y = grid.corner(0, hour)
        if grid.is_upright:
            sheet.text(grid.left - 8, y + grid.high / 2 + 4.5, f"{hour:02}:00", anchor="end")
        else:
            sheet.text(round(x, 2), grid.top - 8, f"{hour:02}:00")


def level(value: float, highest: float) -> int:
    """Which of the colours a value has, in equal steps from 0 to the highest."""
    return min(HEATS - 1, max(0, int(value / highest * HEATS))) if highest > 0 else 0


def _draw_cell(sheet: Sheet, grid: _Grid, chart: HeatMap, cell: HeatCell, highest: float) -> None:
    x, y = grid.corner(cell.weekday, cell.hour)
    value = known(cell.value)
    place = f'x="{x + _GAP / 2:g}" y="{y + _GAP / 2:g}" width="{grid.wide - _GAP:.2f}" height="{grid.high - _GAP:.2f}"'
    step = 0 if value is None else level(value, highest)
    colour = "fill-page stroke-frame" if value is None else f"fill-heat{step}"
    sheet.add(f'<rect {place} rx="4" class="{colour}"><title>{safe(_say(chart, cell))}</title></rect>')
    if cell.posts > 0:
        words = str(cell.posts) if cell.posts < 1000 else "999+"
        room = grid.wide - _GAP
        size = 12.0 if width_of(words, 12) <= room else SMALLEST
        words = words if width_of(words, size) <= room else "99+"
        ink = "muted" if value is None else f"on{step}"
        at = (round(x + grid.wide / 2, 2), round(y + grid.high / 2 + size * 0.36, 2))
        sheet.text(*at, words, size=size, colour=ink, anchor="middle")


def _draw_legend(sheet: Sheet, grid: _Grid, chart: HeatMap, highest: float, has_best: bool) -> float:
    """The colours with their ends, and the signs. Returns where it ends."""
    x, y = float(sheet.margin), grid.bottom + 24
    sheet.text(x, y, shorten(chart.unit, sheet.right - x, LABEL))
    y += 8
    wide = min(26.0, (sheet.right - sheet.margin) / 12)
    for step in range(HEATS):
        sheet.add(f'<rect x="{x + step * wide:g}" y="{y:g}" width="{wide:g}" height="12" class="fill-heat{step}"/>')
    sheet.text(x, y + 29, "0")
    sheet.text(x + HEATS * wide, y + 29, axes.short(highest), anchor="end")
    signs = [
        ('<text x="0" y="4.5" font-size="12" text-anchor="middle" class="fill-ink">5</text>', "posts behind a cell")
    ]
    if has_best:
        ring = '<rect x="-8" y="-7" width="16" height="14" rx="3" fill="none" class="stroke-ring" stroke-width="2.5"/>'
        signs.append((ring, f"best, of those with {chart.least_posts} posts or more"))
    signs.append(('<rect x="-8" y="-7" width="16" height="14" rx="3" class="fill-page stroke-frame"/>', "unknown"))
    return sheet.rows(signs, y + 36)


def _say(chart: HeatMap, cell: HeatCell) -> str:
    value = known(cell.value)
    shown = "unknown" if value is None else f"{axes.short(value)} {chart.unit}"
    posts = "1 post" if cell.posts == 1 else f"{cell.posts:,} posts"
    return f"{DAYS[cell.weekday % 7]} {cell.hour:02}:00: {shown}, {posts}"


def describe(chart: HeatMap) -> str:
    """The chart in words: the best times and how many posts are behind them."""
    words = [f"{chart.subtitle}. {sum(cell.posts for cell in chart.cells):,} posts in all."]
    best = best_cells(chart)
    words += [chart.warning] if chart.warning else []
    words += ["Best: " + "; ".join(_say(chart, cell) for cell in best) + "."] if best else []
    if not best:
        words.append(f"No hour has {chart.least_posts} posts or more, so that none is called best.")
    return " ".join(words)
