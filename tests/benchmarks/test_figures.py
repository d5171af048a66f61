"""The figures of benchmarks: every number has a name, stands beside its floor, and is compared with the last run."""

import io
from dataclasses import dataclass

from rich.console import Console

from benchmarks.__main__ import BENCHMARKS
from benchmarks.figures import Figure, figures_of, latencies_ms, load, save, table_of
from tests.architecture.source import ROOT


@dataclass
class Cost:
    act: str
    cpu_ms: float
    floor_cpu_ms: float
    failed: int


@dataclass
class Whole:
    database: str
    costs: tuple[Cost, ...]
    others: dict[str, float]
    unknown: float | None = None


COST = Cost("a list", 3.0, 1.5, 2)


def test_numbers_are_named_by_their_fields_and_the_text_beside_them():
    whole = Whole("sqlite", (COST,), {"totals": 7.5})

    found = list(figures_of([whole], "scale"))

    assert found == [
        Figure("scale, sqlite, costs, a list, cpu ms", 3.0, 1.5),
        Figure("scale, sqlite, costs, a list, failed", 2.0),
        Figure("scale, sqlite, others, totals", 7.5),
    ]


def test_what_was_measured_last_is_kept_for_each_benchmark(tmp_path):
    file = tmp_path / "instance" / "bench.json"
    save([Figure("http, a list", 4.0), Figure("scale, a list", 9.0)], file)

    save([Figure("http, a list", 3.0)], file)

    assert load(file) == {"http, a list": 3.0, "scale, a list": 9.0}
    assert load(tmp_path / "missing.json") == {}


def test_a_table_shows_the_ratios():
    console = Console(width=100, file=io.StringIO())

    console.print(table_of("http", figures_of(COST, "http"), {"http, a list, cpu ms": 6.0}))

    [row] = [line for line in console.file.getvalue().splitlines() if "cpu ms" in line]
    assert [cell.strip() for cell in row.strip("│").split("│")] == ["a list, cpu ms", "3", "1.5", "2", "6", "0.5"]


def test_latencies_are_median_p99_and_worst():
    assert latencies_ms(second for second in range(100, 0, -1)) == (50_500, 100_000, 100_000)
    assert latencies_ms(second for second in range(200, 0, -1)) == (100_500, 199_000, 200_000)
    assert latencies_ms([0.5]) == (500, 500, 500)


def test_every_benchmark_is_run():
    measuring = {file.stem for file in (ROOT / "benchmarks").glob("*.py") if "\ndef measure(" in file.read_text()}

    assert measuring == set(BENCHMARKS)
