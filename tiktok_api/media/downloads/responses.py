"""Answers with stored bytes: whole or a range, only if the client does not have them yet, never executable in a browser.

If nginx or S3 can serve the bytes, the answer only says where they are: by X-Accel-Redirect, or by a signed URL.
"""

from dataclasses import dataclass, replace
from urllib.parse import quote
from uuid import UUID

from flask import Response, request

from tiktok_api.db import end_reading
from tiktok_api.errors import NotFound
from tiktok_api.extensions import service
from tiktok_api.media.errors import RangeNotSatisfiable, StorageUnavailable
from tiktok_api.media.models import Media
from tiktok_api.settings import Settings
from tiktok_api.storage.errors import StorageMissing
from tiktok_api.storage.port import Storage
from tiktok_api.web import signed_links
from tiktok_api.web.transfers.places import ServerBusy

_HARMLESS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, no-cache",
    "Accept-Ranges": "bytes",
}


REFUSALS = (RangeNotSatisfiable, ServerBusy, StorageUnavailable)
"""What every download may meet on its way out of storage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredContent:
    """The content under `key`; `size` in bytes, if known; an attachment if it has a name."""

    key: str
    etag: str
    content_type: str
    size: int | None = None
    name: str | None = None


def file_of(media: Media) -> StoredContent:
    """Returns the file of media that are ready."""
    return StoredContent(
        key=str(media.storage_key),
        etag=str(media.sha256),
        content_type=str(media.content_type),
        size=media.size_bytes,
        name=media.name,
    )


def thumbnail_under(key: str) -> StoredContent:
    """Returns the small picture of media that is stored under `key`."""
    return StoredContent(key=key, etag=key, content_type="image/jpeg")


def photo_for_tiktok(media: Media) -> StoredContent:
    """Returns a photo as TikTok fetches it: without a name, so that it is no attachment."""
    return replace(file_of(media), name=None)


def serve(stored: StoredContent, *, may_redirect: bool = True) -> Response:
    """Returns what the request asks for: 200, 206 or 304, or 307 to a signed URL. Ends the reading transaction.

    Without `may_redirect` the bytes of every storage go through this server, or nginx.
    Raises RangeNotSatisfiable, StorageUnreachable, and NotFound if the content is gone.
    """
    end_reading()
    try:
        return _answer(service(Storage), stored, service(Settings).x_accel_prefix, may_redirect=may_redirect)
    except StorageMissing:
        raise NotFound from None


def follow(endpoint: str, thing_id: UUID, stored: StoredContent | None, link: dict[str, str]) -> Response:
    """Returns what a signed link leads to; browsers may keep it until the link expires. Nothing is `stored` if it is gone.

    Raises LinkSignatureInvalid, LinkExpired, NotFound, RangeNotSatisfiable, StorageUnreachable.
    """
    signed_links.must_be_signed(endpoint, thing_id, stored.etag if stored else None, **link)
    if stored is None:
        raise NotFound
    return signed_links.let_browsers_keep(serve(stored), expires=link["expires"])


def _answer(storage: Storage, stored: StoredContent, x_accel_prefix: str | None, *, may_redirect: bool) -> Response:
    disposition = None if stored.name is None else _attachment(stored.name)
    response = Response(status=200, headers=_HARMLESS, content_type=stored.content_type)
    response.set_etag(stored.etag)
    if disposition is not None:
        response.headers["Content-Disposition"] = disposition
    if request.if_none_match.contains_weak(stored.etag):
        response.status_code = 304
        return response
    place = storage.path_below(stored.key) if x_accel_prefix else None
    if place is not None:
        response.headers["X-Accel-Redirect"] = f"{x_accel_prefix}{place}"
        return response
    url = None
    if may_redirect:
        url = storage.signed_url(
            stored.key, method=request.method, content_type=stored.content_type, disposition=disposition
        )
    if url is not None:
        return Response(status=307, headers={"Location": url, "Cache-Control": "no-store"}, content_type="text/plain")
    size = storage.size(stored.key) if stored.size is None else stored.size
    wanted = _range(size, stored.etag)
    first, end = wanted or (0, size)
    if wanted is not None:
        response.status_code = 206
        response.headers["Content-Range"] = f"bytes {first}-{end - 1}/{size}"
    response.content_length = end - first
    response.response = storage.read(stored.key, first, end - 1)
    return response


def _range(size: int, etag: str) -> tuple[int, int] | None:
    """Returns the first byte and the one after the last; None for the whole: no range, several, or an outdated If-Range."""
    asked = request.range
    if asked is None or asked.units != "bytes" or len(asked.ranges) != 1:
        return None
    if "If-Range" in request.headers and request.if_range.etag != etag:
        return None
    first = asked.ranges[0][0]
    if first < -size:
        return 0, size  # RFC 9110, 14.1.2: a suffix longer than the content is the whole content
    found = asked.range_for_length(size)
    if found is None:
        raise RangeNotSatisfiable(size=size, headers={"Content-Range": f"bytes */{size}"})
    return found


def _attachment(name: str) -> str:
    """Returns an RFC 6266 header: the name, and one that old clients understand."""
    plain = "".join(c if c.isascii() and c not in '"\\%;' else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
