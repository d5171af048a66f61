"""Header values: no control characters in any, and ASCII in those that are read here; checked once, before anything reads one.

Proxies send headers of their own with other characters in them, such as the name of a city, and browsers the cookies of
other services of the same domain; nothing here reads those. The headers of tus have an error of their own
(`media/uploads/tus_headers.py`), a strange token is 401, and a strange `X-Request-ID` is replaced.
"""

import re

from flask import Flask, request

from tiktok_api.errors import BadRequest

ASCII_ONLY = (
    *("Accept", "Content-Encoding", "Content-Type", "Idempotency-Key", "X-HTTP-Method-Override", "TikTok-Signature"),
    *("If-Match", "If-Modified-Since", "If-None-Match", "If-Range", "If-Unmodified-Since", "Range"),
    *("Access-Control-Request-Headers", "Access-Control-Request-Method", "Host", "Origin"),
)
_BY_KEY = {name.upper().replace("-", "_"): name for name in ASCII_ONLY}
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")  # RFC 9110, 5.5: all but the tab are invalid
_PREFIX = "HTTP_"


class MalformedHeader(BadRequest):
    message = "The header {header} has characters that it must not have: send printable ASCII."


def install(app: Flask) -> None:
    """Refuse a request with a malformed header value."""
    app.before_request(_check)


def _check() -> None:
    for key, value in request.environ.items():
        if key.startswith(_PREFIX) or key == "CONTENT_TYPE":
            if value.isascii() and value.isprintable():
                continue
            name = key.removeprefix(_PREFIX)
            if _CONTROL.search(value) or (name in _BY_KEY and not value.isascii()):
                raise MalformedHeader(header=_BY_KEY.get(name) or name.replace("_", "-").title())
