"""Links that show one picture or file without a token, for some minutes: `<img>` and `<video>` send none.

A link names its thing, its version and its expiry, and is signed. Within ten minutes the same thing has the same link, so
that browsers can cache; each thing's ten minutes start at another moment, so that not all links change at once.
"""

import hmac
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, g, url_for
from marshmallow import fields, validate

from tiktok_api import clock
from tiktok_api.errors import Forbidden
from tiktok_api.extensions import service
from tiktok_api.settings import Settings
from tiktok_api.web.link_target import LinkTarget
from tiktok_api.web.schemas import Schema

SAME_SECONDS = 600
"""Seconds for which a link stays the same."""
LEAST_SECONDS = 1200
"""A link is valid for at least so long, and at most for SAME_SECONDS more."""
LINKS_PER_MINUTE = "3000/minute"
"""Each client's quota for following links, apart from the one for requests."""
_ANY_ID = UUID(int=0)
_SHOWN_ANYWHERE = {"Cross-Origin-Resource-Policy": "cross-origin"}


class LinkSignatureInvalid(Forbidden):
    message = "This link was not made by this server, was altered, or what it showed is gone; ask for a new one."


class LinkExpired(Forbidden):
    message = "This link has expired; ask for a new one."


class SignedUrl(fields.String):
    """A field of a response whose value, a LinkTarget, is written as a signed URL, or null."""


class LinkArgsSchema(Schema):
    """The proof that this server made a link. A wrong one is refused with 403."""

    expires = fields.String(
        load_default="",
        validate=validate.Length(max=100),
        metadata={"description": "Seconds since 1970.", "example": "1804593600"},
    )
    signature = fields.String(
        load_default="",
        validate=validate.Length(max=200),
        metadata={"description": "Do not log it.", "example": "q1Zt…"},
    )


def url_of(target: LinkTarget) -> str:
    """The present link to `target`, under PUBLIC_URL: a client may send any Host."""
    expires = _expiry(target.id)
    before, after = _around_id(target)
    return f"{before}{target.id}{after}?expires={expires}&signature={_sign(target, str(expires))}"


def url_until(target: LinkTarget, url: str, until: datetime) -> str:
    """A link to `target` that is valid until then, for e-mails; `url` is its route's, since a worker has no routes."""
    expires = str(int(until.timestamp()))
    return f"{url}?expires={expires}&signature={_sign(target, expires)}"


def _around_id(target: LinkTarget) -> tuple[str, str]:
    """The parts of a link before and after its id, built once for a request: a page has many links to one route."""
    known: dict[str, tuple[str, str]] = g.setdefault("parts_of_links", {})
    found = known.get(target.endpoint)
    if found is None:
        ids: dict[str, Any] = {target.id_name: _ANY_ID}
        before, _, after = url_for(target.endpoint, **ids).partition(str(_ANY_ID))
        found = known[target.endpoint] = (service(Settings).public_url + before, after)
    return found


def must_be_signed(endpoint: str, thing_id: UUID, version: str | None, *, expires: str, signature: str) -> None:
    """Raises LinkSignatureInvalid, LinkExpired. `version` is the thing's present version; None, if it is gone, fits no link."""
    target = LinkTarget(endpoint, "", thing_id, version or "")
    if not hmac.compare_digest(_sign(target, expires).encode(), signature.encode("utf-8", "replace")):
        raise LinkSignatureInvalid
    if int(expires) <= clock.now().timestamp():
        raise LinkExpired


def let_browsers_keep(response: Response, *, expires: str) -> Response:
    """Allow the response to a followed link to be shown on any page and cached until the link expires."""
    response.headers.extend(_SHOWN_ANYWHERE)
    seconds = max(0, int(int(expires) - clock.now().timestamp()))
    if response.status_code in (200, 206, 304):
        response.headers["Cache-Control"] = f"private, max-age={seconds}, immutable"
    elif response.status_code == 307:  # S3's URL expires as well: half of its time is left for following it
        usable = service(Settings).s3_link_seconds // 2
        response.headers["Cache-Control"] = f"private, max-age={min(seconds, usable)}"
    return response


def _expiry(thing_id: UUID) -> int:
    now = int(clock.now().timestamp())
    own = thing_id.int % SAME_SECONDS
    return (now - own) // SAME_SECONDS * SAME_SECONDS + own + SAME_SECONDS + LEAST_SECONDS


def _sign(target: LinkTarget, expires: str) -> str:
    key: bytes = service(Settings).derive_key("links")
    said = "\0".join((target.endpoint, str(target.id), target.version, expires))
    return hmac.digest(key, said.encode("utf-8", "replace"), "sha256").hex()
