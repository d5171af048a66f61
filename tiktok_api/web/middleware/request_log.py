"""One log line and one count for each request, when its response has ended: streamed to the last byte, or cut off.

A line names the route, never the path or the query, because those may hold secrets; of a path only the ids are logged.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog
from flask import Flask, Response, g, request

from tiktok_api import logs
from tiktok_api.metrics import counters
from tiktok_api.redaction import redact
from tiktok_api.web.authentication import known_caller
from tiktok_api.web.limits import client_address
from tiktok_api.web.middleware import request_ids

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = structlog.get_logger(__name__)
_log = logging.getLogger(__name__)

_RECORD = "tiktok_api.request"
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_PROBES = {"/livez", "/readyz", "/metrics"}
UNMATCHED = "unmatched"


@cache
def _counters_of(method: str, route: str, status: int) -> tuple[Any, Any]:
    return counters.requests.labels(method, route, str(status)), counters.request_seconds.labels(method, route)


_redact_address = lru_cache(maxsize=1024)(redact)
"""A proxy may let a client choose it."""


class _Record:
    """What is known of a request so far."""

    def __init__(self, environ: "WSGIEnvironment") -> None:
        self._started = time.perf_counter()
        method = str(environ.get("REQUEST_METHOD", ""))
        self.method = method if method in _METHODS else "OTHER"
        self.route = UNMATCHED
        self.status = 500
        self.bytes = 0
        self.length: int | None = None
        self.facts: dict[str, Any] = {}
        self._is_over = False
        counters.requests_in_flight.inc()

    def look(self, response: Response | None = None) -> None:
        """Copy what Flask forgets before the response has ended; its length, unless it is streamed."""
        if response is not None and response.is_sequence:
            self.length = response.calculate_content_length()
        if request.url_rule is not None:
            self.route = request.url_rule.rule
        caller, request_id = known_caller(), g.get("request_id")
        facts = {
            "request_id": redact(request_id) if request_ids.HEADER in request.headers else request_id,
            "address": _redact_address(client_address()[:64]),
            "user": str(caller.user_id) if caller else None,
            "key": str(key) if (key := getattr(caller, "key_id", None)) else None,
            "code": g.get("problem_code"),
        }
        self.facts = {name: value for name, value in facts.items() if value is not None}
        ids = {name: str(value) for name, value in (request.view_args or {}).items() if isinstance(value, UUID)}
        if ids:
            self.facts["ids"] = ids

    def end(self, *, is_cut: bool = False) -> None:
        """Write the line, once."""
        if self._is_over:
            return
        self._is_over = True
        seconds = time.perf_counter() - self._started
        with suppress(OSError):  # the files of the counters may be gone
            counters.requests_in_flight.dec()
            counted, timed = _counters_of(self.method, self.route, self.status)
            counted.inc()
            timed.observe(seconds)
        level = logging.DEBUG if self.route in _PROBES else logging.INFO
        cut = {"cut": True} if is_cut else {}
        about = {"method": self.method, "route": self.route, "status": self.status, "bytes": self.bytes}
        logs.write(_log, level, "request", **about, ms=round(seconds * 1000, 1), **cut, **self.facts)
        structlog.contextvars.clear_contextvars()  # the thread serves other requests


class _CountedBody:
    """The body of a response, counted while it is sent."""

    def __init__(self, pieces: Iterable[bytes], record: _Record) -> None:
        self._pieces, self._record = pieces, record

    def __iter__(self) -> Iterator[bytes]:
        try:
            for piece in self._pieces:
                self._record.bytes += len(piece)
                if self._record.length == self._record.bytes:
                    self._record.end()
                yield piece
        except Exception as error:
            log.exception("answer.failed", exc_info=error, request_id=self._record.facts.get("request_id"))
            raise
        self._record.end()

    def close(self) -> None:
        """Called by the server after the last piece, or when the client is gone."""
        try:
            close: Callable[[], None] = getattr(self._pieces, "close", lambda: None)
            close()
        finally:
            self._record.end(is_cut=True)


def install(app: Flask) -> None:
    """Log and count every request, outside of everything that was installed before."""
    inner: WSGIApplication = app.wsgi_app

    def watched(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        record = environ[_RECORD] = _Record(environ)

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            record.status = int(status[:3])
            return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

        try:
            return _CountedBody(inner(environ, start), record)
        except BaseException:
            record.end(is_cut=True)
            raise

    def look(response: Response) -> Response:
        request.environ[_RECORD].look(response)
        return response

    def look_at_failure(error: BaseException | None) -> None:
        if error is not None and _RECORD in request.environ:
            request.environ[_RECORD].look()

    app.after_request_funcs.setdefault(None, []).insert(0, look)  # the last to run
    app.teardown_request(look_at_failure)
    app.wsgi_app = watched  # type: ignore[method-assign]
