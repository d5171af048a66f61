"""The endpoints of signed links, and the blueprint that they share with the library and its other drawers."""

from uuid import UUID

from flask import Response

from tiktok_api.media import queries
from tiktok_api.media.downloads import responses
from tiktok_api.media.downloads.links import linked
from tiktok_api.media.models import CONTENT_LINK, THUMBNAIL_LINK
from tiktok_api.media.uploads import openapi
from tiktok_api.web.blueprint import Blueprint

blp = Blueprint("media", __name__, url_prefix="/media", description="Videos and photos: uploading, checking, keeping")


@blp.get("/<uuid:media_id>/linked-thumbnail")
@linked(blp, "The picture", "image/jpeg")
def show_linked_thumbnail(link: dict[str, str], media_id: UUID) -> Response:
    """Show the picture that a `thumbnail_url` leads to

    Take the URL from the media: it is signed, good for some minutes, and needs no token, so that `<img>` can show it.
    """
    media = queries.show_signed(media_id)
    stored = responses.thumbnail_under(media.thumbnail_key) if media and media.thumbnail_key else None
    return responses.follow(THUMBNAIL_LINK, media_id, stored, link)


@blp.get("/<uuid:media_id>/linked-content")
@linked(blp, "The file", *openapi.FILE_TYPES)
def show_linked_content(link: dict[str, str], media_id: UUID) -> Response:
    """Hand out the file that a `content_url` leads to

    Take the URL from the media: it is signed, good for some minutes, and needs no token, so that `<video>` can play it.
    Ranges and `If-Range` are understood.
    """
    media = queries.show_signed(media_id)
    stored = responses.file_of(media) if media and media.is_ready and media.sha256 else None
    return responses.follow(CONTENT_LINK, media_id, stored, link)
