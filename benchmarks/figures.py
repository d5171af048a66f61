"""Figures of benchmarks: named numbers out of the dataclasses that they return, kept to be compared with the next run's."""

import json
import statistics
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

FLOOR = "floor_"
"""A field `floor_x` is what the floor needed for the same as `x`."""
KEPT = Path("instance", "bench.json")


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a benchmark, and the floor's if there is one."""

    name: str
    value: float
    floor: float | None = None


def figures_of(result: object, name: str = "") -> Iterator[Figure]:
    """Every number in a dataclass, or in collections of them; text in it names the numbers beside it."""
    if isinstance(result, bool | str) or result is None:
        return
    if isinstance(result, int | float):
        yield Figure(name, float(result))
    elif isinstance(result, Mapping):
        for key, value in result.items():
            yield from figures_of(value, _joined(name, key))
    elif is_dataclass(result):
        values = {field.name: getattr(result, field.name) for field in fields(result)}
        name = _joined(name, *(value for value in values.values() if isinstance(value, str)))
        for key, value in values.items():
            if not key.startswith(FLOOR):
                yield from _beside(values.get(FLOOR + key), figures_of(value, _joined(name, key.replace("_", " "))))
    elif isinstance(result, Iterable):
        for each in result:
            yield from figures_of(each, name)


def _joined(*parts: Any) -> str:
    return ", ".join(str(part) for part in parts if part)


def _beside(floor: float | None, found: Iterator[Figure]) -> Iterator[Figure]:
    for figure in found:
        yield figure if floor is None else Figure(figure.name, figure.value, float(floor))


def load(path: Path = KEPT) -> dict[str, float]:
    """What the last runs measured, by name."""
    try:
        return {str(name): float(value) for name, value in json.loads(path.read_text()).items()}
    except (OSError, ValueError):
        return {}


def save(found: Iterable[Figure], path: Path = KEPT) -> None:
    """Keep figures for the next run; those of benchmarks that were not run stay as they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(load(path) | {figure.name: figure.value for figure in found}, indent=1))


def table_of(title: str, found: Iterable[Figure], last: Mapping[str, float]) -> Table:
    """A row for each figure: beside its floor, and beside what it was the last time."""
    table = Table(title=title)
    table.add_column("")
    for column in ("now", "floor", "× floor", "last time", "× last"):
        table.add_column(column, justify="right")
    for figure in found:
        before = last.get(figure.name)
        table.add_row(
            figure.name.partition(", ")[2] or figure.name,
            shown(figure.value),
            shown(figure.floor),
            shown(_ratio(figure.value, figure.floor)),
            shown(before),
            shown(_ratio(figure.value, before)),
        )
    return table


def latencies_ms(seconds: Iterable[float]) -> tuple[float, float, float]:
    """Median, p99 and worst, in milliseconds."""
    ordered = sorted(1000 * each for each in seconds)
    return statistics.median(ordered), ordered[int(len(ordered) * 0.99)], ordered[-1]


def _ratio(value: float, other: float | None) -> float | None:
    return value / other if other else None


def shown(value: float | None) -> str:
    """Three digits that matter; nothing for None."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
