"""Request bodies that the application did not read: a connection is kept only if the next request can follow.

A refusal leaves the body of its request on the connection. gunicorn drops up to 64 KiB of it after the response and hangs up
if there is more, or if a read of it has failed, although the response has already said that the connection is kept. So the
body is drained before the response, within limits, and if it does not end there the response says `Connection: close`.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from tiktok_api.settings import MEBIBYTE

MOST_BYTES, MOST_SECONDS = MEBIBYTE, 1.0
"""How much of a body is drained before the response."""
LINGERING_BYTES, LINGERING_SECONDS = 64 * MEBIBYTE, 2.0
"""How much more is read after a response that ends the connection: a client that is still sending could not read it otherwise."""
_PIECE_BYTES = 64 * 1024

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WsgiApp = Callable[[Environ, StartResponse], Iterable[bytes]]


def drain_unread_bodies(application: WsgiApp) -> WsgiApp:
    """Wrap a WSGI application. Only gunicorn offers its socket; under other servers nothing changes."""

    def wrapped(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        force_close = getattr(getattr(start_response, "__self__", None), "force_close", None)
        if force_close is None or "gunicorn.socket" not in environ or not _has_body(environ):
            return application(environ, start_response)
        ending: list[bool] = []

        def start(*answer: Any) -> Any:
            if not ending and not _drain(environ):
                ending.append(True)
                force_close()
            return start_response(*answer)

        return _DrainedBody(application(environ, start), environ, ending)

    return wrapped


class _DrainedBody:
    """The body of a response; if the connection ends after it, what the client is still sending is read and dropped."""

    def __init__(self, body: Iterable[bytes], environ: Environ, ending: list[bool]) -> None:
        self._body, self._environ, self._ending = body, environ, ending

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._body)

    def close(self) -> None:
        """Called by the server after the last byte, or after a failure."""
        try:
            if hasattr(self._body, "close"):
                self._body.close()
        finally:
            if self._ending:
                _linger(self._environ)


def _has_body(environ: Environ) -> bool:
    return environ.get("CONTENT_LENGTH", "0") not in ("", "0") or "HTTP_TRANSFER_ENCODING" in environ


def _drain(environ: Environ) -> bool:
    """Returns True if the body has ended, so that the next request can follow."""
    body = environ["wsgi.input"]
    with _deadline(environ, MOST_SECONDS) as wait:
        for _ in range(MOST_BYTES // _PIECE_BYTES + 1):
            if getattr(body, "failed", False) or not wait():
                return False
            try:
                if not body.read(_PIECE_BYTES):
                    return True
            except Exception:  # time-outs, resets and broken chunks: where the next request begins is unknown
                return False
    return False


def _linger(environ: Environ) -> None:
    with _deadline(environ, LINGERING_SECONDS) as wait:
        for _ in range(LINGERING_BYTES // _PIECE_BYTES):
            try:
                if not wait() or not environ["gunicorn.socket"].recv(_PIECE_BYTES):
                    return
            except OSError:
                return


@contextmanager
def _deadline(environ: Environ, seconds: float) -> Iterator[Callable[[], bool]]:
    """Limit all reads from the client to `seconds`: call the result before each; it returns False once they are over."""
    socket = environ["gunicorn.socket"]
    before, ends_at = socket.gettimeout(), time.monotonic() + seconds

    def wait() -> bool:
        left = ends_at - time.monotonic()
        if left > 0:
            socket.settimeout(left)
        return left > 0

    try:
        yield wait
    finally:
        socket.settimeout(before)
