"""Request bodies in pieces as they arrive: large from a fast client, small from a slow one."""

import mmap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tiktok_api.metrics import counters
from tiktok_api.server.pace import BYTES_PER_SECOND, LeastRate

SMALLEST_PIECE, LARGEST_PIECE = 64 * 1024, 512 * 1024
TICK_SECONDS = 1.0
_GATHER_SECONDS = 0.05
"""For how long smaller pieces are gathered into one of LARGEST_PIECE, so that storage is not called for each packet."""


class BodyInterrupted(Exception):
    """The body ended too early: the connection was reset or cut, or was too slow for too long."""


def length_of(environ: dict[str, Any]) -> int | None:
    """Returns the number of bytes in the body; None if it is not announced (chunked)."""
    declared = environ.get("CONTENT_LENGTH")
    if declared and environ.get("HTTP_TRANSFER_ENCODING", "").casefold() != "chunked":
        return int(declared)
    return None if environ.get("wsgi.input_terminated") and "HTTP_TRANSFER_ENCODING" in environ else 0


def iter_pieces(environ: dict[str, Any], *, stall_seconds: float) -> Iterator[bytes | memoryview]:
    """The body in pieces of what has arrived, at most 512 KiB, and an empty piece for each second in which too little arrives.

    A piece is a view of memory that is used again: it holds until the piece after the next one is asked for.
    Raises BodyInterrupted when the connection ends before the body is complete, is silent for `stall_seconds`, or is slower
    than BYTES_PER_SECOND on average over them.
    """
    source = _Source(environ, stall_seconds)
    ticked_at, arrived = time.monotonic(), 0
    with source.own_timeouts(), source.own_buffers():
        while not source.is_over:
            piece = source.read()
            counters.upload_bytes.inc(len(piece))
            arrived += len(piece)
            if piece:
                yield piece
            seconds = time.monotonic() - ticked_at
            if seconds >= TICK_SECONDS:
                if arrived < seconds * BYTES_PER_SECOND and not source.is_over:
                    yield b""
                ticked_at, arrived = time.monotonic(), 0


_of_thread = threading.local()


def _make_buffers() -> list[memoryview]:
    # Mappings, not malloc's memory: pages that no piece has reached are not there.
    return [memoryview(mmap.mmap(-1, LARGEST_PIECE)) for _ in range(2)]


class _Source:
    """Reads the body of one request.

    Our own server returns what has arrived, and can be read again after a time-out. A buffered socket of another server
    cannot.
    """

    def __init__(self, environ: dict[str, Any], stall_seconds: float) -> None:
        stream = environ["wsgi.input"]
        self._may_pause = "gunicorn.socket" in environ and hasattr(stream, "read1")
        self._read_into: Callable[[memoryview], int] = getattr(stream, "read_into", None) or _copying(stream)
        self._left = length_of(environ)
        self._pace = LeastRate(grace_seconds=stall_seconds)
        self._buffers: list[memoryview] = []
        self._seconds = min(TICK_SECONDS, stall_seconds) if self._may_pause else stall_seconds
        self._socket = environ.get("gunicorn.socket") or environ.get("werkzeug.socket")

    @contextmanager
    def own_buffers(self) -> Iterator[None]:
        """In this block reads have two buffers that take turns, so that a piece can be hashed while the next one arrives.

        A thread keeps them for its next request: fresh memory costs more than to receive into it.
        """
        self._buffers = _of_thread.__dict__.pop("buffers", None) or _make_buffers()
        try:
            yield
        finally:
            _of_thread.buffers = self._buffers

    @contextmanager
    def own_timeouts(self) -> Iterator[None]:
        """In this block each read sets how long to wait for the client; afterwards that is as it was before."""
        before = self._socket.gettimeout() if self._socket is not None else None
        try:
            yield
        finally:
            if self._socket is not None:
                self._socket.settimeout(before)

    @property
    def is_over(self) -> bool:
        return self._left == 0

    def read(self) -> memoryview:
        """Returns what arrives within a second; nothing if that is nothing. Raises BodyInterrupted."""
        buffer = self._buffers[0]
        size, ends_at = self._receive(buffer, self._seconds), time.monotonic() + _GATHER_SECONDS
        while self._may_pause and 0 < size < len(buffer) and not self.is_over:
            left = ends_at - time.monotonic()
            try:
                more = self._receive(buffer[size:], left) if left > 0 else 0
            except BodyInterrupted:  # told again by the next read, after these bytes have been stored
                break
            if not more:
                break
            size += more
        if size:  # otherwise the piece before may still be in use when this buffer's turn comes
            self._buffers.reverse()
        return buffer[:size]

    def _receive(self, buffer: memoryview, seconds: float) -> int:
        if self._socket is not None:
            self._socket.settimeout(seconds)
        self._pace.begin_waiting()
        try:
            count = self._read_into(buffer if self._left is None else buffer[: self._left])
        except TimeoutError as error:
            self._pace.end_waiting()
            if not self._may_pause or self._pace.seconds_left <= 0:
                raise BodyInterrupted from error
            return 0
        except Exception as error:  # resets and broken chunks: every server has exceptions of its own
            raise BodyInterrupted from error
        self._pace.end_waiting()
        self._pace.moved(count)
        if not count:
            if self._left is not None:
                raise BodyInterrupted
            self._left = 0
        elif self._left is not None:
            self._left -= count
        if self._pace.seconds_left <= 0 and not self.is_over:
            self._read_into = _interrupted
        return count


def _copying(stream: Any) -> Callable[[memoryview], int]:
    """Returns how to read into a buffer from a stream of another server, which can only return bytes."""
    read, most = (stream.read1, LARGEST_PIECE) if hasattr(stream, "read1") else (stream.read, SMALLEST_PIECE)

    def read_into(buffer: memoryview) -> int:
        piece: bytes = read(min(most, len(buffer)))
        buffer[: len(piece)] = piece
        return len(piece)

    return read_into


def _interrupted(_buffer: memoryview) -> int:
    """Reads from a client that was too slow."""
    raise BodyInterrupted
