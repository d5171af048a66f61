"""A server on this machine that hosts media to pull and receives webhooks."""

import contextlib
import http.server
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass
class OtherServer:
    """The files it hosts, its answers to webhooks, and what it received."""

    url: str = ""
    files: dict[str, tuple[int, bytes, dict[str, str]]] = field(default_factory=dict)
    answers: list[int] = field(default_factory=list)
    always: int = 200
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    on_get: Callable[[str], None] = lambda path: None

    def host(self, path: str, body: bytes, status: int = 200, **headers: str) -> str:
        """Host a file. Returns its URL."""
        self.files[path] = (status, body, headers)
        return self.url + path


@contextlib.contextmanager
def other_server() -> Iterator[OtherServer]:
    """Run a server on a thread."""
    host = OtherServer()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            host.fetched.append(self.path)
            host.on_get(path)
            status, body, headers = host.files.get(path, (404, b"", {}))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            if "Content_Length" not in headers:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            host.received.append((dict(self.headers.items()), body))
            self.send_response(host.answers.pop(0) if host.answers else host.always)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        host.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield host
        finally:
            server.shutdown()
            thread.join()
