"""The answers of the upload protocol, which are all headers."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Response
from werkzeug.http import http_date

from tiktok_api.errors import Problem
from tiktok_api.media.models import Media, MediaStatus
from tiktok_api.media.uploads import tus_headers

_PROTOCOL = {"Tus-Resumable": tus_headers.VERSION, "Cache-Control": "no-store"}


def empty(status: int, **more: str) -> Response:
    """Returns an answer without a body, with `more` headers."""
    response = Response(status=status, headers=_PROTOCOL | more)
    response.headers.remove("Content-Type")
    return response


def progress(media: Media, status: int, **more: str) -> Response:
    """Returns the same with the progress of an upload."""
    response = empty(status, **more)
    response.headers["Upload-Offset"] = str(media.received_bytes)
    if media.status is MediaStatus.UPLOADING and media.expires_at is not None:
        response.headers["Upload-Expires"] = http_date(media.expires_at)
    return response


@contextmanager
def located(address: str) -> Iterator[None]:
    """Name the new upload also in a refusal of the first bytes, so that the client can go on with it."""
    try:
        yield
    except Problem as problem:
        problem.headers["Location"] = address
        raise
