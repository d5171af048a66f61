"""The HTTP/1.1 protocol on one connection: requests to WSGI, answers back, and resets on purpose."""

import contextlib
import http.server
import io
import socket
import socketserver
import struct
import sys
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote_to_bytes
from wsgiref.types import WSGIApplication

from tiktok_api.simulator.faults.effects import ConnectionDropped
from tiktok_api.simulator.server.request_body import IncomingBody, read_chunked

PIECE = 1 << 20
IDLE_SECONDS = 60.0
"""A connection is closed after this time without a byte, also in the middle of a body."""


class ApplicationServer(socketserver.TCPServer):
    """A server of one application, as a connection sees it."""

    application: WSGIApplication

    def forget(self, request: socket.socket) -> None:
        """Do not cut this connection when stopping."""
        raise NotImplementedError


class ConnectionHandler(http.server.BaseHTTPRequestHandler):
    """Answers the requests of one connection, one after another."""

    protocol_version = "HTTP/1.1"
    server_version = "TikTokSimulator"
    sys_version = ""
    disable_nagle_algorithm = True
    timeout = IDLE_SECONDS
    server: ApplicationServer

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: the journal records the requests."""

    def respond(self) -> None:
        """Answer one request by calling the application."""
        body = self._body()
        if body is None:
            self.send_error(400)
            return
        try:
            self._run(self._environ(body))
            self._drain(body)
        except ConnectionDropped:
            self._hang_up()
        except OSError:
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = respond  # noqa: N815 - the names that http.server asks for

    def _body(self) -> IncomingBody | None:
        """Returns the body of this request, a chunked one already read; None if its length is not valid."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            raw = read_chunked(self.rfile)
            if raw is None:
                return None
            if self.command == "PUT":  # a chunk has to announce its length
                raw = b""
            else:
                del self.headers["Content-Length"]
                self.headers["Content-Length"] = str(len(raw))
            return IncomingBody(io.BytesIO(raw), len(raw))
        length = self.headers.get("Content-Length", "0")
        return IncomingBody(self.rfile, int(length)) if length.isdecimal() else None

    def _environ(self, body: IncomingBody) -> dict[str, Any]:
        path, _, query = self.path.partition("?")
        host, port = self.server.server_address[:2]
        environ = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "SERVER_NAME": str(host),
            "SERVER_PORT": str(port),
            "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": self.client_address[0],
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": body,
            "wsgi.input_terminated": True,
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        if "Content-Length" in self.headers:
            environ["CONTENT_LENGTH"] = self.headers["Content-Length"]
        for name in {*self.headers.keys()} - {"Content-Type", "Content-Length"}:
            environ["HTTP_" + name.upper().replace("-", "_")] = ",".join(self.headers.get_all(name, []))
        return environ

    def _run(self, environ: dict[str, Any]) -> None:
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            started[:] = [status, headers]
            return lambda _: None

        pieces = self.server.application(environ, start_response)
        try:
            self._send(started, pieces)
        finally:
            close = getattr(pieces, "close", None)
            if close is not None:
                close()

    def _send(self, started: list[Any], pieces: Iterable[bytes]) -> None:
        """Send the head with the first piece, so that a short answer is one packet."""
        head: bytes | None = None
        has_length = False
        for piece in pieces:
            if head is None:
                head, has_length = self._head(*started)
                piece = head + piece
            if piece:
                self.wfile.write(piece)
        if head is None:
            head, has_length = self._head(*started)
            self.wfile.write(head)
        if not has_length:
            self.close_connection = True

    def _head(self, status: str, headers: list[tuple[str, str]]) -> tuple[bytes, bool]:
        names = {name.lower() for name, _ in headers}
        has_length = "content-length" in names or status[:3] in ("204", "304")
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]
        if "date" not in names:
            lines.append(f"Date: {self.date_time_string()}")
        lines.append(f"Connection: {'keep-alive' if has_length and not self.close_connection else 'close'}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1"), has_length

    def _drain(self, body: IncomingBody) -> None:
        """Read the rest of the body, because the next request begins after it."""
        while body.read(PIECE):
            pass
        if body.cut_short:
            self.close_connection = True

    def _hang_up(self) -> None:
        """Reset the connection, so that the client cannot mistake it for the end of an answer."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.server.forget(self.connection)
        self.connection.close()
