"""`make bench`: run every benchmark once and print the figures with the machine they are from."""

import os
import platform
import tempfile
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import sign_in
from tiktok_api.cli.local import local_settings

console = Console(highlight=False)


def main() -> None:
    """Print one table for each benchmark."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("flask", "sqlalchemy", "argon2-cffi"))
    console.print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {versions}\n")
    with tempfile.TemporaryDirectory() as scratch:
        settings = local_settings(database_url=f"sqlite:///{Path(scratch) / 'bench.sqlite3'}", log_level="ERROR")
        figures = sign_in.run(settings)
    table = Table(title="Sign-in: median of each kind, and against a known address with a wrong password")
    table.add_column("kind")
    table.add_column("ms", justify="right")
    table.add_column("ratio", justify="right")
    base = dict(figures)["known address, wrong password"]
    for kind, milliseconds in figures:
        table.add_row(kind, f"{milliseconds:.2f}", f"{milliseconds / base:.2f}")
    console.print(table)


if __name__ == "__main__":
    main()
