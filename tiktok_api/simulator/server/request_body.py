"""Request bodies as they come over a connection: of announced length, or in chunks."""

import io
from typing import Any

LARGEST_IN_CHUNKS = 16 << 20


class Body(io.RawIOBase):
    """A request body: at most as many bytes as were announced, fewer if the client goes away."""

    def __init__(self, stream: Any, length: int) -> None:
        self._stream = stream
        self.left = length

    def readable(self) -> bool:
        """Yes."""
        return True

    def read(self, size: int | None = -1) -> bytes:
        """Up to `size` bytes; nothing at the end or when the client has gone."""
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
        """The same into a buffer. Returns how many bytes."""
        piece = self.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    cut_short = False


def unchunked(stream: Any) -> bytes | None:
    """The bytes of a chunked body, read to its end; None for one that breaks off, is malformed or never ends."""
    found = bytearray()
    while len(found) <= LARGEST_IN_CHUNKS:
        digits = stream.readline(1_024).partition(b";")[0].strip()
        try:
            size = int(digits, 16) if digits.isalnum() else -1
        except ValueError:
            return None
        if size == 0:
            return bytes(found) if _has_ended(stream) else None
        if not 0 < size <= LARGEST_IN_CHUNKS:
            return None
        piece = stream.read(size)
        if len(piece) < size or stream.readline(3) not in (b"\r\n", b"\n"):
            return None
        found += piece
    return None


def _has_ended(stream: Any) -> bool:
    """Read over the trailers, which end with an empty line."""
    return any(stream.readline(1_024) in (b"\r\n", b"\n") for _ in range(32))
