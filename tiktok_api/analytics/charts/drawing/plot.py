"""The plane of a chart: places from left to right, values from bottom to top, its axes, and lines that break at gaps."""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from tiktok_api.analytics.charts.drawing import axes
from tiktok_api.analytics.charts.drawing.sheet import LABEL, Sheet
from tiktok_api.analytics.charts.drawing.typesetting import fitted, safe, shorten, width_of

BEFORE_LABELS = 10
"""Pixels between the labels of the left axis and the plane."""
_BETWEEN_DOTS = 11


class Spot(NamedTuple):
    """One place on the axis; `value` is None where it is unknown, `words` say it to those who point at it."""

    at: float
    value: float | None
    words: str = ""
    is_restated: bool = False
    is_future: bool = False


def known(value: float | None) -> float | None:
    """The value, or None for what is no number either."""
    return value if value is not None and math.isfinite(value) else None


class Plot:
    """Coordinates of places and values, on a part of the sheet."""

    def __init__(
        self,
        sheet: Sheet,
        values: Sequence[float],
        places: tuple[float, float],
        *,
        unit: str,
        is_rate: bool,
        has_zero: bool,
        right: float | None = None,
        power: float = 1.0,
    ) -> None:
        """`values` are those that are known; `has_zero` keeps 0 in sight; `unit` is written above the left axis.

        `places` are the first and the last. With a `power` below 1, those near the first have more room.
        """
        self._sheet, self._unit = sheet, unit
        shown = [*values, *([0.0] if has_zero or not values else [])]
        self.ticks = axes.ticks(min(shown), max(shown), most=5 if sheet.is_narrow else 6, is_whole=not is_rate)
        self._labels = axes.axis_numbers(self.ticks, is_rate=is_rate)
        self.is_empty = not values
        widest = max(width_of(label, LABEL) for label in self._labels)
        self.left = round(sheet.margin + (0 if self.is_empty else widest + BEFORE_LABELS), 2)
        self.right = sheet.right if right is None else right
        self.top = sheet.top + 28
        self.bottom = self.top + min(max(round(sheet.width * 0.27), 200), 400)
        self._first, self._span, self._power = places[0], places[1] - places[0], power

    def x(self, at: float) -> float:
        """Pixels from the left; a single place stands in the middle."""
        if self._span <= 0:
            return round((self.left + self.right) / 2, 2)
        part = math.pow((at - self._first) / self._span, self._power)
        return round(self.left + part * (self.right - self.left), 2)

    def y(self, value: float) -> float:
        """Pixels from the top."""
        lowest, highest = self.ticks[0], self.ticks[-1]
        return round(self.bottom - (value - lowest) / (highest - lowest) * (self.bottom - self.top), 2)

    @property
    def base(self) -> float:
        """Where areas end: at zero if there is one, else at the bottom."""
        return self.y(0) if self.ticks[0] <= 0 <= self.ticks[-1] else self.bottom

    def draw_grid(self) -> None:
        """Draw the horizontal lines with their numbers, and the unit above them."""
        for value, label in zip(self.ticks, self._labels, strict=True):
            y = self.y(value)
            self._sheet.line(self.left, y, self.right, y, "zero" if value == 0 else "grid")
            if not self.is_empty:
                self._sheet.text(self.left - BEFORE_LABELS, y + 4, label, anchor="end")
        unit = shorten(self._unit, self._sheet.right - self._sheet.margin, LABEL)
        self._sheet.text(self._sheet.margin, self.top - 14, unit)

    def draw_places(self, labels: Sequence[tuple[float, str]]) -> float:
        """Draw the ticks of the lower axis, leaving out labels that would touch. Returns where they end."""
        y, free = self.bottom, -math.inf
        for at, label in labels:
            x, half = self.x(at), width_of(label, LABEL) / 2
            middle = self._sheet.middle_of(x, label)
            if middle - half < free:
                continue
            free = middle + half + 14
            self._sheet.line(x, y, x, y + 5, "zero")
            self._sheet.label_below(x, y + 21, label)
        return y + 21

    @property
    def most_labels(self) -> int:
        """How many dates fit below the plane."""
        return max(2, int((self.right - self.left) // 84))

    def draw_gaps(self, spots: Sequence[Spot]) -> None:
        """Shade what was not read: from the last reading before it to the first after it."""
        for first, last in runs(spots, is_known=False):
            left = self.x(spots[first - 1].at) if first > 0 else self.left
            right = self.x(spots[last + 1].at) if last + 1 < len(spots) else self.right
            self._sheet.add(
                f'<rect x="{left:g}" y="{self.top:g}" width="{max(right - left, 1):.2f}" '
                f'height="{self.bottom - self.top:g}" class="fill-shade"><title>unknown</title></rect>'
            )

    def draw_line(self, spots: Sequence[Spot], colour: str, *, dashes: str = "", has_area: bool = False) -> None:
        """Draw a line for each stretch without a gap, and a dot for what is known alone."""
        for first, last in runs(spots, is_known=True):
            run = [(self.x(spot.at), self.y(spot.value or 0.0)) for spot in spots[first : last + 1]]
            if first == last:
                self._sheet.add(f'<circle cx="{run[0][0]:g}" cy="{run[0][1]:g}" r="3" class="fill-{colour}"/>')
                continue
            points = " ".join(f"{x:g},{y:g}" for x, y in run)
            if has_area:
                area = f"{points} {run[-1][0]:g},{self.base:g} {run[0][0]:g},{self.base:g}"
                self._sheet.add(f'<polygon points="{area}" class="fill-{colour}" fill-opacity="0.09"/>')
            more = f' stroke-dasharray="{dashes}"' if dashes else ""
            self._sheet.add(
                f'<polyline points="{points}" fill="none" class="stroke-{colour}" stroke-width="2.5" '
                f'stroke-linejoin="round" stroke-linecap="{"butt" if dashes else "round"}"{more}/>'
            )

    def draw_marks(self, spots: Sequence[Spot], colour: str, *, restated: str) -> None:
        """Draw dots that show their number when pointed at, if there is room, and rings around what went down."""
        last = max(place for place, spot in enumerate(spots) if spot.value is not None)
        places = [self.x(spot.at) for spot in spots]
        has_room = all(right - left >= _BETWEEN_DOTS for left, right in pairwise(places))
        for place, spot in enumerate(spots):
            if spot.value is None:
                continue
            at = f'cx="{self.x(spot.at):g}" cy="{self.y(spot.value):g}"'
            if spot.is_restated:
                words = f"<title>{safe(f'{spot.words}, {restated}')}</title>"
                self._sheet.add(f'<circle {at} r="4.5" class="fill-page stroke-ring" stroke-width="2">{words}</circle>')
            elif has_room or place == last:
                radius = 4.5 if place == last else 2.75
                self._sheet.add(
                    f'<circle {at} r="{radius}" class="fill-{colour}"><title>{safe(spot.words)}</title></circle>'
                )

    def say_empty(self, words: str) -> None:
        """Write in the middle why there is nothing."""
        room = self.right - self.left
        size = fitted(words, room, 16)
        x, y = (self.left + self.right) / 2, (self.top + self.bottom) / 2
        self._sheet.text(x, y, shorten(words, room, size), size=size, anchor="middle")


def runs(spots: Sequence[Spot], *, is_known: bool) -> Iterator[tuple[int, int]]:
    """First and last place of each unbroken run of known (or of unread, not future) values."""
    start: int | None = None
    for place, spot in enumerate(spots):
        belongs = spot.value is not None if is_known else spot.value is None and not spot.is_future
        if belongs and start is None:
            start = place
        elif not belongs and start is not None:
            yield start, place - 1
            start = None
    if start is not None:
        yield start, len(spots) - 1


def legend_of(spots: Sequence[Spot], restated: str) -> list[tuple[str, str]]:
    """The entries that explain rings and shades, if there are any."""
    found = []
    if any(spot.is_restated and spot.value is not None for spot in spots):
        found.append(('<circle r="4.5" class="fill-page stroke-ring" stroke-width="2"/>', restated))
    if any(spot.value is None and not spot.is_future for spot in spots):
        found.append(('<rect x="-7" y="-7" width="14" height="14" class="fill-shade stroke-zero"/>', "unknown"))
    return found
