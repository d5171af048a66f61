"""The endpoints of the library; importing this module also adds those of uploads and downloads to the blueprint."""

from typing import Any
from uuid import UUID

from flask import Response

from tiktok_api.accounts import queries as accounts
from tiktok_api.accounts.creator_info import last_creator_info
from tiktok_api.auth.errors import KeyConfined
from tiktok_api.auth.identity import caller
from tiktok_api.db import transaction
from tiktok_api.encryption import Encryptor
from tiktok_api.errors import NotFound, StaleVersion
from tiktok_api.extensions import service
from tiktok_api.media import checks, queries, quotas, services
from tiktok_api.media.conversion import routes as conversion_routes
from tiktok_api.media.downloads import responses
from tiktok_api.media.downloads import routes as downloads_routes
from tiktok_api.media.downloads.routes import blp
from tiktok_api.media.errors import (
    ImportsPending,
    ImportUrlRefused,
    InspectionsPending,
    MediaInUse,
    MediaNotReady,
    MediaQuotaExceeded,
    StorageOutOfSpace,
)
from tiktok_api.media.imports import services as imports
from tiktok_api.media.models import Media
from tiktok_api.media.quotas import Quota
from tiktok_api.media.schemas import (
    ChecksArgsSchema,
    ImportSchema,
    MediaChangesSchema,
    MediaChecksSchema,
    MediaFilterSchema,
    MediaSchema,
    UsageSchema,
)
from tiktok_api.media.uploads import openapi
from tiktok_api.media.uploads import routes as uploads_routes
from tiktok_api.outbound import Fetcher
from tiktok_api.settings import Settings
from tiktok_api.storage.port import Storage
from tiktok_api.web.conditional import must_be_current
from tiktok_api.web.pagination import Page
from tiktok_api.web.rendering import render
from tiktok_api.web.schemas import page_of

BLUEPRINTS = (blp,)
"""All media endpoints are on one blueprint: its name is in their endpoint names, by which links are signed."""

ROUTE_MODULES = (downloads_routes, uploads_routes, conversion_routes)
"""The drawers' modules that add their routes to the blueprint when they are imported."""


def _tell_no_totals(problem: MediaQuotaExceeded) -> Response:
    """Returns the refusal of any media endpoint; a confined key does not learn from it how much it does not see."""
    return render(problem if caller.account_ids is None else problem.without_use())


blp.register_error_handler(MediaQuotaExceeded, _tell_no_totals)


@blp.post("/import")
@blp.judged_by(lambda sound: "url" in sound.values and imports.read_url(sound.values["url"], service(Fetcher)))
@blp.arguments(ImportSchema)
@blp.response(202, MediaSchema)
@blp.raises(ImportUrlRefused, ImportsPending, MediaQuotaExceeded, InspectionsPending, StorageOutOfSpace)
def import_media(wish: dict[str, str]) -> Media:
    """Import a file from a URL

    It is fetched in the background, by https from the public internet only; redirects are followed there alone. The media
    is `uploading` meanwhile: `GET /media/uploads/{id}` shows how far it is, deleting it gives it up. What cannot be fetched
    ends as `rejected` with a reason; what arrived is inspected as every upload is.
    """
    with transaction():
        return imports.create(
            caller,
            **wish,
            storage=service(Storage),
            encryptor=service(Encryptor),
            fetcher=service(Fetcher),
            settings=service(Settings),
        )


@blp.get("")
@blp.arguments(MediaFilterSchema, location="query")
@blp.response(200, page_of(MediaSchema))
def list_media(args: dict[str, Any]) -> Page:
    """List media, newest first

    `sha256` tells before an upload whether you have that content already.
    """
    filters = {name: args[name] for name in ("kind", "status", "sha256", "used", "label", "q") if name in args}
    return queries.list_media(caller, args, **filters)


