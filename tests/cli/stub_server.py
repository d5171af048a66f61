"""A server that says the same to every connection, or nothing at all."""

import contextlib
import socket
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def answering(words: bytes | None) -> Iterator[int]:
    """Runs until the end of the block; yields its port. With None it takes connections and stays silent."""
    connections: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with contextlib.suppress(OSError):  # the listener is closed at the end
                while True:
                    connection, _ = listener.accept()
                    connections.append(connection)
                    if words is not None:
                        connection.settimeout(5)
                        connection.recv(65_536)
                        connection.sendall(words)
                        connection.shutdown(socket.SHUT_WR)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)
            for connection in connections:
                connection.close()


def http(status: str, body: str, kind: str = "application/json") -> bytes:
    """An answer over HTTP."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return (head + body).encode()
