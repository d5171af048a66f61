"""A TCP server on loopback, with a thread for each connection."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress


class Listener:
    """Calls `serve` for each connection, which is closed afterwards; `close()` ends them all."""

    def __init__(self, serve: Callable[[socket.socket], None], *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.connections = 0
        self._serve_one = serve
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, port), family=family, dualstack_ipv6=host == "::")
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                self._open.append(connection)
                self._threads.append(threading.Thread(target=self._serve, args=(connection,)))
                self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            self._serve_one(connection)

    def close(self) -> None:
        for one in (self._listener, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join(10)
