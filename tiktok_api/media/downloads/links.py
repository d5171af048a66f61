"""What all routes to which signed links lead have in common: who may follow one, and how often."""

from functools import reduce

from tiktok_api.errors import NotFound
from tiktok_api.extensions import limiter
from tiktok_api.media.downloads import responses
from tiktok_api.media.uploads import openapi
from tiktok_api.web.blueprint import Blueprint, Decorator
from tiktok_api.web.limits import client_network
from tiktok_api.web.signed_links import LINKS_PER_MINUTE, LinkArgsSchema, LinkExpired, LinkSignatureInvalid

_REFUSALS = (LinkSignatureInvalid, LinkExpired, NotFound, *responses.REFUSALS)


def linked(blp: Blueprint, what: str, *content_types: str) -> Decorator:
    """Mark a route that is public, has the limit of links, and hands out `what` to those who have a link's two arguments."""
    marks: tuple[Decorator, ...] = (
        blp.public,
        blp.counted_apart,
        limiter.shared_limit(LINKS_PER_MINUTE, scope="links", key_func=client_network),
        blp.doc(**openapi.handed_out(what, *content_types)),
        blp.arguments(LinkArgsSchema, location="query"),
        blp.response(200),
        blp.raises(*_REFUSALS),
    )
    return lambda view: reduce(lambda marked, mark: mark(marked), reversed(marks), view)
