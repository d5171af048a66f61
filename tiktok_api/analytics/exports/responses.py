"""Exports as responses, sent in short steps: a client that is slow, or leaves, holds no transaction and no file."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from threading import BoundedSemaphore
from typing import IO, Any

from flask import Response, request

from tiktok_api.analytics.exports import plain_files, workbooks
from tiktok_api.analytics.exports.services import Export, batches
from tiktok_api.db import end_reading
from tiktok_api.extensions import in_own_context
from tiktok_api.web.transfers.places import ServerBusy

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_TYPES = {"csv": "text/csv; charset=utf-8; header=present", "ndjson": "application/x-ndjson", "xlsx": WORKBOOK}
_ROWS_AT_ONCE = 500
_PIECE_BYTES = 256 * 1024
_WORKBOOKS = BoundedSemaphore(2)
"""Workbooks that a process writes at a time: each takes a CPU, and a thread that no one else has then."""


def serve(export: Export, *, form: str, has_mark: bool) -> Response:
    """The export as an attachment. If it fails later on, the connection breaks, so that no part passes for the whole.

    Raises ServerBusy, WorkbookTooLarge.
    """
    end_reading()
    response = Response(content_type=_TYPES[form])
    moment = export.as_of.isoformat().replace("+00:00", "Z")
    response.headers["Content-Disposition"] = f'attachment; filename="{export.name}.{form}"'
    response.headers["X-As-Of"] = moment
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    if request.method == "HEAD":
        return response
    if form == "xlsx":
        file = ExitStack()
        response.response = _pieces(file, _write_workbook(file, export, response))
        response.call_on_close(file.close)
    elif form == "csv":
        response.response = plain_files.write_csv(export.columns, _in_steps(export), has_mark=has_mark)
    else:
        response.response = plain_files.write_ndjson(export.columns, _in_steps(export))
    return response


def _in_steps(export: Export) -> Iterator[list[tuple[Any, ...]]]:
    """The rows in batches, each read in an application context of its own: the request's is gone by then."""
    rows = batches(export.rows, _ROWS_AT_ONCE)
    return _stepped(in_own_context(lambda: next(rows, None)))


def _stepped(step: Callable[[], list[tuple[Any, ...]] | None]) -> Iterator[list[tuple[Any, ...]]]:
    while (batch := step()) is not None:
        yield batch


def _write_workbook(held: ExitStack, export: Export, response: Response) -> IO[bytes]:
    if not _WORKBOOKS.acquire(blocking=False):
        raise ServerBusy(headers={"Retry-After": "5"})
    try:
        rows = batches(export.rows, _ROWS_AT_ONCE)
        file = held.enter_context(workbooks.written(export.dataset, export.columns, rows, as_of=export.as_of))
    finally:
        _WORKBOOKS.release()
    response.content_length = file.seek(0, 2)
    file.seek(0)
    return file


def _pieces(held: ExitStack, file: IO[bytes]) -> Iterator[bytes]:
    with held:
        while piece := file.read(_PIECE_BYTES):
            yield piece
