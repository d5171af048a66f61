"""A small HTTP/1.1 server for one WSGI application: kept connections, bodies of any size, and resets on purpose.

Two servers were tried in its place. Werkzeug's closes the connection after each answer and does not check lengths and chunks
of bodies; cheroot's listener ends with an error when the application resets a socket in the middle of a body.
"""

import contextlib
import logging
import socket
import socketserver
import sys
import threading
import time
import weakref
from typing import Any
from wsgiref.types import WSGIApplication

from tiktok_api.simulator.server.connection import ApplicationServer, ConnectionHandler

STOP_SECONDS = 1.0
PAUSE_SECONDS = 0.05

log = logging.getLogger(__name__)


class SimulatorServer(socketserver.ThreadingMixIn, ApplicationServer):
    """Listens, with a thread for each connection; stopping cuts the open ones."""

    allow_reuse_address = True
    request_queue_size = 512
    daemon_threads = True
    block_on_close = False

    def __init__(
        self, host: str, port: int, application: WSGIApplication, listener: socket.socket | None = None
    ) -> None:
        self.application = application
        self._open: set[socket.socket] = set()
        self._answering = weakref.WeakSet[threading.Thread]()
        self._lock = threading.Lock()
        self._is_stopping = False
        super().__init__((host, port), ConnectionHandler, bind_and_activate=listener is None)
        if listener is not None:
            self.socket.close()
            self.socket, self.server_address = listener, listener.getsockname()
            self.server_activate()

    @property
    def url(self) -> str:
        """The URL at which it listens."""
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer a connection on a thread of its own."""
        thread = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), name="simulator-request", daemon=True
        )
        with self._lock:
            self._open.add(request)
            self._answering.add(thread)
        thread.start()

    def shutdown_request(self, request: Any) -> None:
        """Close a connection."""
        self.forget(request)
        super().shutdown_request(request)

    def forget(self, request: socket.socket) -> None:
        """Do not cut this connection when stopping."""
        with self._lock:
            self._open.discard(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report an error, unless it is a broken connection."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def serve(self) -> None:
        """Accept connections until stopped; an error with one connection ends no other."""
        while not self._is_stopping:
            try:
                self.handle_request()
            except Exception:
                log.exception("A connection could not be accepted")
                time.sleep(PAUSE_SECONDS)

    def stop(self) -> None:
        """Accept no more connections; a last one, from here, wakes the thread that accepts them."""
        self._is_stopping = True
        host, port = self.server_address[:2]
        with contextlib.suppress(OSError), socket.create_connection((str(host), port), timeout=5):
            pass

    def cut_connections(self) -> None:
        """Cut all open connections; a request that does not end within STOP_SECONDS is left running."""
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            threads = list(self._answering)
        deadline = time.monotonic() + STOP_SECONDS
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
