"""Reading an object from S3 in pieces."""

from collections.abc import Callable, Iterator
from typing import Any

from tiktok_api.storage.errors import StorageUnreachable
from tiktok_api.storage.s3.client import MAX_TRIES
from tiktok_api.storage.s3.errors import translate_errors

READ_PIECE_BYTES = 1024 * 1024

OpenRange = Callable[[int, int], tuple[Any, int] | None]
"""Asks for a range: returns the body and its last byte, or None if the object ends before the range."""


class ObjectReader:
    """A range of an object in pieces of 1 MiB. A broken connection is replaced and reading continues where it stopped.

    Closes the connection at the end, in `close()`, or when it is garbage-collected.
    """

    def __init__(self, open_range: OpenRange, first: int, last: int) -> None:
        self._open_range = open_range
        self._at, self._last = first, last
        self._body: Any = None
        self._open()  # here, not at the first piece: the caller learns at once that nothing is there

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        tries = 0
        while self._at <= self._last:
            tries += 1
            try:
                if self._body is None:
                    self._open()
                piece = self._read_piece()
            except StorageUnreachable:
                self.close()
                if tries == MAX_TRIES:
                    raise
                continue
            self._at += len(piece)
            return piece
        self.close()
        raise StopIteration

    def close(self) -> None:
        """Close the connection: it may be in the middle of an answer, so it cannot be used again."""
        body, self._body = self._body, None
        if body is not None:
            body.close()

    __del__ = close

    def _read_piece(self) -> bytes:
        with translate_errors():
            piece = bytes(self._body.read(min(READ_PIECE_BYTES, self._last - self._at + 1)))
        if not piece:
            raise StorageUnreachable("S3 ended an object before its end")
        return piece

    def _open(self) -> None:
        found = self._open_range(self._at, self._last) if self._at <= self._last else None
        if found is None:
            self._last = self._at - 1
        else:
            self._body, self._last = found
