"""The body of a request as its application reads it: what has arrived, without waiting for a full piece."""

import fcntl
import termios
from array import array
from collections.abc import Callable
from typing import Any

from gunicorn.http.body import Body, ChunkedReader
from gunicorn.http.errors import NoMoreData
from gunicorn.http.message import Request
from gunicorn.http.parser import RequestParser
from gunicorn.http.unreader import SocketUnreader

from tiktok_api.server.chunks import ChunkDecoder

_WIRE_BYTES = 64 * 1024


class Unreader(SocketUnreader):  # type: ignore[misc]
    """What has arrived before the parser asked for it, and then the socket."""

    has_all_chunks = False
    has_continued = False

    @property
    def arrived_bytes(self) -> int:
        """Returns how much is here or in the socket's buffer."""
        waiting = array("i", [0])
        fcntl.ioctl(self.sock.fileno(), termios.FIONREAD, waiting)
        return len(self.buf.getvalue()) + waiting[0]

    def take(self, size: int) -> bytes:
        """Returns at most `size` bytes of what has arrived; waits only if that is nothing."""
        kept = self.take_buffered()
        if not kept:
            return bytes(self.sock.recv(size))
        if len(kept) > size:
            self.unread(kept[size:])
        return bytes(kept[:size])

    def take_into(self, buffer: memoryview) -> int:
        """Put the same into `buffer`. Returns how much that is."""
        if not self.buf.tell():
            return int(self.sock.recv_into(buffer))
        piece = self.take(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)


class LengthPieces:
    """A body of known length."""

    def __init__(self, unreader: Unreader, length: int) -> None:
        self._unreader, self._left = unreader, length
        self.has_arrived = len(unreader.buf.getvalue()) >= length

    @property
    def is_over(self) -> bool:
        return self._left == 0

    def read(self, size: int) -> bytes:
        """Returns what has arrived, at most `size` bytes; b"" at the end. Raises NoMoreData when the client hangs up before."""
        if self._left == 0:
            return b""
        piece = self._unreader.take(min(size, self._left))
        if not piece:
            raise NoMoreData
        self._left -= len(piece)
        return piece

    def read_into(self, buffer: memoryview) -> int:
        """Put what has arrived into `buffer`. Returns how much that is, 0 at the end; raises as `read` does."""
        if self._left == 0:
            return 0
        count = self._unreader.take_into(buffer[: self._left])
        if not count:
            raise NoMoreData
        self._left -= count
        return count


class ChunkPieces:
    """A chunked body (RFC 9112, section 7.1). A time-out loses nothing: reading may continue."""

    def __init__(self, request: Any, unreader: Unreader) -> None:
        self._request, self._unreader = request, unreader
        self._decoder = ChunkDecoder()
        self.has_arrived = unreader.has_all_chunks

    @property
    def is_over(self) -> bool:
        return self._decoder.is_over

    def read(self, size: int) -> bytes:
        """Returns what has arrived, perhaps more than `size` bytes; b"" at the end. Raises gunicorn's errors, NoMoreData."""
        content = b""
        while not content and not self.is_over:
            data = self._unreader.take(max(size, _WIRE_BYTES))
            if not data:
                raise NoMoreData
            content = self._feed(data)
        return content

    def _feed(self, data: bytes) -> bytes:
        decoder = self._decoder
        content = decoder.feed(data)
        if decoder.is_over:
            self._unreader.unread(decoder.rest)
            if decoder.trailers:
                self._request.trailers = self._request.parse_headers(decoder.trailers, from_trailer=True)
        return content


class ArrivingBody(Body):  # type: ignore[misc]
    """`wsgi.input`. `has_arrived`: reading it never waits. `failed`: where the next request begins is unknown."""

    failed: bool

    def __init__(self, pieces: LengthPieces | ChunkPieces, unreader: Unreader) -> None:
        super().__init__(pieces)
        self.has_arrived = pieces.has_arrived
        self._unreader = unreader

    @property
    def arrived_bytes(self) -> int:
        """Returns how much can be read at once."""
        return self._unreader.arrived_bytes

    @property
    def is_over(self) -> bool:
        return self.reader.is_over and not self.buf.tell()

    def read1(self, size: int) -> bytes:
        """Returns what has arrived, at most `size` bytes; waits only if that is nothing. b"" at the end.

        After TimeoutError reading may continue. Raises other kinds of OSError, and gunicorn's errors for broken chunks, for good.
        """
        kept = self.buf.getvalue() or self._from_reader(self.reader.read, size)
        self.buf.seek(0)
        self.buf.truncate()
        self.buf.write(kept[size:])
        return bytes(kept[:size])

    def read_into(self, buffer: memoryview) -> int:
        """Put the same into `buffer`, without a copy on the way. Returns how much that is, 0 at the end; raises as `read1` does."""
        if isinstance(self.reader, LengthPieces) and not self.buf.tell():
            return int(self._from_reader(self.reader.read_into, buffer))
        piece = self.read1(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def _from_reader(self, read: Callable[[Any], Any], wanted: Any) -> Any:
        if self.failed:
            raise NoMoreData
        try:
            return read(wanted)
        except (TimeoutError, BlockingIOError):
            raise
        except Exception:
            self.failed = True
            raise


class ArrivingRequest(Request):  # type: ignore[misc]
    """gunicorn's request with a body of ours."""

    body: Any
    unreader: Unreader

    def set_body_reader(self) -> None:
        """Called at the end of the head. Raises gunicorn's errors for contradictory framing."""
        super().set_body_reader()
        reader = self.body.reader
        is_chunked = isinstance(reader, ChunkedReader)
        pieces = ChunkPieces(self, self.unreader) if is_chunked else LengthPieces(self.unreader, reader.length)
        self.body = ArrivingBody(pieces, self.unreader)
        if self.unreader.has_continued:
            self._expected_100_continue = False


class ArrivingRequests(RequestParser):  # type: ignore[misc]
    """The requests on one connection."""

    mesg_class = ArrivingRequest
