"""Rows as CSV (RFC 4180) and as NDJSON: bytes, one piece for each batch."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from tiktok_api.analytics.exports.columns import Column, Kind
from tiktok_api.web.serializing import to_json

Batches = Iterator[list[tuple[Any, ...]]]

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""A spreadsheet program may run a cell that begins so: https://owasp.org/www-community/attacks/CSV_Injection"""


def write_csv(columns: Sequence[Column], batches: Batches, *, has_mark: bool) -> Iterator[bytes]:
    """A header and the rows, ended by CRLF; nothing is an empty cell, times are RFC 3339.

    A text that a spreadsheet would take for a formula gets an apostrophe in front; numbers stay as they are.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(column.name for column in columns)
    yield (BYTE_ORDER_MARK if has_mark else b"") + text.getvalue().encode()
    convert = [_CELLS[column.kind] for column in columns]
    for batch in batches:
        text.seek(0)
        text.truncate()
        writer.writerows(
            [None if value is None else cell(value) for cell, value in zip(convert, row, strict=True)] for row in batch
        )
        yield text.getvalue().encode()


def write_ndjson(columns: Sequence[Column], batches: Batches) -> Iterator[bytes]:
    """One object for each row, each with every column; nothing is null."""
    names = [column.name for column in columns]
    for batch in batches:
        yield b"".join(to_json(dict(zip(names, row, strict=True))) + b"\n" for row in batch)


def _harmless(value: Any) -> str:
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


_CELLS: dict[Kind, Callable[[Any], Any]] = {
    Kind.TEXT: _harmless,
    Kind.NUMBER: lambda value: value,
    Kind.TIME: _instant,
    Kind.DATE: str,
    Kind.FLAG: lambda value: "true" if value else "false",
}
