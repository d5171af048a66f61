"""A proxy between a client and a server that breaks connections after so many bytes."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from tests.media.raw_tus import reset

PIECE_BYTES = 16 * 1024


class CuttingProxy:
    """Hands on what comes, and ends the connection on which the `cuts`th byte from clients, counted in all, came by.

    `accident` happens just before the client can notice, such as the end of the server. With `is_silent` only the client
    notices, as when its network breaks: the server just gets nothing any more.
    """

    def __init__(
        self, port: int, *, cuts: list[int], accident: Callable[[], object] = lambda: None, is_silent: bool = False
    ) -> None:
        self.handed_on = 0
        self.cuts = sorted(cuts)
        self._port, self._accident, self._is_silent = port, accident, is_silent
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: list[socket.socket] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for each in (self._listener, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._port), timeout=60)
            except OSError:
                client.close()
                continue
            self._open += [client, server]
            threading.Thread(target=self._hand_on, args=(client, server), daemon=True).start()
            threading.Thread(target=self._bring_back, args=(server, client), daemon=True).start()

    def _hand_on(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while piece := client.recv(PIECE_BYTES):
                server.sendall(piece)
                with self._lock:
                    self.handed_on += len(piece)
                    is_cut = bool(self.cuts) and self.handed_on >= self.cuts[0]
                    if is_cut:
                        self.cuts.pop(0)
                        self._accident()
                if is_cut:
                    self._cut(client, server)
                    return
            server.shutdown(socket.SHUT_WR)

    def _cut(self, client: socket.socket, server: socket.socket) -> None:
        client.shutdown(socket.SHUT_RDWR)  # wakes the other thread, which holds it open
        reset(client)
        if not self._is_silent:
            server.shutdown(socket.SHUT_RDWR)
            server.close()

    def _bring_back(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while piece := server.recv(PIECE_BYTES):
                client.sendall(piece)
            client.shutdown(socket.SHUT_WR)
