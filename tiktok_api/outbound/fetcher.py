"""HTTP to URLs that clients choose: no proxies, no environment, no cookies, no decompression, every redirect checked.

It uses httpcore, the engine below httpx, because that does nothing unasked: what httpx adds (redirects, cookies, decoding,
proxies) must not happen here.
"""

import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import httpcore2
import httpx2

from tiktok_api.http.deadline import Deadline, DeadlinePassed
from tiktok_api.outbound import urls
from tiktok_api.outbound.addresses import Policy
from tiktok_api.outbound.connection import GuardedBackend, Resolve, resolve_by_system
from tiktok_api.outbound.errors import (
    AddressForbidden,
    Interrupted,
    RedirectForbidden,
    TooSlow,
    Unreachable,
    UrlForbidden,
)
from tiktok_api.outbound.urls import Target

_REDIRECTS = (301, 302, 303, 307, 308)
_HEADERS = {"User-Agent": "tiktok-api", "Accept": "*/*", "Accept-Encoding": "identity", "Connection": "close"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait: for a connection, for the head of a response, for more of its body, for all of it.

    All redirects together share the time for one connection and one head.

    A body that is slower than `slowest_bytes_per_second` over `silence_seconds` counts as silent.
    """

    connect_seconds: float = 10.0
    head_seconds: float = 30.0
    silence_seconds: float = 30.0
    total_seconds: float = 1800.0
    slowest_bytes_per_second: float = 1024.0


class Answer:
    """The head of a response, and its body as it arrives. Header names are in lower case."""

    def __init__(self, response: httpcore2.Response, deadline: Deadline, patience: Patience, until: float) -> None:
        self.status = response.status
        self.headers = _joined(response.headers)
        self._response = response
        self._deadline = deadline
        self._patience = patience
        self._until = until

    def pieces(self) -> Iterator[bytes]:
        """Yields the body as it arrives. Raises Interrupted, TooSlow."""
        self._deadline.restart(max(self._until - time.monotonic(), 0))
        began, came = time.monotonic(), 0
        body: Any = self._response.stream
        with _translated_errors():
            for piece in body:
                yield piece
                came += len(piece)
                seconds = time.monotonic() - began
                if seconds >= self._patience.silence_seconds:
                    if came < seconds * self._patience.slowest_bytes_per_second:
                        raise TooSlow("The server sends too slowly.")
                    began, came = time.monotonic(), 0


class Fetcher:
    """Fetches URLs of clients, as `policy` allows. `ssl_context` replaces the system's certificate authorities."""

    def __init__(
        self, policy: Policy, *, resolve: Resolve = resolve_by_system, ssl_context: ssl.SSLContext | None = None
    ) -> None:
        self.policy = policy
        self._resolve = resolve
        self._chosen_ssl_context = ssl_context

    def read(self, url: str) -> Target:
        """The target of `url`, without any connection or lookup. Raises UrlForbidden."""
        return urls.read(url, self.policy)

    @contextmanager
    def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        patience: Patience | None = None,
        most_redirects: int = 5,
    ) -> Iterator[Answer]:
        """Yields the response after at most `most_redirects` redirects; its connection is closed afterwards.

        Raises every OutboundError.
        """
        patience = patience or Patience()
        until = time.monotonic() + patience.total_seconds
        answered_until = min(until, time.monotonic() + patience.connect_seconds + patience.head_seconds)
        target = self.read(url)
        for hop in range(most_redirects + 1):
            with ExitStack() as stack:
                try:
                    answer = stack.enter_context(self._ask(target, headers or {}, patience, answered_until, until))
                except AddressForbidden:
                    if hop:
                        raise _redirect_forbidden() from None
                    raise
                if answer.status not in _REDIRECTS or "location" not in answer.headers:
                    yield answer
                    return
            target = self._follow(target, answer.headers["location"])
        raise RedirectForbidden(f"The server redirects more than {most_redirects} times.")

    @contextmanager
    def post(
        self, url: str, body: bytes, *, headers: Mapping[str, str] | None = None, patience: Patience | None = None
    ) -> Iterator[Answer]:
        """Yields the response to `body`; a redirect is not followed. Raises every OutboundError but RedirectForbidden."""
        patience = patience or Patience()
        until = time.monotonic() + patience.total_seconds
        answered_until = min(until, time.monotonic() + patience.connect_seconds + patience.head_seconds)
        with self._ask(self.read(url), headers or {}, patience, answered_until, until, body=body) as answer:
            yield answer

    def _follow(self, target: Target, location: str) -> Target:
        try:
            sent = location.encode("latin-1").decode(errors="replace")  # many send UTF-8 unencoded
            found = urls.follow(target, sent, self.policy)
        except UrlForbidden:
            raise _redirect_forbidden() from None
        if target.scheme == "https" and found.scheme != "https":
            raise RedirectForbidden("The server redirects from https to http.")
        return found

    @contextmanager
    def _ask(
        self,
        target: Target,
        headers: Mapping[str, str],
        patience: Patience,
        answered_until: float,
        until: float,
        body: bytes | None = None,
    ) -> Iterator[Answer]:
        deadline = Deadline(max(answered_until - time.monotonic(), 0))
        request = _request(target, headers, patience, body)
        backend = GuardedBackend(self.policy, self._resolve, target.scheme, deadline)
        pool = httpcore2.ConnectionPool(
            ssl_context=self._ssl_context if target.scheme == "https" else None,
            max_connections=1,
            max_keepalive_connections=0,
            network_backend=backend,
        )
        try:
            with _translated_errors():
                response = pool.handle_request(request)
            try:
                yield Answer(response, deadline, patience, until)
            finally:
                with suppress(Exception):  # the connection may be broken already
                    response.close()
        finally:
            pool.close()

    @cached_property
    def _ssl_context(self) -> ssl.SSLContext:
        return self._chosen_ssl_context or httpx2.create_ssl_context(trust_env=False)


def _request(target: Target, headers: Mapping[str, str], patience: Patience, body: bytes | None) -> httpcore2.Request:
    timeouts = {"connect": patience.connect_seconds, "write": patience.head_seconds}
    timeouts |= {"read": patience.silence_seconds, "pool": patience.connect_seconds}
    length = {} if body is None else {"Content-Length": str(len(body))}
    return httpcore2.Request(
        "GET" if body is None else "POST",
        httpcore2.URL(
            scheme=target.scheme.encode(), host=target.host.encode(), port=target.port, target=target.resource.encode()
        ),
        headers=[("Host", target.authority), *(_HEADERS | length | dict(headers)).items()],
        content=body,
        extensions={"timeout": timeouts},
    )


def _redirect_forbidden() -> RedirectForbidden:
    return RedirectForbidden("The server redirects to where this server does not go.")


def _joined(raw: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by name; repeated ones are joined by commas (RFC 9110, 5.3)."""
    found: dict[str, str] = {}
    for name, value in raw:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found


@contextmanager
def _translated_errors() -> Iterator[None]:
    try:
        yield
    except DeadlinePassed:
        raise TooSlow("The server took too long.") from None
    except httpcore2.ConnectTimeout:
        raise Unreachable("The server cannot be reached.") from None
    except httpcore2.TimeoutException:
        raise TooSlow("The server fell silent.") from None
    except (httpcore2.NetworkError, httpcore2.ProtocolError):
        raise Interrupted("The connection ended before the answer did.") from None
