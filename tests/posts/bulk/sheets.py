"""CSV files as people's programs write them."""

import csv
import io
from collections.abc import Sequence
from typing import Any


def sheet(
    *rows: Sequence[str],
    separator: str = ",",
    end: str = "\r\n",
    encoding: str = "utf-8",
    quoting: Any = csv.QUOTE_MINIMAL,
) -> bytes:
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=separator, lineterminator=end, quoting=quoting).writerows(rows)
    return written.getvalue().encode(encoding)


def send(person: Any, body: bytes, query: str = "", content_type: str = "text/csv", **options: Any) -> Any:
    return person.post(f"/posts/bulk{query}", data=body, content_type=content_type, **options)


def faults_of(answer: Any) -> list[tuple[Any, ...]]:
    """The row, the column and the code of each fault of every refused row."""
    refused = [each["problem"] for each in answer.json["results"] if each["problem"]]
    return [(fault.get("row"), fault.get("column"), fault["code"]) for each in refused for fault in each["errors"]]
