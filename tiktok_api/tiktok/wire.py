"""Sends one request and returns one response of bounded size, logged without secrets. Never repeats anything."""

import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2
import orjson
from structlog import get_logger

from tiktok_api.http.deadline import current, deadline
from tiktok_api.redaction import HIDDEN, Redactor, fingerprint
from tiktok_api.tiktok.answers import ApiAnswer
from tiktok_api.tiktok.errors import AccessTokenInvalid, TikTokError, TikTokUnreachable
from tiktok_api.tiktok.transport import DeadlineTransport

MAX_ANSWER_BYTES = 2 * 1024 * 1024
HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "tiktok-api"}
JSON = "application/json; charset=UTF-8"
# With these, not one byte of the request can have reached TikTok.
NEVER_SENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
)

log = get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds. `read` bounds the silence and, as a whole, the exchange once connected; `chunk` does so for a PUT."""

    connect: float = 5.0
    read: float = 30.0
    chunk: float = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request. `seconds` bounds it as a whole, `silence` every wait inside; `body` is what the log may show."""

    operation: str
    method: str
    url: httpx2.URL
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: bytes | Iterable[bytes] = field(default=b"", repr=False)
    body: Any = field(default=None, repr=False)
    secrets: tuple[str | None, ...] = field(default=(), repr=False)
    token: str | None = field(default=None, repr=False)
    silence: float
    seconds: float


class Wire:
    """Sends every request to TikTok; safe for threads.

    It uses the transport directly. A client would bring a cookie jar shared by all accounts, redirects,
    the environment's proxies, and log lines with whole URLs, none of which may happen here.
    """

    def __init__(self, *, api_url: str, transport: httpx2.BaseTransport | None, timeouts: Timeouts) -> None:
        _quieten()
        self.timeouts = timeouts
        self._api_url = api_url.rstrip("/")
        self._transport = transport or DeadlineTransport()

    def close(self) -> None:
        """Close every connection."""
        self._transport.close()

    def post_json(
        self, path: str, access_token: str, payload: Mapping[str, Any], *, secrets: Sequence[str] = ()
    ) -> ApiAnswer:
        """POST a JSON object for a user, to a path like `/v2/post/publish/status/fetch/`."""
        content = orjson.dumps(payload)
        return self._call_for(access_token, "POST", path, content=content, body=payload, secrets=secrets)

    def get(self, path: str, access_token: str) -> ApiAnswer:
        """GET for a user."""
        return self._call_for(access_token, "GET", path)

    def post_form(self, path: str, fields: Mapping[str, str], *, secrets: Iterable[str | None]) -> ApiAnswer:
        """POST a form without a bearer, as the OAuth endpoints want it."""
        content = str(httpx2.QueryParams(fields)).encode()
        return self.exchange(
            Call(
                operation=path,
                method="POST",
                url=self._url(path),
                headers={"Content-Type": "application/x-www-form-urlencoded", "Cache-Control": "no-cache"},
                content=content,
                body={**fields, "code": HIDDEN} if "code" in fields else dict(fields),
                secrets=tuple(secrets),
                silence=self.timeouts.read,
                seconds=self.timeouts.connect + self.timeouts.read,
            )
        )

    def exchange(self, call: Call) -> ApiAnswer:
        """Send the request once. Returns any response that arrives whole. Raises TikTokUnreachable."""
        redactor = Redactor((*call.secrets, call.token))
        note = log.bind(
            operation=call.operation,
            method=call.method,
            host=call.url.host,
            token=fingerprint(call.token) if call.token else None,
        )
        note.debug("tiktok.request", body=redactor.redact(call.body))
        started = time.monotonic()
        try:
            answer = self._send(call, redactor)
        except TikTokError as error:
            note.warning("tiktok.unreachable", error=str(error), duration_ms=_since(started))
            raise
        note.info(
            "tiktok.response",
            http_status=answer.http_status,
            code=answer.code,
            log_id=answer.log_id,
            size=len(answer.body),
            duration_ms=_since(started),
        )
        note.debug("tiktok.answer", document=redactor.redact(answer.document), log_id=answer.log_id)
        return answer

    def _call_for(
        self,
        access_token: str,
        method: str,
        path: str,
        *,
        content: bytes = b"",
        body: Any = None,
        secrets: Sequence[str] = (),
    ) -> ApiAnswer:
        if not is_sendable(access_token):
            raise AccessTokenInvalid(f"{path}: the access token is not one", code="access_token_invalid")
        headers = {"Authorization": f"Bearer {access_token}"}
        if method == "POST":
            headers["Content-Type"] = JSON
        return self.exchange(
            Call(
                operation=path.partition("?")[0],
                method=method,
                url=self._url(path),
                headers=headers,
                content=content,
                body=body,
                secrets=tuple(secrets),
                token=access_token,
                silence=self.timeouts.read,
                seconds=self.timeouts.connect + self.timeouts.read,
            )
        )

    def _url(self, path: str) -> httpx2.URL:
        return httpx2.URL(self._api_url + path)

    def _send(self, call: Call, redactor: Redactor) -> ApiAnswer:
        waits = {
            "connect": self.timeouts.connect,
            "pool": self.timeouts.connect,
            "read": call.silence,
            "write": call.silence,
        }
        request = httpx2.Request(
            call.method,
            call.url,
            headers={**HEADERS, **call.headers},
            content=call.content or None,
            extensions={"timeout": waits},
        )
        try:
            with deadline(call.seconds):
                response = self._transport.handle_request(request)
                try:
                    body = b"".join(_bounded(response.stream, call.operation, response.status_code))
                finally:
                    response.close()
        except httpx2.TransportError as error:
            raise _unreachable(call.operation, error) from None
        headers = {name.lower(): value for name, value in response.headers.items()}
        return ApiAnswer(call.operation, response.status_code, headers, body, redactor)


def is_sendable(token: str) -> bool:
    """Returns True if the token can be sent in a header: visible ASCII of a reasonable length."""
    return 0 < len(token) <= 4_096 and all("!" <= letter <= "~" for letter in token)


def _bounded(stream: Any, operation: str, http_status: int) -> Iterator[bytes]:
    size = 0
    for piece in stream:
        size += len(piece)
        if size > MAX_ANSWER_BYTES:
            raise TikTokUnreachable(
                f"{operation}: the answer exceeds {MAX_ANSWER_BYTES} bytes", http_status=http_status
            )
        if current().has_passed:
            raise httpx2.ReadTimeout("The exchange took too long as a whole.")
        yield piece


def _unreachable(operation: str, error: httpx2.TransportError) -> TikTokUnreachable:
    # Only connection errors are quoted: others may hold headers, and with them a token.
    detail = f": {error}" if isinstance(error, httpx2.ConnectError) else ""
    return TikTokUnreachable(f"{operation}: {type(error).__name__}{detail}", was_sent=not isinstance(error, NEVER_SENT))


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)


def _quieten() -> None:
    # At INFO httpx2 logs whole URLs, upload tokens among them; at DEBUG httpcore2 logs headers.
    for name in ("httpx2", "httpcore2"):
        logging.getLogger(name).setLevel(logging.WARNING)
