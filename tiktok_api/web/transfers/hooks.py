"""Which requests and responses are transfers: those in which a thread may have to wait for the client."""

import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

from flask import Flask, Response, current_app, has_request_context, request

from tiktok_api.extensions import service
from tiktok_api.metrics import counters
from tiktok_api.settings import Settings
from tiktok_api.web import rendering
from tiktok_api.web.authentication import known_caller
from tiktok_api.web.limits import client_network
from tiktok_api.web.transfers.places import Bounds, Place, Places, ServerBusy

SMALL_BODY_BYTES = 64 * 1024
"""A request whose body is smaller is no transfer; our own server reads it before it takes a thread."""
SMALL_RESPONSE_BYTES = 1024 * 1024
"""A response that is smaller is no transfer; our own server sends it without a thread."""
_PRESSING_BYTES = 4096

_SOCKET = "gunicorn.socket"
"""Only gunicorn has few threads, shows its socket, and surely closes each response."""
_HELD = "tiktok_api.held_places"
_PLACES = "tiktok_api.places"

Environ = dict[str, Any]
WsgiApp = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


def install(app: Flask) -> None:
    """Take a place before a large body is read and before a large response is sent; the caller is known by then."""
    app.extensions[_PLACES] = Places()
    app.before_request(_take_for_body)
    app.after_request(_take_for_response)


def release_places(app: Flask) -> WsgiApp:
    """Wrap the application, so that places are released when the response has been sent, or has failed."""
    inner: WsgiApp = app.wsgi_app
    places: Places = app.extensions[_PLACES]

    def wrapped(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        held = environ[_HELD] = []
        try:
            return _Released(inner(environ, start_response), places, held)
        except BaseException:
            _release_all(places, held)
            raise

    return wrapped


def may_wait(environ: Environ) -> bool:
    """Returns True if this request holds a place, or can have one now."""
    if not environ.get(_HELD) and has_request_context():
        with suppress(ServerBusy):
            _take(socket.SHUT_RD, is_pressing=False)
    return bool(environ.get(_HELD))


class _Released:
    """The body of a response; after its end the places are released."""

    def __init__(self, body: Iterable[bytes], places: Places, held: list[Place]) -> None:
        self._body, self._places, self._held = body, places, held

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._body)

    def close(self) -> None:
        """Called by the server after the last byte, or after a failure."""
        try:
            if hasattr(self._body, "close"):
                self._body.close()
        finally:
            _release_all(self._places, self._held)


def _release_all(places: Places, held: list[Place]) -> None:
    while held:
        places.release(held.pop())


def _take_for_body() -> None:
    environ = request.environ
    if _SOCKET not in environ or not _is_large_body(environ):
        return
    arrived = getattr(environ["wsgi.input"], "arrived_bytes", 0)
    _take_or_refuse(socket.SHUT_RD, is_pressing=arrived >= min(_PRESSING_BYTES, request.content_length or 1))


def _is_large_body(environ: Environ) -> bool:
    stream: Any = environ["wsgi.input"]
    if hasattr(stream, "has_arrived"):
        return not stream.has_arrived
    return "HTTP_TRANSFER_ENCODING" in environ or (request.content_length or 0) > SMALL_BODY_BYTES


def _take_for_response(response: Response) -> Response:
    environ = request.environ
    has_no_body = request.method == "HEAD" or response.status_code in (204, 304)
    if _SOCKET not in environ or has_no_body or environ.get(_HELD):
        return response
    length: int | None = response.content_length
    if length is None and response.is_sequence:
        length = response.calculate_content_length()
    if length is not None and length <= SMALL_RESPONSE_BYTES:
        return response
    try:
        _take_or_refuse(socket.SHUT_RDWR, is_pressing=True)
    except ServerBusy as busy:
        with suppress(Exception):
            response.close()
        return rendering.render(busy)
    return response


def _take_or_refuse(how: int, *, is_pressing: bool) -> None:
    try:
        _take(how, is_pressing=is_pressing)
    except ServerBusy:
        counters.transfers_refused.labels("refused").inc()
        raise


def _take(how: int, *, is_pressing: bool) -> None:
    environ = request.environ
    connection: Any = environ[_SOCKET]
    caller = known_caller()
    place = Place(client_network(), str(caller.user_id) if caller else None)
    if hasattr(connection, "fair"):
        place.meter, place.cut = connection.fair, lambda: connection.cut(how)
    threads = getattr(connection, "threads", None) or service(Settings).web_threads
    current_app.extensions[_PLACES].take(place, Bounds.for_threads(threads), is_pressing=is_pressing)
    environ.setdefault(_HELD, []).append(place)
