"""`make bench`: run every benchmark once and print the figures with the machine they are from."""

import os
import platform
import tempfile
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import sign_in
from tiktok_api.cli.stack.settings import local_settings

console = Console(highlight=False)


def main() -> None:
    """Print one table for each benchmark."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("flask", "sqlalchemy", "argon2-cffi"))
    console.print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {versions}\n")
    with tempfile.TemporaryDirectory() as scratch:
        settings = local_settings(database_url=f"sqlite:///{Path(scratch) / 'bench.sqlite3'}", log_level="ERROR")
        figures = sign_in.run(settings)
    table = Table(title="Trying addresses: medians, each against the first of its act")
    for column in ("act", "address"):
        table.add_column(column)
    for column in ("ms", "ratio"):
        table.add_column(column, justify="right")
    base: dict[str, float] = {}
    for act, kind, milliseconds in figures:
        ratio = milliseconds / base.setdefault(act, milliseconds)
        table.add_row(act, kind, f"{milliseconds:.2f}", f"{ratio:.2f}")
    console.print(table)


if __name__ == "__main__":
    main()
