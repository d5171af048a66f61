"""Avatars and covers by signed links: read the request, check the signature, send the bytes."""

from typing import Any
from uuid import UUID

from flask import Response

from tiktok_api.accounts.models import AVATAR_LINK
from tiktok_api.analytics import queries
from tiktok_api.analytics.models import COVER_LINK
from tiktok_api.media.downloads import responses
from tiktok_api.media.downloads.links import linked
from tiktok_api.media.uploads import openapi
from tiktok_api.web.blueprint import Blueprint

blp = Blueprint(
    "pictures", __name__, url_prefix="/pictures", domain="analytics", description="Avatars and covers, for `<img>`"
)


@blp.get("/avatars/<uuid:account_id>")
@linked(blp, "The picture", *openapi.PICTURE_TYPES)
def show_avatar(link: dict[str, str], account_id: UUID) -> Response:
    """Show the avatar of an account

    Take the URL from the account's `avatar_url`: it is signed, valid for some minutes, and needs no token.
    """
    return _show(AVATAR_LINK, account_id, queries.find_avatar(account_id), link)


@blp.get("/covers/<uuid:video_id>")
@linked(blp, "The picture", *openapi.PICTURE_TYPES)
def show_cover(link: dict[str, str], video_id: UUID) -> Response:
    """Show the cover of a video

    Take the URL from `cover_url` in the list of videos: it is signed, valid for some minutes, and needs no token.
    """
    return _show(COVER_LINK, video_id, queries.find_cover(video_id), link)


def _show(endpoint: str, thing_id: UUID, row: Any, link: dict[str, str]) -> Response:
    stored = None
    if row is not None and row[0] is not None:
        key, content_type = row
        stored = responses.StoredContent(key=key, etag=key, content_type=content_type)
    return responses.follow(endpoint, thing_id, stored, link)
