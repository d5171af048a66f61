"""The endpoints of the upload protocol, tus 1.0.0: read the headers, call one service, answer in headers."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from flask import Response, request, url_for

from tiktok_api.auth.errors import KeyConfined
from tiktok_api.auth.identity import caller
from tiktok_api.db import end_reading, transaction
from tiktok_api.errors import MethodNotAllowed
from tiktok_api.extensions import service
from tiktok_api.media.downloads.routes import blp
from tiktok_api.media.errors import (
    STORING,
    InspectionsPending,
    MalformedUploadHeader,
    MediaInUse,
    MediaQuotaExceeded,
    TusVersionUnsupported,
    UploadBusy,
    UploadContentTypeUnsupported,
    UploadExpired,
    UploadInterrupted,
    UploadIsImport,
    UploadOffsetMismatch,
    UploadTooLarge,
)
from tiktok_api.media.models import Media
from tiktok_api.media.monitoring import counted_upload
from tiktok_api.media.quotas import Quota
from tiktok_api.media.schemas import UploadProgressSchema
from tiktok_api.media.uploads import openapi, request_body, responses, services, tus_headers
from tiktok_api.media.uploads.append_session import Append, UploadLimits
from tiktok_api.media.uploads.kept_hashes import KeptHashes
from tiktok_api.media.uploads.routes.bodies import body_pieces
from tiktok_api.settings import Settings
from tiktok_api.storage.port import Storage

_ABILITIES = ("Tus-Resumable", "Tus-Version", "Tus-Extension", "Tus-Max-Size", "Tus-Checksum-Algorithm")
_TERMINATION = (TusVersionUnsupported, UploadExpired, MediaInUse, KeyConfined)
_APPENDING = (
    KeyConfined,
    MalformedUploadHeader,
    UploadInterrupted,
    UploadIsImport,
    UploadOffsetMismatch,
    UploadExpired,
    TusVersionUnsupported,
    UploadTooLarge,
    MediaQuotaExceeded,
    UploadContentTypeUnsupported,
    UploadBusy,
    *STORING,
)
_APPENDING_HEADERS = openapi.request_headers(
    Tus_Resumable=True, Upload_Offset=True, Upload_Length=False, Upload_Checksum=False
)
_APPENDED = openapi.answers(204, "Tus-Resumable", "Upload-Offset", "Upload-Expires", description="Stored")


def _add_protocol_headers(response: Response) -> Response:
    """Name the protocol version in every answer about an upload, also in refusals."""
    if "/media/uploads" in request.path:
        response.headers["Tus-Resumable"] = tus_headers.VERSION
        response.headers.setdefault("Cache-Control", "no-store")
    return response


blp.after_request(_add_protocol_headers)


def _limits() -> UploadLimits:
    settings = service(Settings)
    return UploadLimits(settings.media_max_bytes, timedelta(seconds=settings.upload_ttl_seconds), Quota.of(settings))


@blp.route("/uploads", methods=["OPTIONS"])
@blp.public
@blp.doc(responses=openapi.answers(204, *_ABILITIES, description="What it can do"))
@blp.response(204)
def describe_uploads() -> Response:
    """Tell what the upload protocol can do here

    tus 1.0.0: `Tus-Version`, `Tus-Extension`, `Tus-Max-Size` (bytes) and `Tus-Checksum-Algorithm` say it.
    """
    abilities = {
        "Tus-Version": tus_headers.VERSION,
        "Tus-Extension": tus_headers.EXTENSIONS,
        "Tus-Max-Size": str(service(Settings).media_max_bytes),
        "Tus-Checksum-Algorithm": ",".join(tus_headers.CHECKSUMS),
    }
    return responses.empty(204, **abilities)


@blp.post("/uploads")
@blp.acts_without_key
@blp.doc(
    parameters=openapi.request_headers(
        Tus_Resumable=True,
        Upload_Length=False,
        Upload_Defer_Length=False,
        Upload_Metadata=False,
        Upload_Checksum=False,
    ),
    requestBody=openapi.bytes_body(required=False),
    responses=openapi.CHECKSUM_MISMATCH
    | openapi.answers(201, "Location", "Tus-Resumable", "Upload-Offset", "Upload-Expires", description="Begun"),
)
@blp.response(201)
@blp.raises(
    MalformedUploadHeader,
    UploadInterrupted,
    TusVersionUnsupported,
    UploadTooLarge,
    MediaQuotaExceeded,
    InspectionsPending,
    UploadContentTypeUnsupported,
    UploadBusy,
    *STORING,
)
def create_upload() -> Response:
    """Begin an upload

    Send `Tus-Resumable: 1.0.0`, `Upload-Length` (bytes) or `Upload-Defer-Length: 1`, and the name and type of the file in
    `Upload-Metadata` (`filename`, `filetype`). The answer's `Location` is where its bytes go by PATCH; the id in it is the
    media's. The first bytes may come along as `application/offset+octet-stream`.
    """
    tus_headers.check_version(request.headers)
    length = tus_headers.length_of_upload(request.headers)
    tus_headers.check_no_concatenation(request.headers)
    found = tus_headers.metadata(upload_metadata := tus_headers.text(request.headers, "Upload-Metadata"))
    has_bytes = request_body.length_of(request.environ) != 0
    if has_bytes:
        _check_content_type()
    append = _append(0) if has_bytes else None
    pieces = body_pieces() if has_bytes else iter(())
    end_reading()
    media = services.create(
        caller,
        service(Storage),
        _limits(),
        length=length,
        first_bytes=(append.length or 0) if append is not None else 0,
        name=tus_headers.file_name(found),
        content_type=tus_headers.media_type(found),
        upload_metadata=upload_metadata,
    )
    location = url_for("media.append_upload", media_id=media.id)
    if append is not None:
        with responses.located(location):
            media = _receive(media.id, append, pieces)
    return responses.progress(media, 201, Location=location)


@blp.route("/uploads/<uuid:media_id>", methods=["HEAD"])
@blp.doc(
    parameters=openapi.request_headers(Tus_Resumable=True),
    responses=openapi.PROGRESS,
)
@blp.response(200)
@blp.raises(TusVersionUnsupported, UploadExpired, UploadIsImport)
def show_upload_offset(media_id: UUID) -> Response:
    """Say from which byte an upload goes on

    `Upload-Offset` is how many bytes are safely stored, `Upload-Length` how many there will be.
    """
    tus_headers.check_version(request.headers)
    media = services.get_upload(caller, media_id)
    response = responses.progress(media, 200)
    if media.size_bytes is None:
        response.headers["Upload-Defer-Length"] = "1"
    else:
        response.headers["Upload-Length"] = str(media.size_bytes)
    if media.upload_metadata:
        response.headers["Upload-Metadata"] = media.upload_metadata
    return response


@blp.get("/uploads/<uuid:media_id>")
@blp.response(200, UploadProgressSchema)
@blp.raises(UploadExpired)
def show_upload(media_id: UUID) -> Media:
    """Show how far an upload or an import is

    Bytes, percentage, rate and the seconds that the rest will take at that rate.
    """
    return services.get_upload_or_import(caller, media_id)


@blp.patch("/uploads/<uuid:media_id>")
@blp.metered_by_bytes
@blp.doc(
    parameters=_APPENDING_HEADERS,
    requestBody=openapi.bytes_body(required=True),
    responses=openapi.CHECKSUM_MISMATCH | _APPENDED,
)
@blp.response(204)
@blp.raises(*_APPENDING)
def append_upload(media_id: UUID) -> Response:
    """Send the next bytes of an upload

    Send them as `application/offset+octet-stream` with `Upload-Offset`, as many at a time as you like. What arrived before
    a connection broke is kept: ask with HEAD and go on from there. `Upload-Checksum` (sha1, sha256 or md5) has them
    checked. After the last byte the media is inspected.
    """
    tus_headers.check_version(request.headers)
    _check_content_type()
    append = _append(
        tus_headers.offset(request.headers), upload_length=tus_headers.whole_number(request.headers, "Upload-Length")
    )
    return responses.progress(_receive(media_id, append, body_pieces()), 204)


@blp.delete("/uploads/<uuid:media_id>")
@blp.doc(parameters=openapi.request_headers(Tus_Resumable=True))
@blp.response(204)
@blp.raises(*_TERMINATION)
def terminate_upload(media_id: UUID) -> Response:
    """Give an upload up

    What was sent of it is deleted.
    """
    tus_headers.check_version(request.headers)
    with transaction():
        services.terminate(caller, media_id)
    return responses.empty(204)


@blp.post("/uploads/<uuid:media_id>")
@blp.acts_without_key
@blp.metered_by_bytes
@blp.doc(
    parameters=openapi.request_headers(
        X_HTTP_Method_Override=True,
        Tus_Resumable=True,
        Upload_Offset=False,
        Upload_Length=False,
        Upload_Checksum=False,
    ),
    requestBody=openapi.bytes_body(required=False),
    responses=openapi.CHECKSUM_MISMATCH | _APPENDED | openapi.PROGRESS,
)
@blp.response(204)
@blp.raises(*_APPENDING, MediaInUse, MethodNotAllowed)
def override_upload_method(media_id: UUID) -> Response:
    """Send PATCH, DELETE or HEAD from where only POST gets through

    `X-HTTP-Method-Override` names the method that is meant.
    """
    methods: dict[str, Callable[[UUID], Any]] = {
        "PATCH": append_upload,
        "DELETE": terminate_upload,
        "HEAD": show_upload_offset,
    }
    method = methods.get(request.headers.get("X-HTTP-Method-Override", "").upper())
    if method is None:
        raise MethodNotAllowed(headers={"Allow": "DELETE, GET, HEAD, OPTIONS, PATCH"})
    return cast(Response, method(media_id))


def _check_content_type() -> None:
    if request.mimetype != tus_headers.BYTES_TYPE:
        raise UploadContentTypeUnsupported(expected=tus_headers.BYTES_TYPE)


def _append(offset: int, *, upload_length: int | None = None) -> Append:
    """What the headers announce about the bytes of this request."""
    return Append(
        offset=offset,
        length=request_body.length_of(request.environ),
        upload_length=upload_length,
        checksum=tus_headers.checksum(tus_headers.text(request.headers, "Upload-Checksum")),
    )


def _receive(media_id: UUID, append: Append, pieces: Iterator[bytes | memoryview]) -> Media:
    with counted_upload():
        hashes = service(KeptHashes)
        return services.append(caller, service(Storage), _limits(), media_id, append, pieces, hashes=hashes)
