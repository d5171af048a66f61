"""The body of an upload as it arrives, whichever endpoint takes it."""

from collections.abc import Iterator

from flask import request

from tiktok_api.extensions import service
from tiktok_api.media.uploads import request_body
from tiktok_api.settings import Settings
from tiktok_api.web import byte_quota, idempotency


def body_pieces() -> Iterator[bytes | memoryview]:
    """The body of this request as it arrives, counted by the quota of bytes. Raises RateLimitExceededProblem."""
    pieces = request_body.iter_pieces(request.environ, stall_seconds=service(Settings).upload_stall_seconds)
    return idempotency.renewing(byte_quota.metered(pieces, request_body.length_of(request.environ)))
