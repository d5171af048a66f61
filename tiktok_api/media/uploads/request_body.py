"""Request bodies in pieces, straight from the server's socket: large from a fast client, small from a slow one."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tiktok_api.metrics import counters

SMALLEST_PIECE, LARGEST_PIECE = 64 * 1024, 256 * 1024
TICK_SECONDS = 1.0
_FAST_SECONDS, _SLOW_SECONDS = 0.05, 0.5
_AT_ONCE_SECONDS = 0.01
_MOST_READ_AHEAD = 2 * 1024 * 1024  # more than gunicorn buffers: later bytes have arrived after the pause


class BodyInterrupted(Exception):
    """The body ended too early: the connection was reset or cut, or was silent for too long."""


def length_of(environ: dict[str, Any]) -> int | None:
    """Returns the number of bytes in the body; None if it is not announced (chunked)."""
    declared = environ.get("CONTENT_LENGTH")
    if declared and environ.get("HTTP_TRANSFER_ENCODING", "").casefold() != "chunked":
        return int(declared)
    return None if environ.get("wsgi.input_terminated") and "HTTP_TRANSFER_ENCODING" in environ else 0


def iter_pieces(environ: dict[str, Any], *, stall_seconds: float) -> Iterator[bytes]:
    """The body in pieces of 64 to 256 KiB, and an empty piece for each second in which nothing arrives.

    gunicorn waits until a piece is complete, so pieces grow only while they arrive quickly, and after a pause shrink to what
    is there. Raises BodyInterrupted when the connection ends, or is silent for `stall_seconds`, before the body is complete.
    """
    read, may_pause = _reader(environ)
    left, size, silent_seconds, since_pause = length_of(environ), SMALLEST_PIECE, 0.0, 0
    patience = min(TICK_SECONDS, stall_seconds) if may_pause else stall_seconds
    with _patience(environ, patience):
        while left is None or left > 0:
            began = time.monotonic()
            try:
                piece = read(size if left is None else min(size, left))
            except TimeoutError as error:
                silent_seconds += patience
                if not may_pause or silent_seconds >= stall_seconds:
                    raise BodyInterrupted from error
                size, since_pause = max(size // 64, 1), 0
                yield b""
                continue
            except Exception as error:  # resets and broken chunks: every server has exceptions of its own
                raise BodyInterrupted from error
            if not piece:
                if left is None:
                    return
                raise BodyInterrupted
            if left is not None:
                left -= len(piece)
            counters.upload_bytes.inc(len(piece))
            yield piece
            took, since_pause = time.monotonic() - began, since_pause + len(piece)
            if took > _AT_ONCE_SECONDS or since_pause > _MOST_READ_AHEAD:
                silent_seconds = 0.0  # bytes that were buffered already do not end a silence
            if took < _FAST_SECONDS and not silent_seconds:  # buffered bytes are read first, and soon end
                size = min(max(size * 2, SMALLEST_PIECE), LARGEST_PIECE)
            elif took > _SLOW_SECONDS:
                size = min(size, SMALLEST_PIECE)


def _reader(environ: dict[str, Any]) -> tuple[Callable[[int], bytes], bool]:
    """Returns how to read the next bytes, and whether reading may continue after a time-out.

    gunicorn keeps an incomplete piece for the next read. A buffered socket cannot be read again after a time-out, but returns
    what is there without waiting for more.
    """
    stream = environ["wsgi.input"]
    if "gunicorn.socket" in environ:
        return stream.read, True
    return getattr(stream, "read1", stream.read), False


@contextmanager
def _patience(environ: dict[str, Any], seconds: float) -> Iterator[None]:
    """Wait at most `seconds` for the client's next bytes, if the server shows us its socket."""
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
