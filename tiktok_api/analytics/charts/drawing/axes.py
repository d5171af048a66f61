"""The division of an axis, and the text of its numbers and dates."""

import math
from collections.abc import Sequence
from datetime import date

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UNITS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))
COMPACT_FROM = 10_000
MOST_LABELS = 8
_MOST_DAYS_BY_DAY = 92


def ticks(lowest: float, highest: float, *, most: int = 6, is_whole: bool = True) -> list[float]:
    """Round numbers, 1, 2 or 5 times a power of ten apart, that enclose both ends: the axis runs from first to last."""
    if highest - lowest < 1e-9:  # closer than ticks, which have twelve decimals, can be told apart
        around = max(abs(lowest) * 0.02, 1.0 if is_whole else 0.01)
        lowest, highest = max(0.0, lowest - around) if lowest >= 0 else lowest - around, highest + around
    step = _step((highest - lowest) / (most - 1))
    if is_whole:
        step = max(1.0, step)
    hair = 0.0 if is_whole else 1e-9  # 0.3 / 0.1 is a little less than 3
    first, last = math.floor(lowest / step + hair), math.ceil(highest / step - hair)
    return [round(number * step, 12) for number in range(first, last + 1)]


def _step(least: float) -> float:
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))


def number(value: float) -> str:
    """A count in full: 18,412."""
    return f"{value:,.0f}".replace("-", "\u2212")


def short(value: float) -> str:
    """A count in full below a million, else with three digits: 18,412, 1.20M, 45.1B."""
    size, unit = next(((size, unit) for size, unit in _UNITS[:-1] if abs(value) >= size), (1.0, ""))
    if not unit:
        return number(value) if value == round(value) or abs(value) >= 100 else f"{value:.1f}".replace("-", "\u2212")
    digits = max(0, 2 - math.floor(math.log10(abs(value) / size)))
    return f"{value / size:,.{digits}f}{unit}".replace("-", "\u2212")


def signed(value: float) -> str:
    """A change: +791, −12, ±0."""
    return "±0" if value == 0 else ("+" if value > 0 else "") + number(value)


def percent(value: float) -> str:
    """A rate: 8.42 %."""
    return f"{value * 100:.2f}\u00a0%".replace("-", "\u2212")


def axis_numbers(values: Sequence[float], *, is_rate: bool) -> list[str]:
    """The labels of ticks, all with one unit and the same number of digits, enough to differ."""
    step = values[1] - values[0] if len(values) > 1 else 1.0
    largest = max(abs(value) for value in values)
    if is_rate:
        digits = max(0, -math.floor(math.log10(step * 100) + 1e-9))
        return [f"{value * 100:.{digits}f}\u00a0%".replace("-", "\u2212") for value in values]
    if largest < COMPACT_FROM:
        return [number(value) for value in values]
    size, unit = next((size, unit) for size, unit in _UNITS if largest >= size)
    digits = max(0, -math.floor(math.log10(step / size) + 1e-9))
    return ["0" if value == 0 else f"{value / size:,.{digits}f}{unit}".replace("-", "\u2212") for value in values]


def day(when: date, *, with_year: bool = True) -> str:
    """A date that cannot be misread: 2 Mar 2027."""
    shown = f"{when.day} {MONTHS[when.month - 1]}"
    return f"{shown} {when.year}" if with_year else shown


def month(when: date) -> str:
    """Mar 2027."""
    return f"{MONTHS[when.month - 1]} {when.year}"


def date_labels(dates: Sequence[date], *, most: int = MOST_LABELS) -> list[tuple[int, str]]:
    """The labelled places of a time axis with their labels: at most `most`, evenly apart.

    Long axes are labelled at the first place in each month, short ones by day.
    """
    by_month = (dates[-1] - dates[0]).days > _MOST_DAYS_BY_DAY
    places = list(range(len(dates)))
    if by_month:
        places = [at for at in places if at > 0 and dates[at].month != dates[at - 1].month] or places
    stride = math.ceil(len(places) / min(most, MOST_LABELS))
    return [(at, month(dates[at]) if by_month else day(dates[at], with_year=False)) for at in places[::stride]]
