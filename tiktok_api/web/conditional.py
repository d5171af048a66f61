"""ETags: a client with the newest version need not fetch it again, and one with an old version cannot overwrite it."""

import hashlib
from collections.abc import Mapping
from typing import Any

from flask import Response, request
from marshmallow import Schema

from tiktok_api.db import is_locked
from tiktok_api.errors import StaleVersion
from tiktok_api.web.serializing import dump, links_of, to_json, told_once_in


class NotLocked(RuntimeError):
    """A bug: a version was about to be compared with a row that other requests may change meanwhile."""


def etag_of(body: bytes) -> str:
    """The version of a representation: equal bytes, equal tag."""
    return hashlib.sha256(body).hexdigest()[:32]


def version_of(schema: type[Schema], body: dict[str, Any], written: bytes | None = None) -> str:
    """The ETag of `body`, which `schema` made; `written` is the same as JSON.

    Its signed links have a part of their own after a dot: see `must_be_current`. What is told once does not count.
    """
    if told_once := told_once_in(schema):
        body, written = {name: value for name, value in body.items() if name not in told_once}, None
    links = links_of(schema)
    if not links:
        return etag_of(written or to_json(body))
    content = {name: value for name, value in body.items() if name not in links}
    return f"{etag_of(to_json(content))}.{etag_of(to_json([body[name] for name in links]))[:8]}"


def tag(response: Response, version: str | None = None) -> Response:
    """Put the ETag on a response, and make it a 304 for a GET whose If-None-Match names it.

    Raises StaleVersion for a GET whose If-Match does not.
    """
    response.set_etag(version or etag_of(response.get_data()))
    names_a_version = "HTTP_IF_NONE_MATCH" in request.environ or "HTTP_IF_MATCH" in request.environ
    if names_a_version and request.method in ("GET", "HEAD"):
        response.make_conditional(request.environ)
        if response.status_code == StaleVersion.status:
            raise StaleVersion
    return response


def keep_private(response: Response) -> Response:
    """Let only the client cache a response, and make it ask each time whether that is still the newest version."""
    looks = request.method in ("GET", "HEAD")
    response.headers.setdefault("Cache-Control", "private, no-cache" if looks else "no-store")
    return response


def must_be_current(schema: type[Schema], thing: Any) -> None:
    """Compare If-Match, if sent, with `thing`, a row or what was read of it under its lock. Raises StaleVersion.

    The row has to be loaded by `db.locked` in this transaction: of two requests with one version, both would pass otherwise.
    Raises NotLocked, whether or not the header is sent, so that every test of such a route finds it.
    """
    if not is_locked(thing["id"] if isinstance(thing, Mapping) else thing.id):
        raise NotLocked
    if not request.if_match.star_tag and "If-Match" not in request.headers:
        return
    if request.if_match.star_tag:
        return
    # Weak comparison, although RFC 9110 asks for a strong one: nginx weakens every tag when it compresses, so that no client
    # could change anything. Versions that differ only in their links, which change with time, are the same version.
    now = version_of(schema, dump(schema, thing)).partition(".")[0]
    sent = request.if_match.as_set(include_weak=True)  # None stands for a malformed tag
    if now not in {tag.partition(".")[0] for tag in sent if tag}:
        raise StaleVersion
