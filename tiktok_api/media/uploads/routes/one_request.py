"""The endpoint that takes a whole file in one multipart request."""

from typing import Any

from flask import request

from tiktok_api.auth.identity import caller
from tiktok_api.db import transaction
from tiktok_api.extensions import service
from tiktok_api.media import cleanup, queries, quotas, services
from tiktok_api.media.downloads.routes import blp
from tiktok_api.media.errors import (
    STORING,
    FileInterrupted,
    InspectionsPending,
    MediaQuotaExceeded,
    UploadContentTypeUnsupported,
    UploadTooLarge,
)
from tiktok_api.media.monitoring import counted_upload
from tiktok_api.media.quotas import Quota
from tiktok_api.media.schemas import MediaSchema
from tiktok_api.media.uploads import multipart, openapi
from tiktok_api.media.uploads.multipart import MultipartFieldUnexpected, ReceivedFile
from tiktok_api.media.uploads.routes.bodies import body_pieces
from tiktok_api.settings import Settings
from tiktok_api.storage.port import Storage
from tiktok_api.web.idempotency import StreamedBody


def _max_body_bytes() -> int:
    return int(service(Settings).media_max_bytes) + multipart.OVERHEAD_BYTES


def _receive_file() -> ReceivedFile:
    boundary, settings = _boundary(), service(Settings)
    least = (request.content_length or 0) - multipart.OVERHEAD_BYTES
    with transaction():  # refuse before receiving; the exact check follows when the size is known
        quotas.check_fits(caller.user_id, Quota.of(settings), more_bytes=max(1, least))
    with counted_upload():
        return multipart.receive_file(service(Storage), boundary, body_pieces(), max_bytes=settings.media_max_bytes)


def _fingerprint_of_file() -> str:
    return multipart.read_fingerprint(_boundary(), body_pieces(), max_bytes=service(Settings).media_max_bytes)


def _boundary() -> bytes:
    """Returns what separates the parts. Raises UploadContentTypeUnsupported, UploadTooLarge."""
    boundary = multipart.boundary_of(request.mimetype_params)
    if request.mimetype != "multipart/form-data" or boundary is None:
        raise UploadContentTypeUnsupported(expected="multipart/form-data")
    if (request.content_length or 0) > _max_body_bytes():
        raise UploadTooLarge(allowed=service(Settings).media_max_bytes)
    return boundary


_ONE_FILE = StreamedBody(
    receive=_receive_file,
    kept=lambda received: cleanup.kept_or_discarded(service(Storage), received.storage_key),
    read_fingerprint=_fingerprint_of_file,
)


@blp.post("")
@blp.receives(_ONE_FILE)
@blp.accepts_bytes(_max_body_bytes)
@blp.doc(requestBody=openapi.ONE_FILE)
@blp.response(201, MediaSchema)
@blp.raises(
    MultipartFieldUnexpected,
    UploadContentTypeUnsupported,
    FileInterrupted,
    UploadTooLarge,
    MediaQuotaExceeded,
    InspectionsPending,
    *STORING,
)
def upload_media(received: ReceivedFile) -> Any:
    """Upload a file in one request

    One part named `file`. Larger files are better sent by `POST /media/uploads`, which can resume. The media is inspected
    next: ask for it until its status is `ready` or `rejected`. With an `Idempotency-Key` the same file, by its content and
    name, is stored once.
    """
    with transaction():
        media = services.add_received(
            caller,
            storage_key=received.storage_key,
            name=received.name,
            content_type=received.content_type,
            size_bytes=received.size_bytes,
            sha256=received.sha256,
            quota=Quota.of(service(Settings)),
        )
        return queries.as_seen(caller, media)
