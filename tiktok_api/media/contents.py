"""Handing out stored bytes: whole or a range, only when the client does not have them yet, never for a browser to run."""

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


def answer(storage: Storage, key: str, *, size: int, etag: str, content_type: str, name: str | None) -> Response:
    """What the request asks for of `key`: 200, 206 or 304; as an attachment called `name`, where given.

    Raises RangeNotSatisfiable, and StorageMissing when the content is gone.
    """
    response = Response(status=200, headers=_HARMLESS, content_type=content_type)
    response.set_etag(etag)
    if name is not None:
        response.headers["Content-Disposition"] = _attachment(name)
    if request.if_none_match.contains(etag):
        response.status_code = 304
        return response
    wanted = _range(size, etag)
    first, behind = wanted or (0, size)
    if wanted is not None:
        response.status_code = 206
        response.headers["Content-Range"] = f"bytes {first}-{behind - 1}/{size}"
    response.content_length = behind - first
    response.response = storage.read(key, first, behind - 1)
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
