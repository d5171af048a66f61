"""Handing out stored bytes: whole or a range, only when the client does not have them yet, never for a browser to run.

Where somebody else can do the work, we only say who: nginx by X-Accel-Redirect, or S3 by an address that it will honour.
"""

from dataclasses import dataclass
from urllib.parse import quote

from flask import Response, request

from tiktok_api.media.errors import RangeNotSatisfiable
from tiktok_api.storage.port import Storage

_HARMLESS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, no-cache",
    "Accept-Ranges": "bytes",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What is under `key`; `size` in bytes where that is known; an attachment if it has a name."""

    key: str
    etag: str
    content_type: str
    size: int | None = None
    name: str | None = None


def answer(storage: Storage, stored: Stored, *, x_accel_prefix: str | None) -> Response:
    """What the request asks for: 200, 206 or 304, or 307 to where it is.

    Raises RangeNotSatisfiable, StorageUnreachable, and StorageMissing when the content is gone.
    """
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
    url = storage.signed_url(
        stored.key, method=request.method, content_type=stored.content_type, disposition=disposition
    )
    if url is not None:
        return Response(status=307, headers={"Location": url, "Cache-Control": "no-store"}, content_type="text/plain")
    size = storage.size(stored.key) if stored.size is None else stored.size
    wanted = _range(size, stored.etag)
    first, behind = wanted or (0, size)
    if wanted is not None:
        response.status_code = 206
        response.headers["Content-Range"] = f"bytes {first}-{behind - 1}/{size}"
    response.content_length = behind - first
    response.response = storage.read(stored.key, first, behind - 1)
    return response


def _range(size: int, etag: str) -> tuple[int, int] | None:
    """The first byte and the one behind the last; None for everything: no range, several, or an If-Range that is over."""
    asked = request.range
    if asked is None or asked.units != "bytes" or len(asked.ranges) != 1:
        return None
    if "If-Range" in request.headers and request.if_range.etag != etag:
        return None
    first = asked.ranges[0][0]
    if first < -size:
        return 0, size  # RFC 9110, 14.1.2: a suffix longer than everything is everything
    found = asked.range_for_length(size)
    if found is None:
        raise RangeNotSatisfiable(size=size, headers={"Content-Range": f"bytes */{size}"})
    return found


def _attachment(name: str) -> str:
    """RFC 6266: the name as it is, and one that old clients understand."""
    plain = "".join(c if c.isascii() and c not in '"\\%;' else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
