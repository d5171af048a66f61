"""CSV as spreadsheet programs write it, read into a header and numbered records, and written for them."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tiktok_api.posts.bulk.errors import MalformedCsv

_SEPARATORS = ",;\t"
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet program may run a cell that begins so (OWASP, CSV injection)."""


@dataclass(frozen=True, slots=True)
class Record:
    """The cells of one row; `number` is 1 for the first one after the header, whatever is empty between."""

    number: int
    cells: Sequence[str]


@dataclass(frozen=True, slots=True)
class Table:
    """A header, and the records that are not empty."""

    header: Sequence[str]
    records: Sequence[Record]


def read_table(body: bytes) -> Table:
    """Read UTF-8, with or without a byte order mark, separated by commas, semicolons or tabs. Raises MalformedCsv."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MalformedCsv(reason=f"byte {error.start} belongs to no character") from None
    if "\0" in text:
        raise MalformedCsv(reason="it has the character U+0000")
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_separator_of(text), strict=True)
    try:
        header = next(lines, [])
        records = [Record(number, cells) for number, cells in enumerate(lines, 1) if any(cells)]
    except csv.Error as error:
        raise MalformedCsv(reason=f"line {lines.line_num}: {error}") from None
    while header and not header[-1]:  # columns without a name that a program has added; their cells must be empty
        header.pop()
    return Table([name.strip() for name in header], records)


def _separator_of(text: str) -> str:
    """Returns the first separator in the header: no name of a column has one."""
    first_line = text.splitlines()[0] if text else ""
    return next((letter for letter in first_line if letter in _SEPARATORS), _SEPARATORS[0])


def write_table(rows: Iterable[Sequence[str]]) -> bytes:
    """Returns CSV that spreadsheet programs open as it is meant: with a byte order mark, CRLF, and no formulas."""
    written = io.StringIO(newline="")
    csv.writer(written).writerows(list(_without_formulas(row)) for row in rows)
    return written.getvalue().encode("utf-8-sig")


def _without_formulas(row: Sequence[str]) -> Iterator[str]:
    yield from (f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell for cell in row)
