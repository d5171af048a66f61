"""Rows as a workbook for Excel, with real dates and numbers.

A workbook is a ZIP file that can be sent only once it is whole, so its rows are bounded: a quarter of a million take about
20 seconds and 25 MB here. It is written row by row into a folder of its own, which is gone before the first byte is sent.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from tiktok_api.analytics.exports.columns import Column, Kind
from tiktok_api.analytics.exports.errors import WorkbookTooLarge
from tiktok_api.analytics.exports.plain_files import Batches

MOST_ROWS = 250_000
_ROWS_OF_A_SHEET = 1_048_576
"""https://support.microsoft.com/office/excel-specifications-and-limits; one of them is the header."""
_LONGEST_CELL = 32_767
_MOST_EXACT = 2**53
"""Excel's numbers are doubles: a larger one is written as text, so that it stays exact."""
_WIDTHS = {Kind.TEXT: 24, Kind.NUMBER: 12, Kind.TIME: 20, Kind.DATE: 11, Kind.FLAG: 10}


@contextmanager
def written(
    name: str, columns: Sequence[Column], batches: Batches, *, as_of: datetime, most_rows: int = MOST_ROWS
) -> Iterator[IO[bytes]]:
    """Yields the workbook as an open file that no longer has a name. Raises WorkbookTooLarge."""
    with TemporaryDirectory(prefix="tiktok-api-export-") as folder:
        path = Path(folder) / "export.xlsx"
        _write(path, name, columns, batches, as_of=as_of, most_rows=most_rows)
        file = path.open("rb")
    with file:
        yield file


def _write(
    path: Path, name: str, columns: Sequence[Column], batches: Batches, *, as_of: datetime, most_rows: int
) -> None:
    options = {"constant_memory": True, "tmpdir": str(path.parent)}
    book = xlsxwriter.Workbook(str(path), options)
    book.set_properties({"title": name, "created": as_of.astimezone(UTC).replace(tzinfo=None)})
    sheets = _Sheets(book, name, columns)
    count = 0
    for batch in batches:
        count += len(batch)
        if count > most_rows:
            raise WorkbookTooLarge.at(parameter="format", most=most_rows)
        for row in batch:
            sheets.add(row)
    book.close()


class _Sheets:
    """The rows of a workbook, on as many sheets as they need; each begins with the header."""

    def __init__(self, book: xlsxwriter.Workbook, name: str, columns: Sequence[Column]) -> None:
        self._book, self._name, self._columns = book, name, columns
        self._bold = book.add_format({"bold": True})
        self._formats = {
            Kind.TIME: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            Kind.DATE: book.add_format({"num_format": "yyyy-mm-dd"}),
        }
        self._sheet, self._row = self._begin(1), 1
        self._count = 1

    def _begin(self, number: int) -> Worksheet:
        sheet = self._book.add_worksheet(self._name if number == 1 else f"{self._name} {number}")
        sheet.freeze_panes(1, 0)
        for place, column in enumerate(self._columns):
            sheet.set_column(place, place, _WIDTHS[column.kind])
            sheet.write_string(0, place, column.name, self._bold)
        return sheet

    def add(self, row: Sequence[Any]) -> None:
        """Write one row."""
        if self._row == _ROWS_OF_A_SHEET:
            self._count += 1
            self._sheet, self._row = self._begin(self._count), 1
        for place, (column, value) in enumerate(zip(self._columns, row, strict=True)):
            if value is not None:
                _write_cell(self._sheet, self._row, place, column.kind, value, self._formats.get(column.kind))
        self._row += 1


def _write_cell(sheet: Worksheet, row: int, place: int, kind: Kind, value: Any, form: Format | None) -> None:
    if kind is Kind.FLAG:
        sheet.write_boolean(row, place, value)
    elif kind is Kind.TIME:
        sheet.write_datetime(row, place, value.astimezone(UTC).replace(tzinfo=None), form)
    elif kind is Kind.DATE:
        sheet.write_datetime(row, place, value, form)
    elif kind is Kind.NUMBER and abs(value) <= _MOST_EXACT:
        sheet.write_number(row, place, value)
    else:  # a string stays one, whatever it begins with
        sheet.write_string(row, place, str(value)[:_LONGEST_CELL])
