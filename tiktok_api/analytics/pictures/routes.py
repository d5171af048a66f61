"""Avatars and covers by signed links: read the request, check the signature, send the bytes."""

from typing import Any
from uuid import UUID

from flask import Response

from tiktok_api.accounts.models import AVATAR_LINK
from tiktok_api.analytics import queries
from tiktok_api.analytics.models import COVER_LINK
from tiktok_api.errors import NotFound
from tiktok_api.extensions import limiter
from tiktok_api.media.downloads import responses
from tiktok_api.media.uploads import openapi
from tiktok_api.web import signed_links
from tiktok_api.web.blueprint import Blueprint
from tiktok_api.web.limits import client_network
from tiktok_api.web.signed_links import LINKS_PER_MINUTE, LinkArgsSchema, LinkExpired, LinkSignatureInvalid

blp = Blueprint(
    "pictures", __name__, url_prefix="/pictures", domain="analytics", description="Avatars and covers, for `<img>`"
)

_REFUSALS = (LinkSignatureInvalid, LinkExpired, NotFound, *responses.REFUSALS)
_HANDED_OUT = openapi.handed_out("The picture", *openapi.PICTURE_TYPES)


@blp.get("/avatars/<uuid:account_id>")
@blp.public
@blp.counted_apart
@limiter.shared_limit(LINKS_PER_MINUTE, scope="links", key_func=client_network)
@blp.doc(**_HANDED_OUT)
@blp.arguments(LinkArgsSchema, location="query")
@blp.response(200)
@blp.raises(*_REFUSALS)
def show_avatar(link: dict[str, str], account_id: UUID) -> Response:
    """Show the avatar of an account

    Take the URL from the account's `avatar_url`: it is signed, valid for some minutes, and needs no token.
    """
    return _show(AVATAR_LINK, account_id, queries.find_avatar(account_id), link)


@blp.get("/covers/<uuid:video_id>")
@blp.public
@blp.counted_apart
@limiter.shared_limit(LINKS_PER_MINUTE, scope="links", key_func=client_network)
@blp.doc(**_HANDED_OUT)
@blp.arguments(LinkArgsSchema, location="query")
@blp.response(200)
@blp.raises(*_REFUSALS)
def show_cover(link: dict[str, str], video_id: UUID) -> Response:
    """Show the cover of a video

    Take the URL from `cover_url` in the list of videos: it is signed, valid for some minutes, and needs no token.
    """
    return _show(COVER_LINK, video_id, queries.find_cover(video_id), link)


def _show(endpoint: str, thing_id: UUID, row: Any, link: dict[str, str]) -> Response:
    key, content_type = row if row is not None else (None, "")
    signed_links.must_be_signed(endpoint, thing_id, key, **link)
    if key is None:
        raise NotFound
    stored = responses.StoredContent(key=key, etag=key, content_type=content_type)
    return signed_links.let_browsers_keep(responses.serve(stored), expires=link["expires"])
