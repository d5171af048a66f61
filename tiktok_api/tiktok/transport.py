"""An HTTP transport that bounds a whole exchange, not only the silence between two bytes.

A read timeout alone lets a server that sends one byte a second hold a worker for hours. `deadline` sets the moment by
which everything must be over; the sockets obey it. An exchange runs in one thread, so a context variable carries it.
"""

import os
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpcore2
import httpx2

SLICE_BYTES = 65_536

_deadline: ContextVar[float | None] = ContextVar("tiktok_deadline", default=None)


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Everything that this thread sends or reads inside must be over `seconds` from now."""
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


def has_passed() -> bool:
    """Whether the deadline is over."""
    moment = _deadline.get()
    return moment is not None and time.monotonic() >= moment


def _within(timeout: float | None, too_late: type[Exception]) -> float | None:
    moment = _deadline.get()
    if moment is None:
        return timeout
    left = moment - time.monotonic()
    if left <= 0:
        raise too_late("The exchange took too long as a whole.")
    return left if timeout is None else min(timeout, left)


class PunctualStream(httpcore2.NetworkStream):
    """A connection whose every wait ends with the deadline at the latest."""

    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _within(timeout, httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # In slices, because the stream below starts its timeout anew with every bit that the socket takes.
        view = memoryview(buffer)
        while view:
            self._stream.write(view[:SLICE_BYTES], _within(timeout, httpcore2.WriteTimeout))  # type: ignore[arg-type]  # any buffer will do
            view = view[SLICE_BYTES:]

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        left = _within(timeout, httpcore2.ConnectTimeout)
        return PunctualStream(self._stream.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Backend(httpcore2.SyncBackend):
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        left = _within(timeout, httpcore2.ConnectTimeout)
        return PunctualStream(super().connect_tcp(host, port, left, local_address, socket_options))


@contextmanager
def _in_httpx_terms() -> Iterator[None]:
    try:
        yield
    except (httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError) as error:
        kind: type[httpx2.TransportError] = getattr(httpx2, type(error).__name__)
        raise kind(str(error)) from None


class _Body(httpx2.SyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        with _in_httpx_terms():
            yield from self._stream

    def close(self) -> None:
        self._stream.close()


class DeadlineTransport(httpx2.BaseTransport):
    """HTTP/1.1 with keep-alive, safe for threads; knows no proxies, no environment, no redirects and no cookies.

    `ssl_context` replaces the system's certificate authorities. Connections are opened on first use and belong to one
    process: after a fork, parent and child would otherwise read each other's answers.
    """

    def __init__(
        self,
        *,
        ssl_context: ssl.SSLContext | None = None,
        max_connections: int = 100,
        max_idle: int = 20,
        idle_seconds: float = 15.0,
    ) -> None:
        self._ssl_context = ssl_context
        self._limits = (max_connections, max_idle, idle_seconds)
        self._pools: dict[int, httpcore2.ConnectionPool] = {}

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        url = httpcore2.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        sent = httpcore2.Request(
            method=request.method,
            url=url,
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _in_httpx_terms():
            answer = self._pool().handle_request(sent)
        return httpx2.Response(answer.status, headers=answer.headers, stream=_Body(answer.stream))

    def close(self) -> None:
        pool = self._pools.pop(os.getpid(), None)
        if pool is not None:
            pool.close()

    def _pool(self) -> httpcore2.ConnectionPool:
        here = os.getpid()
        pool = self._pools.get(here)
        if pool is not None:
            return pool
        for elsewhere in [process for process in self._pools if process != here]:
            self._pools.pop(elsewhere, None)
        # Without a lock, which a fork could leave locked for ever: of two new pools one is dropped unused.
        return self._pools.setdefault(here, self._new_pool())

    def _new_pool(self) -> httpcore2.ConnectionPool:
        max_connections, max_idle, idle_seconds = self._limits
        return httpcore2.ConnectionPool(
            ssl_context=self._ssl_context or httpx2.create_ssl_context(trust_env=False),
            max_connections=max_connections,
            max_keepalive_connections=max_idle,
            keepalive_expiry=idle_seconds,
            network_backend=_Backend(),
        )
