"""One client's connection: what it is waiting for, and until when."""

import socket
import time
from enum import Enum
from typing import Any

from gunicorn import util

from tiktok_api.server.arrival import HEAD_SECONDS, Arrival, HeadRefusal
from tiktok_api.server.body import ArrivingRequests, Unreader
from tiktok_api.server.networks import network_of
from tiktok_api.server.paced_socket import ClientTooSlow, PacedSocket

LINGER_SECONDS, LINGER_BYTES = 2.0, 64 * 1024 * 1024
"""What is still read after the last response: a client that is sending could not read it otherwise (RFC 9112, section 9.6)."""
_PIECE_BYTES = 64 * 1024
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Waiting(Enum):
    """What a connection without a thread waits for."""

    REQUEST = "request"
    SENDING = "sending"
    END = "end"


class ClientConnection:
    """Has the attributes that gunicorn's worker expects of one."""

    initialized = data_ready = True
    is_http2 = False

    def __init__(self, cfg: Any, sock: PacedSocket, client: Any, server: Any) -> None:
        self.cfg, self.sock, self.client, self.server = cfg, sock, client, server
        self.network = network_of(str(client[0])) if isinstance(client, tuple) else ""  # the peer's, perhaps a proxy's
        self.parser: ArrivingRequests | None = None
        self.arrival = Arrival()
        self.waiting = Waiting.REQUEST
        self.since = time.monotonic()
        self.until = self.since + HEAD_SECONDS
        self.is_kept = True
        self.is_dropped = False
        self._lingered = 0

    @property
    def is_idle(self) -> bool:
        """Returns True if it is between two requests, or before the first one."""
        return self.waiting is Waiting.REQUEST and not self.arrival.content

    def init(self) -> None:
        """Called in a thread: hand what has arrived to the parser."""
        self.sock.restart()
        self.sock.holds_head = True
        if self.parser is None:
            self.parser = ArrivingRequests(self.cfg, self.sock, self.client)
            self.parser.unreader = Unreader(self.sock)
        unreader, arrival = self.parser.unreader, self.arrival
        unreader.unread(bytes(arrival.content))
        unreader.has_all_chunks, unreader.has_continued = arrival.has_all_chunks, arrival.wants_continue
        self.arrival = Arrival()

    def await_request(self, *, idle_seconds: float) -> None:
        """After a response: begin with what the client has sent of its next request."""
        self._begin(Waiting.REQUEST, idle_seconds)
        if self.parser is not None and (more := self.parser.unreader.take_buffered()):
            self.feed(more)

    def feed(self, data: bytes) -> None:
        """The client has sent `data`. Raises OSError."""
        is_first, had_head = not self.arrival.content, self.arrival.has_head
        self.arrival.feed(data)
        if is_first and self.parser is not None:  # before its first request, the connection's own time counts
            self.until = self._in(HEAD_SECONDS)
        if self.arrival.awaits_body and not had_head:
            self.until = self._in(self.arrival.body_seconds)
            if self.arrival.wants_continue:
                self.sock.sendall(_CONTINUE)

    def receive(self) -> bool:
        """Take what has arrived. Returns False if the client has hung up. Raises OSError."""
        data = self.sock.take(_PIECE_BYTES)
        if data:
            self.feed(data)
        return bool(data)

    def await_sending(self) -> None:
        """The client is to take what is unsent, at the least rate. Raises ClientTooSlow."""
        if self.sock.least.seconds_left <= 0:
            raise ClientTooSlow
        self._begin(Waiting.SENDING, self.sock.least.seconds_left)

    def flush(self) -> None:
        """Send more. Raises OSError."""
        self.sock.least.waited(time.monotonic() - self.since)
        self.sock.flush()

    def await_end(self) -> None:
        """Say that nothing more comes, and wait until the client has read it. Raises OSError."""
        self.sock.shutdown(socket.SHUT_WR)
        self._begin(Waiting.END, LINGER_SECONDS)

    def drop_received(self) -> bool:
        """Read and forget. Returns False once that is over. Raises OSError."""
        dropped = len(self.sock.take(_PIECE_BYTES))
        self._lingered += dropped
        return dropped > 0 and self._lingered < LINGER_BYTES

    def refuse(self, refusal: HeadRefusal) -> None:
        """Answer a request whose head never became complete. Raises OSError."""
        self.is_kept = False
        util.write_error(self.sock, refusal.status, refusal.reason, refusal.detail)

    def _begin(self, waiting: Waiting, seconds: float) -> None:
        self.waiting, self.since = waiting, time.monotonic()
        self.until = self.since + seconds

    @staticmethod
    def _in(seconds: float) -> float:
        return time.monotonic() + seconds
