"""An upload that is resumed after an accident."""

import requests

from tests.media.raw_tus import RawUpload
from tests.servers import wait_until


def send_when_free(upload: RawUpload, content: bytes, *, offset: int) -> requests.Response:
    """Send once no other connection holds the upload. Returns the answer."""

    def attempt() -> list[requests.Response]:
        response = upload.send(content, offset=offset)
        return [] if response.status_code == 423 else [response]

    return wait_until(attempt, seconds=90)[0]


def durable_offset(upload: RawUpload) -> int:
    """Returns the offset once no connection writes: an append beyond the end is answered 423 until then, and 409 afterwards."""
    response = send_when_free(upload, b"", offset=upload.length + 1)
    assert response.status_code == 409
    return int(response.headers["Upload-Offset"])


def resume(upload: RawUpload, content: bytes) -> None:
    """Do what any client does after an accident; an earlier connection may still interfere."""

    def attempt() -> bool:
        offset = durable_offset(upload)
        response = upload.send(content[offset:], offset=offset)
        assert response.status_code in (204, 409, 423), response.text
        return response.status_code == 204

    wait_until(attempt, seconds=90)
