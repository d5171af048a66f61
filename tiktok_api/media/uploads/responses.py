"""The answers of the upload protocol, which are all headers, and the refusal of what does not fit."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Response
from werkzeug.http import http_date

from tiktok_api.auth.identity import caller
from tiktok_api.errors import Problem
from tiktok_api.media.errors import MediaQuotaExceeded
from tiktok_api.media.models import Media, MediaStatus
from tiktok_api.media.uploads import tus_headers
from tiktok_api.web.rendering import render

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


def refuse_for_quota(problem: MediaQuotaExceeded) -> Response:
    """Returns the refusal; a confined key does not learn from it how much there is that it does not see."""
    return render(problem if caller.account_ids is None else problem.without_use())
