"""The body of each request: how many bytes it may have, set before anything, such as a limit for each account, reads it."""

from typing import Any

from flask import Flask, Request, current_app, request
from werkzeug.exceptions import BadRequest, HTTPException, RequestEntityTooLarge

from tiktok_api.settings import MEBIBYTE

LARGEST_JSON = MEBIBYTE
"""The bound of routes that name none of their own."""


class BoundedRequest(Request):
    """A request whose chunked body is refused beyond its bound; Werkzeug hands out the part before it as if it were all."""

    _is_too_large = _is_broken = False

    def get_data(self, *args: Any, **options: Any) -> Any:
        """The body. Raises RequestEntityTooLarge, BadRequest for broken chunks, ClientDisconnected; each time it is asked for."""
        is_first_look = getattr(self, "_cached_data", None) is None
        if self._is_broken:
            raise BadRequest
        try:
            body = super().get_data(*args, **options)
        except HTTPException:
            raise
        except Exception as error:  # broken chunks: every server has exceptions of its own
            self._is_broken = True
            raise BadRequest from error
        may_go_on = is_first_look and self.content_length is None and len(body) == self.max_content_length
        self._is_too_large = self._is_too_large or (may_go_on and bool(self.environ["wsgi.input"].read(1)))
        if self._is_too_large:
            raise RequestEntityTooLarge
        return body


def install(app: Flask) -> None:
    """Bound each body by what its route says (`accepts_bytes`); a larger one is 413, chunked or not."""
    app.request_class = BoundedRequest
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_JSON
    app.before_request(_bound)


def _bound() -> None:
    most_bytes = getattr(current_app.view_functions.get(request.endpoint or ""), "most_bytes", None)
    if most_bytes is not None:
        request.max_content_length = most_bytes()
