"""The endpoints of signed links, and the blueprint that they share with the library and its other drawers."""

from uuid import UUID

from flask import Response

from tiktok_api.errors import NotFound
from tiktok_api.extensions import limiter
from tiktok_api.media import queries
from tiktok_api.media.downloads import responses
from tiktok_api.media.models import CONTENT_LINK, THUMBNAIL_LINK
from tiktok_api.media.uploads import openapi
from tiktok_api.web import signed_links
from tiktok_api.web.blueprint import Blueprint
from tiktok_api.web.limits import client_network
from tiktok_api.web.signed_links import LINKS_PER_MINUTE, LinkArgsSchema, LinkExpired, LinkSignatureInvalid

blp = Blueprint("media", __name__, url_prefix="/media", description="Videos and photos: uploading, checking, keeping")

LINK_REFUSALS = (LinkSignatureInvalid, LinkExpired, NotFound, *responses.REFUSALS)


@blp.get("/<uuid:media_id>/linked-thumbnail")
@blp.public
@blp.counted_apart
@limiter.shared_limit(LINKS_PER_MINUTE, scope="links", key_func=client_network)
@blp.doc(**openapi.handed_out("The picture", "image/jpeg"))
@blp.arguments(LinkArgsSchema, location="query")
@blp.response(200)
@blp.raises(*LINK_REFUSALS)
def show_linked_thumbnail(link: dict[str, str], media_id: UUID) -> Response:
    """Show the picture that a `thumbnail_url` leads to

    Take the URL from the media: it is signed, good for some minutes, and needs no token, so that `<img>` can show it.
    """
    media = queries.show_signed(media_id)
    key = media.thumbnail_key if media else None
    signed_links.must_be_signed(THUMBNAIL_LINK, media_id, key, **link)
    if key is None:
        raise NotFound
    return serve_linked(responses.thumbnail_under(key), link)


@blp.get("/<uuid:media_id>/linked-content")
@blp.public
@blp.counted_apart
@limiter.shared_limit(LINKS_PER_MINUTE, scope="links", key_func=client_network)
@blp.doc(**openapi.handed_out("The file", *openapi.FILE_TYPES))
@blp.arguments(LinkArgsSchema, location="query")
@blp.response(200)
@blp.raises(*LINK_REFUSALS)
def show_linked_content(link: dict[str, str], media_id: UUID) -> Response:
    """Hand out the file that a `content_url` leads to

    Take the URL from the media: it is signed, good for some minutes, and needs no token, so that `<video>` can play it.
    Ranges and `If-Range` are understood.
    """
    media = queries.show_signed(media_id)
    version = media.sha256 if media and media.is_ready else None
    signed_links.must_be_signed(CONTENT_LINK, media_id, version, **link)
    if media is None or version is None:
        raise NotFound
    return serve_linked(responses.file_of(media), link)


def serve_linked(stored: responses.StoredContent, link: dict[str, str]) -> Response:
    """Returns what a signed link leads to; browsers may keep it until the link expires."""
    return signed_links.let_browsers_keep(responses.serve(stored), expires=link["expires"])
