"""An HTTP transport that obeys `http.deadline`: a whole exchange is bounded, not only the silence between two bytes."""

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpcore2
import httpx2

from tiktok_api.http.backend import DeadlineBackend
from tiktok_api.http.deadline import DeadlinePassed, Stage, current

_TIMEOUTS: dict[Stage, type[httpx2.TimeoutException]] = {
    Stage.CONNECT: httpx2.ConnectTimeout,
    Stage.WRITE: httpx2.WriteTimeout,
    Stage.READ: httpx2.ReadTimeout,
}


@contextmanager
def _in_httpx_terms() -> Iterator[None]:
    try:
        yield
    except DeadlinePassed as error:
        raise _TIMEOUTS[error.stage](str(error)) from None
    except (httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError) as error:
        kind: type[httpx2.TransportError] = getattr(httpx2, type(error).__name__)
        raise kind(str(error)) from None


class _ResponseBody(httpx2.SyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        with _in_httpx_terms():
            yield from self._stream

    def close(self) -> None:
        self._stream.close()


class DeadlineTransport(httpx2.BaseTransport):
    """HTTP/1.1 with keep-alive, safe for threads, without proxies, environment, redirects or cookies.

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
        return httpx2.Response(answer.status, headers=answer.headers, stream=_ResponseBody(answer.stream))

    def close(self) -> None:
        pool = self._pools.pop(os.getpid(), None)
        if pool is not None:
            pool.close()

    def _pool(self) -> httpcore2.ConnectionPool:
        pid = os.getpid()
        pool = self._pools.get(pid)
        if pool is not None:
            return pool
        for other in [process for process in self._pools if process != pid]:
            self._pools.pop(other, None)
        # Without a lock, which a fork could leave locked for ever: of two new pools one is dropped unused.
        return self._pools.setdefault(pid, self._new_pool())

    def _new_pool(self) -> httpcore2.ConnectionPool:
        max_connections, max_idle, idle_seconds = self._limits
        return httpcore2.ConnectionPool(
            ssl_context=self._ssl_context or httpx2.create_ssl_context(trust_env=False),
            max_connections=max_connections,
            max_keepalive_connections=max_idle,
            keepalive_expiry=idle_seconds,
            network_backend=DeadlineBackend(current),
        )
