"""Request bodies as pieces, straight from the server's socket: large where the client is fast, small where it is slow."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tiktok_api.media.intake import BodyCut

SMALLEST_PIECE, LARGEST_PIECE = 64 * 1024, 1024 * 1024
_FAST_SECONDS, _SLOW_SECONDS = 0.05, 0.5


def length_of(environ: dict[str, Any]) -> int | None:
    """How many bytes the body has; None where that is not said beforehand (chunked)."""
    declared = environ.get("CONTENT_LENGTH")
    if declared and environ.get("HTTP_TRANSFER_ENCODING", "").casefold() != "chunked":
        return int(declared)
    return None if environ.get("wsgi.input_terminated") and "HTTP_TRANSFER_ENCODING" in environ else 0


def iter_pieces(environ: dict[str, Any], *, stall_seconds: float) -> Iterator[bytes]:
    """The body of 64 KiB to 1 MiB at a time.

    gunicorn waits until a piece is complete and drops what it has of it when the connection breaks, so pieces grow only
    while they come quickly. Raises BodyCut when the connection ends, or is silent for `stall_seconds`, before the body is
    complete.
    """
    stream = environ["wsgi.input"]
    read: Callable[[int], bytes] = getattr(stream, "read1", stream.read)
    left, size = length_of(environ), SMALLEST_PIECE
    with _patience(environ, stall_seconds):
        while left is None or left > 0:
            began = time.monotonic()
            piece = _read(read, size if left is None else min(size, left))
            if not piece:
                if left is None:
                    return
                raise BodyCut
            took = time.monotonic() - began
            if left is not None:
                left -= len(piece)
            yield piece
            if took < _FAST_SECONDS:
                size = min(size * 2, LARGEST_PIECE)
            elif took > _SLOW_SECONDS:
                size = SMALLEST_PIECE


def _read(read: Callable[[int], bytes], size: int) -> bytes:
    try:
        return read(size)
    except Exception as error:  # resets, time-outs and broken chunks: each server has its own
        raise BodyCut from error


@contextmanager
def _patience(environ: dict[str, Any], seconds: float) -> Iterator[None]:
    """Wait for the client's next bytes no longer than `seconds`, where the server shows us its socket."""
    socket = environ.get("gunicorn.socket") or environ.get("werkzeug.socket")
    if socket is None:
        yield
        return
    before = socket.gettimeout()
    socket.settimeout(seconds)
    try:
        yield
    finally:
        socket.settimeout(before)
