"""ETags: a client that has the newest version need not fetch it, and one that has an old version cannot overwrite it."""

import hashlib
from typing import Any

from flask import Response, request
from marshmallow import Schema

from tiktok_api.errors import StaleVersion
from tiktok_api.web.serializing import dump, to_json


def etag_of(body: bytes) -> str:
    """The version of a representation: equal bytes, equal tag."""
    return hashlib.sha256(body).hexdigest()[:32]


def tag(response: Response) -> Response:
    """Put the ETag on an answer; answer 304 to a GET whose If-None-Match names it."""
    response.set_etag(etag_of(response.get_data()))
    if request.method in ("GET", "HEAD"):
        response.make_conditional(request.environ)
    return response


def keep_private(response: Response) -> Response:
    """Let nobody but the client keep an answer, and have it ask again each time whether that is still the newest."""
    looks = request.method in ("GET", "HEAD")
    response.headers.setdefault("Cache-Control", "private, no-cache" if looks else "no-store")
    return response


def must_be_current(schema: type[Schema], thing: Any) -> None:
    """Hold If-Match, where sent, against `thing` as it is now; call it inside the transaction. Raises StaleVersion."""
    if not request.if_match.star_tag and "If-Match" not in request.headers:
        return
    if request.if_match.star_tag:
        return
    # Weak comparison, against RFC 9110's word: nginx weakens every tag when it compresses, and no client could change anything.
    if not request.if_match.contains_weak(etag_of(to_json(dump(schema, thing)))):
        raise StaleVersion
