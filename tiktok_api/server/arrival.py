"""How much of a request has arrived: its head, and the body too if that is small. Knows no sockets."""

import re
from dataclasses import dataclass

from tiktok_api.server.chunks import ChunkDecoder

MOST_HEAD_BYTES = 64 * 1024
"""The request line and all headers together. gunicorn bounds each of them; it reads the whole head in one pass."""
SMALL_BODY_BYTES = 64 * 1024
"""Up to here a body is awaited together with its head, before a thread is taken."""
MOST_CHUNKS = 256
"""Up to here chunks are looked through without a thread, so that no client delays the others."""
HEAD_SECONDS, BODY_SECONDS, CHUNKED_SECONDS = 10.0, 30.0, 1.0
"""For a whole head, and for a small body after it. One of unknown length is awaited only briefly, as it may be a large one."""

_LENGTH = re.compile(rb"\r\ncontent-length[ \t]*:[ \t]*([^\r]*)", re.IGNORECASE)
_CODING = re.compile(rb"\r\ntransfer-encoding[ \t]*:", re.IGNORECASE)
_EXPECTATION = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*(?=\r\n)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class HeadRefusal:
    """A request that is refused before its head is complete."""

    status: int
    reason: str
    detail: str


TOO_LONG = HeadRefusal(414, "URI Too Long", "The address is longer than this server takes.")
TOO_LARGE = HeadRefusal(431, "Request Header Fields Too Large", "The headers are more than this server takes.")
TOO_LATE = HeadRefusal(408, "Request Timeout", "The request did not arrive in time; send it again.")


class Arrival:
    """The bytes of one request so far, and of what the client has sent after it.

    `is_complete`: there is no more to wait for before a thread reads it. `has_all_chunks`: a chunked body is there whole.
    `wants_continue`: the client holds a small body back until it is told `100 Continue`.
    """

    def __init__(self) -> None:
        self.content = bytearray()
        self.has_head = False
        self.wants_continue = False
        self.refusal: HeadRefusal | None = None
        self._searched = 0
        self._lines_at = 0
        self._needed = 0
        self._is_undecided = False
        self._chunks: ChunkDecoder | None = None

    @property
    def is_complete(self) -> bool:
        is_enough = self.has_head and len(self.content) >= self._needed
        return is_enough or self._is_undecided or self.has_all_chunks

    @property
    def has_all_chunks(self) -> bool:
        return self._chunks is not None and self._chunks.is_over

    @property
    def is_chunked(self) -> bool:
        return self._chunks is not None

    @property
    def body_seconds(self) -> float:
        """Returns for how long the body is awaited."""
        return CHUNKED_SECONDS if self.is_chunked else BODY_SECONDS

    @property
    def awaits_body(self) -> bool:
        return self.has_head and not self.is_complete

    def feed(self, data: bytes) -> None:
        """Add bytes."""
        self.content += data
        if not self.has_head:
            self._look_for_head()
        elif self._chunks is not None:
            self._look_for_end(self._chunks, data)

    def _look_for_head(self) -> None:
        end = self.content.find(b"\r\n\r\n", self._searched)
        if end >= 0 and end < MOST_HEAD_BYTES:
            self.has_head = True
            self._read_head(bytes(self.content[: end + 2]), end + 4)
        elif len(self.content) > MOST_HEAD_BYTES:
            self.refusal = TOO_LARGE if b"\r\n" in self.content[2:MOST_HEAD_BYTES] else TOO_LONG
        elif self._has_bare_line_feed():
            self._is_undecided = True  # gunicorn says so without reading on
        self._searched = max(0, len(self.content) - 3)

    def _has_bare_line_feed(self) -> bool:
        start, self._lines_at = self._lines_at, max(0, len(self.content) - 1)
        if start == 0 and self.content[:1] == b"\n":
            return True
        return self.content.count(b"\n", start + 1) != self.content.count(b"\r\n", start)

    def _read_head(self, head: bytes, body_at: int) -> None:
        lengths = _LENGTH.findall(head)
        length = _number(lengths[0]) if lengths else 0
        is_chunked, is_expectant = _CODING.search(head) is not None, _EXPECTATION.search(head) is not None
        if is_chunked and not is_expectant:
            self._chunks, self._needed = ChunkDecoder(most_chunks=MOST_CHUNKS), body_at + SMALL_BODY_BYTES
            self._look_for_end(self._chunks, bytes(self.content[body_at:]))
            return
        is_small = len(lengths) < 2 and length <= SMALL_BODY_BYTES and not is_chunked
        self._needed = body_at + (length if is_small else 0)
        is_held_back = len(self.content) < self._needed and b"HTTP/1.1\r\n" in head
        self.wants_continue = is_held_back and is_expectant

    def _look_for_end(self, chunks: ChunkDecoder, data: bytes) -> None:
        if chunks.is_over:
            return
        try:
            chunks.feed(data)
        except Exception:  # broken, or too many small chunks: for the thread that reads the body to say
            self._is_undecided = True


def _number(digits: bytes) -> int:
    """Returns a length however many zeros are before it; what is no number, or larger than any body, is no small one."""
    digits = digits.rstrip(b" \t").lstrip(b"0") or b"0"
    return int(digits) if digits.isdigit() and len(digits) < 10 else SMALL_BODY_BYTES + 1
