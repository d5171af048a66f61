"""`make bench`: run every benchmark once and print the figures with the machine they are from, beside a floor and the last run.

What counts are ratios within one run; the machine may be busy, so its load is printed as well.
"""

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from rich.console import Console

from benchmarks import analytics, http, publishing, scale, sign_in, sqlite_writers, start_up, survival, uploads
from benchmarks.figures import figures_of, load, save, table_of
from tests.servers import postgresql


def _measure_scale(is_short: bool) -> object:
    """On both databases."""
    posts = 20_000 if is_short else 1_000_000
    with postgresql() as postgresql_url, tempfile.TemporaryDirectory() as scratch:
        urls = (postgresql_url, f"sqlite:///{Path(scratch) / 'scale.sqlite3'}")
        return [scale.measure(url, posts) for url in urls]


def _measure_analytics(is_short: bool) -> object:
    """On PostgreSQL, of which the target speaks."""
    with postgresql() as url:
        if is_short:
            return analytics.measure(url, analytics.SHORT, rounds=analytics.LEAST_ROUNDS)
        return analytics.measure(url)


BENCHMARKS: dict[str, Callable[[bool], object]] = {
    "http": lambda is_short: http.measure(seconds=1.0, rounds=1) if is_short else http.measure(),
    "publishing": lambda is_short: publishing.measure(posts=60 if is_short else 240),
    "uploads": lambda is_short: uploads.measure(megabytes=100, rounds=1) if is_short else uploads.measure(),
    "sqlite_writers": lambda is_short: sqlite_writers.measure(seconds=3.0 if is_short else 10.0),
    "scale": _measure_scale,
    "analytics": _measure_analytics,
    "start_up": lambda is_short: start_up.measure(tries=2 if is_short else 5),
    "sign_in": lambda is_short: sign_in.measure(rounds=10 if is_short else 40),
    "survival": lambda is_short: survival.measure_own(seconds=15.0 if is_short else 90.0),
}
"""What each returns is dataclasses of numbers (`figures`); it is told whether it is to be short."""
_PACKAGES = ("flask", "sqlalchemy", "psycopg", "gunicorn", "orjson", "argon2-cffi")


def main() -> None:
    """Print one table for each benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure: ratios within one run.")
    parser.add_argument("names", nargs="*", help=f"some of {', '.join(BENCHMARKS)}; all of them by default")
    parser.add_argument("--short", action="store_true", help="a few minutes instead of half an hour, with more noise")
    wanted = parser.parse_args()
    if unknown := set(wanted.names) - set(BENCHMARKS):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    console, last = Console(highlight=False), load()
    console.print(_machine())
    for name in wanted.names or BENCHMARKS:
        found = list(figures_of(BENCHMARKS[name](wanted.short), name))
        console.print(table_of(name, found, last))
        save(found)
    console.print(_machine())


def _machine() -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    busy = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    about = f"{platform.machine()}, {os.cpu_count()} cores, load {busy}, Python {platform.python_version()}, {versions}"
    return f"{time.strftime('%Y-%m-%d %H:%M')}, {about}\n"


if __name__ == "__main__":
    main()
