"""Clients that send one request after the other on connections that they keep, at little cost: raw bytes, one thread."""

import selectors
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Load:
    """What clients got: seconds that each request took, and how many were answered with another status than 2xx or 404."""

    seconds: list[float] = field(default_factory=list)
    failures: int = 0
    lasted: float = 0.0


@dataclass
class _Client:
    connection: socket.socket
    sent_at: float = 0.0
    received: bytearray = field(default_factory=bytearray)
    missing: int | None = None


def request_of(method: str, target: str, *, token: str, body: bytes = b"", **headers: str) -> bytes:
    """A request as it is on the wire."""
    lines = [f"{method} {target} HTTP/1.1", "Host: bench", "Accept: */*", f"Authorization: Bearer {token}"]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def drive(url: str, requests: Iterator[bytes], *, clients: int, seconds: float) -> Load:
    """Send requests for so long; those under way at the end are awaited."""
    load, parts = Load(), urlsplit(url)
    with selectors.DefaultSelector() as selector:
        for _ in range(clients):
            connection = socket.create_connection((parts.hostname, parts.port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client = _Client(connection)
            selector.register(connection, selectors.EVENT_READ, client)
            _send(client, next(requests))
        began = time.perf_counter()
        while selector.get_map():
            for key, _ in selector.select():
                client = key.data
                if not _receive(client, load):
                    continue
                if time.perf_counter() - began < seconds:
                    _send(client, next(requests))
                else:
                    selector.unregister(client.connection)
                    client.connection.close()
    load.lasted = time.perf_counter() - began
    return load


def _send(client: _Client, request: bytes) -> None:
    client.sent_at = time.perf_counter()
    client.connection.sendall(request)


def _receive(client: _Client, load: Load) -> bool:
    """Returns True if the response is whole."""
    piece = client.connection.recv(262_144)
    if not piece:
        raise SystemExit("the server closed a connection")
    client.received += piece
    if client.missing is None:
        end = client.received.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = bytes(client.received[:end]).lower()
        client.missing = end + 4 + int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        load.failures += head[9:10] != b"2" and head[9:12] != b"404"
    if len(client.received) < client.missing:
        return False
    load.seconds.append(time.perf_counter() - client.sent_at)
    client.received, client.missing = bytearray(), None
    return True
