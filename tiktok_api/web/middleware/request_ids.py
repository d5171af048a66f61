"""The id of each request: the client's own if it is well formed, else a new one; it is in the response, the log and jobs."""

import re

import structlog
from flask import Flask, Response, g, request

from tiktok_api.db import new_id

HEADER = "X-Request-ID"
_WELL_FORMED = re.compile(r"[A-Za-z0-9._:+/=@-]{1,128}")


def install(app: Flask) -> None:
    """Give each request its id before anything else happens, and put it on each response."""

    @app.before_request
    def begin() -> None:
        offered = request.headers.get(HEADER, "")
        g.request_id = offered if _WELL_FORMED.fullmatch(offered) else str(new_id())
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def answer(response: Response) -> Response:
        response.headers[HEADER] = g.get("request_id", "")
        return response
