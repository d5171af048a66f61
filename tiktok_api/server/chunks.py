"""Chunked bodies (RFC 9112, section 7.1): the framing is taken off in linear time. Knows no sockets."""

from collections.abc import Callable
from math import inf

from gunicorn.http.body import CHUNK_EXT_RE
from gunicorn.http.errors import ChunkMissingTerminator, InvalidChunkExtension, InvalidChunkSize, LimitRequestHeaders

_MOST_LINE_BYTES = 8190
_FREE_FRAMING_BYTES = 64 * 1024
"""How much longer than its content a chunked body may be on the wire, and then once more for each byte of content."""


class ChunkDecoder:
    """Takes the framing off, in linear time. `rest` is what follows the body, `trailers` the lines after the last chunk."""

    def __init__(self, *, most_chunks: float = inf) -> None:
        self.is_over = False
        self.rest = b""
        self.trailers = b""
        self._line = bytearray()
        self._take_line: Callable[[bytes], None] = self._take_size
        self._left = 0
        self._framing_left = _FREE_FRAMING_BYTES
        self._chunks_left = most_chunks

    def feed(self, data: bytes) -> bytes:
        """Returns the content in `data`. Raises InvalidChunkSize, InvalidChunkExtension, ChunkMissingTerminator."""
        content, at = [], 0
        while at < len(data) and not self.is_over:
            if self._left:
                piece = data[at : at + self._left]
                content.append(piece)
                at += len(piece)
                self._left -= len(piece)
                self._framing_left += len(piece)
                continue
            end = data.find(b"\n", at) + 1
            line = data[at : end or len(data)]
            at += len(line)
            self._add_to_line(line)
            if end:
                whole, self._line = bytes(self._line), bytearray()
                self._take_line(whole)
        self.rest = data[at:]
        return b"".join(content)

    def _add_to_line(self, line: bytes) -> None:
        self._line += line
        self._framing_left -= len(line)
        if len(self._line) > _MOST_LINE_BYTES or self._framing_left < 0:
            raise InvalidChunkSize(b"more framing than content")
        if self._take_line == self._take_end and not b"\r\n".startswith(self._line):
            raise ChunkMissingTerminator(bytes(self._line[:2]))

    def _take_size(self, line: bytes) -> None:
        if not line.endswith(b"\r\n"):
            raise InvalidChunkSize(b"bare LF")
        size, *extension = line[:-2].split(b";", 1)
        if extension:
            if not CHUNK_EXT_RE.fullmatch(b";" + extension[0]):
                raise InvalidChunkExtension("invalid chunk extension")
            size = size.rstrip(b" \t")
        if not 0 < len(size) <= 16 or size.translate(None, b"0123456789abcdefABCDEF"):
            raise InvalidChunkSize(size)
        self._chunks_left -= 1
        if self._chunks_left < 0:
            raise InvalidChunkSize(b"more chunks than are taken")
        self._left = int(size, 16)
        self._take_line = self._take_end if self._left else self._take_trailer

    def _take_end(self, _line: bytes) -> None:
        self._take_line = self._take_size

    def _take_trailer(self, line: bytes) -> None:
        if line == b"\r\n":
            self.is_over, self.trailers = True, self.trailers[:-2]
            return
        self.trailers += line
        if len(self.trailers) > _MOST_LINE_BYTES or not line.endswith(b"\r\n"):
            raise LimitRequestHeaders("limit request trailer section size")
