"""Request bodies as they arrive over a connection: with a Content-Length, or chunked."""

import io
from typing import Any

LARGEST_IN_CHUNKS = 16 << 20


class IncomingBody(io.RawIOBase):
    """A request body: as many bytes as announced, or fewer if the client disconnects."""

    def __init__(self, stream: Any, length: int) -> None:
        self._stream = stream
        self.left = length
        self.cut_short = False

    def readable(self) -> bool:
        """Returns True."""
        return True

    def read(self, size: int | None = -1) -> bytes:
        """Returns up to `size` bytes; none at the end, or after the client has disconnected."""
        wanted = self.left if size is None or size < 0 else min(size, self.left)
        if not wanted:
            return b""
        try:
            piece: bytes = self._stream.read(wanted)
        except OSError:
            piece = b""
        self.left = self.left - len(piece) if len(piece) == wanted else 0
        self.cut_short = len(piece) < wanted
        return piece

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer. Returns the number of bytes."""
        piece = self.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)


def read_chunked(stream: Any) -> bytes | None:
    """Returns the bytes of a chunked body; None if it is incomplete, malformed or larger than LARGEST_IN_CHUNKS."""
    found = bytearray()
    while len(found) <= LARGEST_IN_CHUNKS:
        digits = stream.readline(1_024).partition(b";")[0].strip()
        try:
            size = int(digits, 16) if digits.isalnum() else -1
        except ValueError:
            return None
        if size == 0:
            return bytes(found) if _skip_trailers(stream) else None
        if not 0 < size <= LARGEST_IN_CHUNKS:
            return None
        piece = stream.read(size)
        if len(piece) < size or stream.readline(3) not in (b"\r\n", b"\n"):
            return None
        found += piece
    return None


def _skip_trailers(stream: Any) -> bool:
    """Skip the trailers. Returns True at the empty line that ends them."""
    return any(stream.readline(1_024) in (b"\r\n", b"\n") for _ in range(32))
