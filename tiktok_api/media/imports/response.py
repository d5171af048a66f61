"""What the server of an import says about the file. Malformed headers are ignored."""

import re
from email.utils import parsedate_to_datetime

from tiktok_api import clock
from tiktok_api.media.imports.services import PendingImport
from tiktok_api.media.uploads.content_types import named_type
from tiktok_api.outbound import Answer

_MAY_RECOVER = {408, 425, 429}
_CONTENT_RANGE = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19})", re.ASCII)
_STRONG_ETAG = re.compile(r'"[\x21\x23-\x7e]{1,255}"')  # RFC 9110, 8.8.3; a weak one does not promise the same bytes


def may_recover(answer: Answer) -> bool:
    """True if a later request may succeed."""
    return answer.status in _MAY_RECOVER or answer.status >= 500


def retry_after_seconds(answer: Answer) -> float:
    """Returns the seconds of Retry-After, given as a number or a date (RFC 9110, 10.2.3); 0 without one."""
    said = answer.headers.get("retry-after", "")
    if said.isascii() and said.isdigit() and len(said) < 10:
        return float(said)
    try:
        return max((parsedate_to_datetime(said) - clock.now()).total_seconds(), 0.0)
    except (ValueError, TypeError, OverflowError):
        return 0.0


def is_encoded(answer: Answer) -> bool:
    """True if the body is not the file itself but a compressed form of it."""
    return answer.headers.get("content-encoding", "").strip().lower() not in ("", "identity")


def size_of(answer: Answer) -> int | None:
    """Returns the number of bytes of the whole file, if announced."""
    length = answer.headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() and len(length) < 20 else None


def validator_of(answer: Answer) -> str | None:
    """Returns the strong ETag, by which a later request for the rest can prove that it is the same file; None without a size."""
    etag = answer.headers.get("etag", "")
    return etag if size_of(answer) is not None and _STRONG_ETAG.fullmatch(etag) else None


def content_type_of(answer: Answer) -> str | None:
    """Returns the announced content type."""
    return named_type(answer.headers.get("content-type"))


def continues(answer: Answer, pending: PendingImport) -> bool:
    """True if a 206 is of the same file, begins where the download stopped and reaches the end."""
    found = _CONTENT_RANGE.fullmatch(answer.headers.get("content-range", ""))
    if found is None or answer.headers.get("etag") != pending.validator:
        return False
    first, last, size = (int(number) for number in found.groups())
    return (first, last, size) == (pending.received_bytes, size - 1, pending.size_bytes)
