"""Request bodies that the application did not read: a connection is kept only if the next request can follow.

A refusal leaves the body of its request on the connection. gunicorn hangs up then, although the response may already have
said that the connection is kept. So the body is drained before the response, within limits, and if it does not end there the
response says `Connection: close`. The server reads on for a moment after that, without a thread.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from tiktok_api.settings import MEBIBYTE

MOST_BYTES, MOST_SECONDS = MEBIBYTE, 1.0
"""How much of a body is drained before the response."""
_PIECE_BYTES = 64 * 1024

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WsgiApp = Callable[[Environ, StartResponse], Iterable[bytes]]


def drain_unread_bodies(application: WsgiApp, may_wait: Callable[[Environ], bool]) -> WsgiApp:
    """Wrap a WSGI application. Only gunicorn offers its socket; under other servers nothing changes.

    `may_wait` says whether a thread may wait for the client now. If not, only what has arrived is drained, and of a chunked
    body nothing.
    """

    def wrapped(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        force_close = getattr(getattr(start_response, "__self__", None), "force_close", None)
        if force_close is None or "gunicorn.socket" not in environ or not _has_body(environ):
            return application(environ, start_response)
        is_begun: list[bool] = []

        def start(*answer: Any) -> Any:
            if not is_begun and not _drain(environ, may_wait):
                force_close()
            is_begun.append(True)
            return start_response(*answer)

        return application(environ, start)

    return wrapped


def _has_body(environ: Environ) -> bool:
    return environ.get("CONTENT_LENGTH", "0") not in ("", "0") or "HTTP_TRANSFER_ENCODING" in environ


def _drain(environ: Environ, may_wait: Callable[[Environ], bool]) -> bool:
    """Returns True if the body has ended, so that the next request can follow."""
    body = environ["wsgi.input"]
    if getattr(body, "is_over", False):
        return not body.failed
    can_wait = may_wait(environ)
    if not can_wait and "HTTP_TRANSFER_ENCODING" in environ:  # small chunks cost more to read than a new connection
        return False
    read = getattr(body, "read1", body.read)
    with _deadline(environ, MOST_SECONDS if can_wait else 0.0) as has_time:
        dropped = 0
        while dropped <= MOST_BYTES and not getattr(body, "failed", False) and has_time():
            try:
                piece = read(_PIECE_BYTES)
            except Exception:  # time-outs, resets and broken chunks: where the next request begins is unknown
                return False
            if not piece:
                return getattr(body, "is_over", True)
            dropped += len(piece)
    return False


@contextmanager
def _deadline(environ: Environ, seconds: float) -> Iterator[Callable[[], bool]]:
    """Limit all reads from the client to `seconds`: call the result before each; it returns False once they are over.

    With 0 seconds, only what has arrived is read.
    """
    socket = environ["gunicorn.socket"]
    before, ends_at = socket.gettimeout(), time.monotonic() + seconds

    def has_time() -> bool:
        left = ends_at - time.monotonic()
        socket.settimeout(max(0.0, left))
        return left > 0 or not seconds

    try:
        yield has_time
    finally:
        socket.settimeout(before)