@blp.get("/usage")
@blp.response(200, UsageSchema)
def show_media_usage() -> quotas.Usage:
    """Show how much of the quota is used

    The same content counts once, and unfinished uploads count with what they may come to. An upload beyond it is refused
    with 413 `media_quota_exceeded`, with `unit` (bytes or files), `allowed`, `used` and `requested`. For an API key that is
    confined to accounts only the media that it sees count here, and `used` is left out there.
    """
    return queries.show_usage(caller, Quota.of(service(Settings)))


@blp.get("/<uuid:media_id>")
@blp.response(200, MediaSchema)
def show_media(media_id: UUID) -> Any:
    """Show one video or photo"""
    return queries.as_seen(caller, queries.show_media(caller, media_id))


@blp.patch("/<uuid:media_id>")
@blp.arguments(MediaChangesSchema)
@blp.response(200, MediaSchema)
@blp.raises(StaleVersion, KeyConfined)
def change_media(changes: dict[str, Any], media_id: UUID) -> Any:
    """Give media another name or other labels

    `labels` replaces all that it had.
    """
    with transaction():
        seen = queries.as_seen(caller, services.get_media(caller, media_id, to_change=True))
        must_be_current(MediaSchema, seen)
        return queries.as_seen(caller, services.change(caller, media_id, **changes))


@blp.delete("/<uuid:media_id>")
@blp.response(204)
@blp.raises(StaleVersion, MediaInUse, KeyConfined)
def delete_media(media_id: UUID) -> None:
    """Delete media

    Refused with 409 while a post that is still to go out uses it. Its duplicates stay as they are; the oldest of them is
    what the others are duplicates of from then on.
    """
    with transaction():
        services.delete(
            caller, media_id, precondition=lambda media: must_be_current(MediaSchema, queries.as_seen(caller, media))
        )


@blp.get("/<uuid:media_id>/content")
@blp.doc(**openapi.handed_out("The file", *openapi.FILE_TYPES))
@blp.response(200)
@blp.raises(MediaNotReady, *responses.REFUSALS)
def download_media(media_id: UUID) -> Response:
    """Download the file

    Ranges, `If-Range` and `If-None-Match` are understood; always as an attachment. Follow redirects, without the
    `Authorization` header where your client does not drop it by itself: the address in `Location` is good for a few minutes.
    """
    return responses.serve(responses.file_of(queries.show_ready(caller, media_id)))


@blp.get("/<uuid:media_id>/thumbnail")
@blp.doc(**openapi.handed_out("The picture", "image/jpeg"))
@blp.response(200)
@blp.raises(*responses.REFUSALS)
def show_thumbnail(media_id: UUID) -> Response:
    """Show a small picture of the media

    A JPEG of at most 640 pixels a side; 404 until there is one.
    """
    key = queries.show_media(caller, media_id).thumbnail_key
    if key is None:
        raise NotFound
    return responses.serve(responses.thumbnail_under(key))


@blp.get("/<uuid:media_id>/checks")
@blp.arguments(ChecksArgsSchema, location="query")
@blp.response(200, MediaChecksSchema)
@blp.raises(MediaNotReady)
def check_media(args: dict[str, UUID], media_id: UUID) -> dict[str, Any]:
    """Hold media against TikTok's rules

    Every rule with what was found and what is allowed. With `account_id` the creator's own longest duration counts, as
    TikTok said it last (`creator_info_at`); `GET /accounts/{id}/creator-info` asks again.
    """
    media = queries.show_ready(caller, media_id)
    account = accounts.show_account(caller, args["account_id"]) if "account_id" in args else None
    creator = last_creator_info(account) if account else None
    longest = creator.info.max_video_post_duration_sec if creator else None
    found = checks.all_checks(media, max_duration_seconds=longest)
    return {
        "is_postable": all(finding.severity is not checks.Severity.PROBLEM for finding in found),
        "creator_info_at": creator.captured_at if creator else None,
        "checks": found,
    }
