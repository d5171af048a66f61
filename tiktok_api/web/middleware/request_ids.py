"""Every request has an id: the client's own if it sent a sane one, ours otherwise; answered, logged and kept by jobs."""

import re

import structlog
from flask import Flask, Response, g, has_request_context, request

from tiktok_api.db import new_id

HEADER = "X-Request-ID"
_SANE = re.compile(r"[A-Za-z0-9._:+/=@-]{1,128}")


def current_request_id() -> str | None:
    """The id of the request being answered, or that of the request that asked for the job being run."""
    if has_request_context():
        return str(g.request_id)
    return structlog.contextvars.get_contextvars().get("request_id")


def install(app: Flask) -> None:
    """Give each request its id before anything else happens, and put it on each answer."""

    @app.before_request
    def begin() -> None:
        offered = request.headers.get(HEADER, "")
        g.request_id = offered if _SANE.fullmatch(offered) else str(new_id())
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def answer(response: Response) -> Response:
        response.headers[HEADER] = g.get("request_id", "")
        return response
