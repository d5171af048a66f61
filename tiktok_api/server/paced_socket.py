"""The socket of one client: it keeps what the client has not taken yet, and waits for a client only at a least rate."""

import errno
import select
import socket
from collections import deque
from itertools import islice
from typing import Any

from tiktok_api.server.pace import LeastRate

MOST_UNSENT_BYTES = 1024 * 1024
"""How much of a response may wait for the client without a thread: more than any list has."""
_MOST_AT_ONCE = 64
"""Pieces in one system call; Linux takes 1,024."""
FAIR_BYTES_PER_SECOND, FAIR_SECONDS = 64 * 1024, 2.0
"""A client that is slower than this gives its place to another one, if there is no free one."""


class ClientTooSlow(ConnectionResetError):
    """The client has moved too few bytes for too long, or another one needs its place.

    To gunicorn it is as if the client had reset the connection, which it does not log.
    """

    def __init__(self) -> None:
        super().__init__(errno.ECONNRESET, "the client is too slow")


class PacedSocket(socket.socket):
    """A connected socket whose system calls never block; waiting is done here, where it is bounded.

    `threads` is how many requests its server has threads for. gunicorn writes the head of a response by itself: with
    `holds_head` it is sent together with what follows, or with the next `flush`.
    """

    def __init__(self, plain: socket.socket, *, threads: int) -> None:
        super().__init__(plain.family, plain.type, plain.proto, fileno=plain.detach())
        super().setblocking(False)
        self.threads = threads
        self.is_cut = self.holds_head = False
        self.unsent_bytes = 0
        self._unsent: deque[memoryview] = deque()
        self._patience: float | None = None
        self.restart()

    def restart(self) -> None:
        """A new request begins: what an earlier one was slow in does not count."""
        self.least = LeastRate()
        self.fair = LeastRate(FAIR_BYTES_PER_SECOND, FAIR_SECONDS)

    def cut(self, how: int = socket.SHUT_RD) -> None:
        """Called by any thread: the one that waits for this client is to stop, and gets ClientTooSlow."""
        self.is_cut = True
        try:
            self.shutdown(how)
        except OSError:
            return  # the client is gone already

    def setblocking(self, flag: Any) -> None:
        """Wait as long as the rate allows, or not at all."""
        self._patience = None if flag else 0.0

    def settimeout(self, value: float | None) -> None:
        """Wait for the client's next bytes at most `value` seconds, or as long as the rate allows."""
        self._patience = value

    def gettimeout(self) -> float | None:
        """Returns what was set last."""
        return self._patience

    def take(self, size: int) -> bytes:
        """Returns what has arrived, without waiting. Raises BlockingIOError."""
        return super().recv(size)

    def recv(self, bufsize: int, flags: int = 0) -> bytes:
        """Returns what has arrived; waits only if that is nothing. Raises TimeoutError, and ClientTooSlow for good."""
        while not self.is_cut:
            try:
                piece = super().recv(bufsize, flags)
            except BlockingIOError:
                self._wait(select.POLLIN, self._patience)
                continue
            self._moved(len(piece))
            return piece
        raise ClientTooSlow

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        """Put what has arrived into `buffer`. Returns how much that is; waits and raises as `recv` does."""
        while not self.is_cut:
            try:
                count = super().recv_into(buffer, nbytes, flags)
            except BlockingIOError:
                self._wait(select.POLLIN, self._patience)
                continue
            self._moved(count)
            return count
        raise ClientTooSlow

    def send(self, data: Any, flags: int = 0) -> int:
        """The same as `sendall`, at once: gunicorn sends by it what a client waits for before it goes on."""
        self.holds_head = False
        self.sendall(data)
        return len(data)

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Send, and keep what the client does not take yet; wait only if that is more than MOST_UNSENT_BYTES."""
        self._unsent.append(memoryview(data))
        self.unsent_bytes += len(data)
        if self.holds_head:
            self.holds_head = False
            return
        self.flush()
        while self.unsent_bytes > MOST_UNSENT_BYTES:
            if self.is_cut:
                raise ClientTooSlow
            self._wait(select.POLLOUT, None)
            self.flush()

    def flush(self) -> None:
        """Send what the client takes now, without waiting."""
        while self._unsent:
            try:
                count = super().sendmsg(islice(self._unsent, _MOST_AT_ONCE))
            except BlockingIOError:
                return
            self._moved(count)
            self.unsent_bytes -= count
            while self._unsent and count >= len(self._unsent[0]):
                count -= len(self._unsent.popleft())
            if count:
                self._unsent[0] = self._unsent[0][count:]

    def _moved(self, count: int) -> None:
        self.least.moved(count)
        self.fair.moved(count)

    def _wait(self, event: int, patience: float | None) -> None:
        left = self.least.seconds_left
        if left <= 0:
            raise ClientTooSlow
        if patience == 0:
            raise BlockingIOError
        poll = select.poll()
        poll.register(self.fileno(), event)
        self.least.begin_waiting()
        self.fair.begin_waiting()
        try:
            is_ready = poll.poll(1000 * (left if patience is None else min(left, patience)))
        finally:
            self.least.end_waiting()
            self.fair.end_waiting()
        if not is_ready:
            raise ClientTooSlow if self.least.seconds_left <= 0 else TimeoutError("timed out")
