"""The output of commands: tables for people, JSON for programs."""

import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import click
import orjson
from rich.console import Console
from rich.table import Table

_WIDTH_OF_A_PIPE = 160

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def make_console(*, is_error: bool = False) -> Console:
    """The console of tables and progress; as wide as the terminal, or wide enough for a pipe."""
    stream = sys.stderr if is_error else sys.stdout
    return Console(stderr=is_error, highlight=False, width=None if stream.isatty() else _WIDTH_OF_A_PIPE)


def show_json(value: Any) -> None:
    """Print a value as JSON; times in UTC."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z
    click.echo(orjson.dumps(value, default=str, option=options).decode())


def show_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool, if_none: str) -> None:
    """A listing: everything as JSON, or `columns` as a table, or `if_none` where there are no rows."""
    if as_json:
        show_json([dict(row) for row in rows])
        return
    if not rows:
        click.echo(if_none)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        is_number = all(isinstance(row[column], int | float) for row in rows)
        table.add_column(column.replace("_", " "), justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(as_text(row[column]) for column in columns))
    make_console().print(table, markup=False)


def show_facts(facts: Mapping[str, Any], *, as_json: bool) -> None:
    """One thing: everything as JSON, or a line for each fact."""
    if as_json:
        show_json(dict(facts))
        return
    width = max(len(name) for name in facts) + 2
    for name, value in facts.items():
        click.echo(f"{name.replace('_', ' '):<{width}}{as_text(value)}")


def as_text(value: Any) -> str:
    """A value as people read it; unknown is a dash."""
    match value:
        case None | "" | []:
            return "–"
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        case timedelta():
            return as_duration(value.total_seconds())
        case list() | tuple():
            return ", ".join(map(str, value))
        case _:
            return str(value)


def as_duration(seconds: float) -> str:
    """Seconds as `3 d 4 h`, in the two largest units."""
    left = int(seconds)
    parts: list[str] = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        if left >= size or (unit == "s" and not parts):
            parts.append(f"{left // size} {unit}")
            left %= size
    return " ".join(parts[:2])


def in_sentences(messages: Any) -> str:
    """What a schema refuses, a line for each field."""
    by_field = messages if isinstance(messages, dict) else {"": messages}
    return "\n".join(f"{name}: {' '.join(map(str, what))}" for name, what in by_field.items())
