"""Servers on loopback that strangers' URLs lead to, names that lead to them, and an ear at every way out of this process."""

import re
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.listener import Listener


@dataclass(frozen=True)
class Request:
    """One request as it came; header names in lower case."""

    target: str
    headers: dict[str, str]
    server_name: str | None = None


Play = Callable[[Request, socket.socket], None]


class Source(Listener):
    """A server that treats each request as its `play` says; one request a connection."""

    def __init__(self, play: Play, *, host: str = "127.0.0.1", port: int = 0, tls: Any = None) -> None:
        self.requests: list[Request] = []
        self.play = play
        self._tls = tls
        super().__init__(self._converse, host=host, port=port)

    def url(self, path: str = "/video.mp4", *, host: str = "127.0.0.1") -> str:
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}{path}"

    def _converse(self, connection: socket.socket) -> None:
        if self._tls is None:
            self._answer(connection, None)
            return
        context, names = self._tls()
        with context.wrap_socket(connection, server_side=True) as wrapped:
            self._answer(wrapped, names[0] if names else None)

    def _answer(self, connection: socket.socket, server_name: str | None) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            piece = connection.recv(65_536)
            if not piece:
                return
            head += piece
        first, *lines = head.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        request = Request(first.split()[1], headers, server_name)
        self.requests.append(request)
        self.play(request, connection)


def spell(status: str = "200 OK", body: bytes = b"", *, length: int | None = None, **headers: str) -> bytes:
    """An HTTP answer as it goes over the wire; `_` for `-` in the names of headers."""
    said = {"Content-Length": str(len(body) if length is None else length)} | headers
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in said.items()]
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode("latin-1") + body


def answering(*answers: bytes) -> Play:
    """The answers in their order, the last one for ever."""
    left = list(answers)

    def play(_request: Request, connection: socket.socket) -> None:
        connection.sendall(left.pop(0) if len(left) > 1 else left[0])

    return play


def serving(content: bytes, *, etag: str | None = '"v1"', cuts: tuple[int, ...] = ()) -> Play:
    """A server that knows ranges where it names an `etag`; the first connections are cut after so many bytes of body."""
    left = list(cuts)

    def play(request: Request, connection: socket.socket) -> None:
        tag = {"ETag": etag} if etag else {}
        asked = re.fullmatch(r"bytes=(\d+)-", request.headers.get("range", ""))
        first = int(asked[1]) if asked and request.headers.get("if-range") == etag else 0
        body = content[first : first + left.pop(0)] if left else content[first:]
        status = "206 Partial Content" if first else "200 OK"
        if first:
            tag["Content-Range"] = f"bytes {first}-{len(content) - 1}/{len(content)}"
        connection.sendall(spell(status, body, length=len(content) - first, **tag))

    return play


@dataclass
class Names:
    """Which addresses names have: each look-up takes the next answer, the last one is for ever."""

    answers: dict[str, list[list[str] | Exception]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def give(self, name: str, *answers: list[str] | Exception) -> None:
        self.answers[name] = list(answers)

    def __call__(self, host: str) -> list[str]:
        self.asked.append(host)
        answers = self.answers.get(host)
        if answers is None:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


_ears: list[list[tuple[str, Any]]] = []


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if _ears and event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        for heard in _ears:
            heard.append((event, arguments[1] if event == "socket.connect" else arguments[0]))


_is_listening = False


@contextmanager
def listening_for_connections() -> Iterator[list[tuple[str, Any]]]:
    """Everything this process connects to, sends to or looks up meanwhile, told by the interpreter itself (PEP 578)."""
    global _is_listening
    if not _is_listening:
        sys.addaudithook(_hear)
        _is_listening = True
    heard: list[tuple[str, Any]] = []
    _ears.append(heard)
    try:
        yield heard
    finally:
        _ears.remove(heard)


Tls = Callable[[], tuple[ssl.SSLContext, list[str | None]]]
