"""The headers of tus 1.0.0 (https://tus.io/protocols/resumable-upload), read strictly."""

import base64
import binascii
import hashlib
import re
from typing import Protocol

from tiktok_api.media.errors import MalformedUploadHeader, TusVersionUnsupported
from tiktok_api.media.uploads.content_types import named_type

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,creation-defer-length,termination,checksum,expiration"
CHECKSUMS = ("sha1", "sha256", "md5")
BYTES_TYPE = "application/offset+octet-stream"
_LONGEST_METADATA = 8192
_WHOLE = re.compile(r"[0-9]+")
_MOST_DIGITS = 18
TOO_MANY_BYTES = 10**_MOST_DIGITS
"""Stands for every number with more digits than any file has bytes."""
_KEY = re.compile(r"[!-+\--~]+")  # printable ASCII without space and comma


class Headers(Protocol):
    """Any mapping of header names to values."""

    def get(self, name: str, /) -> str | None: ...


def text(headers: Headers, name: str) -> str | None:
    """Returns a header's value; None if it is missing. Raises MalformedUploadHeader unless it is printable ASCII."""
    value = headers.get(name)
    if value is not None and not (value.isascii() and value.isprintable()):
        raise MalformedUploadHeader(header=name, reason="it has characters that are not printable ASCII")
    return value


def check_version(headers: Headers) -> None:
    """Raises TusVersionUnsupported unless the client speaks 1.0.0."""
    if headers.get("Tus-Resumable") != VERSION:
        raise TusVersionUnsupported(headers={"Tus-Version": VERSION})


def whole_number(headers: Headers, name: str) -> int | None:
    """Returns the header as a number of bytes, at most TOO_MANY_BYTES; None if it is missing. Raises MalformedUploadHeader."""
    value = text(headers, name)
    if value is None:
        return None
    if not _WHOLE.fullmatch(value):
        raise MalformedUploadHeader(header=name, reason="it is a whole number of bytes")
    digits = value.lstrip("0") or "0"
    return int(digits) if len(digits) <= _MOST_DIGITS else TOO_MANY_BYTES


def offset(headers: Headers) -> int:
    """Returns Upload-Offset. Raises MalformedUploadHeader if it is missing, or beyond the end of any file."""
    found = whole_number(headers, "Upload-Offset")
    if found is None:
        raise MalformedUploadHeader(header="Upload-Offset", reason="say from which byte on you send")
    if found == TOO_MANY_BYTES:
        raise MalformedUploadHeader(header="Upload-Offset", reason="no file has that many bytes")
    return found


def length_of_upload(headers: Headers) -> int | None:
    """Returns Upload-Length, or None if it is deferred. Raises MalformedUploadHeader unless exactly one of both is sent."""
    length, deferred = whole_number(headers, "Upload-Length"), text(headers, "Upload-Defer-Length")
    if deferred not in (None, "1"):
        raise MalformedUploadHeader(header="Upload-Defer-Length", reason="its only value is 1")
    if (length is None) == (deferred is None):
        raise MalformedUploadHeader(header="Upload-Length", reason="send either it or Upload-Defer-Length: 1")
    return length


def check_no_concatenation(headers: Headers) -> None:
    """Raises MalformedUploadHeader for a partial upload: the concatenation extension is not offered."""
    if headers.get("Upload-Concat") is not None:
        raise MalformedUploadHeader(header="Upload-Concat", reason="uploads in parallel parts are not offered here")


def metadata(header: str | None) -> dict[str, str]:
    """Parse Upload-Metadata: `key base64,key base64`. Bytes that are not UTF-8 are replaced. Raises MalformedUploadHeader."""
    found: dict[str, str] = {}
    if not header:
        return found
    if len(header) > _LONGEST_METADATA:
        raise MalformedUploadHeader(header="Upload-Metadata", reason=f"it has at most {_LONGEST_METADATA} characters")
    for pair in header.split(","):
        key, _, encoded = pair.strip().partition(" ")
        try:
            value = base64.b64decode(encoded.strip(), validate=True).decode("utf-8", "replace")
        except binascii.Error:
            raise MalformedUploadHeader(header="Upload-Metadata", reason="values are base64") from None
        if not _KEY.fullmatch(key) or key in found:
            raise MalformedUploadHeader(header="Upload-Metadata", reason="keys are ASCII and occur once")
        found[key] = value
    return found


def file_name(found: dict[str, str]) -> str:
    """Returns the name of the file; clients use different keys for it."""
    return found.get("filename") or found.get("name") or "untitled"


def media_type(found: dict[str, str]) -> str | None:
    """Returns the announced type of the file, if it is a media type."""
    return named_type(found.get("filetype") or found.get("type"))


def checksum(header: str | None) -> tuple[str, bytes] | None:
    """Upload-Checksum: `algorithm base64`. Raises MalformedUploadHeader, also for an algorithm that is not announced."""
    if header is None:
        return None
    algorithm, _, encoded = header.strip().partition(" ")
    if algorithm not in CHECKSUMS:
        raise MalformedUploadHeader(header="Upload-Checksum", reason=f"the algorithms are {', '.join(CHECKSUMS)}")
    try:
        digest = base64.b64decode(encoded.strip(), validate=True)
    except binascii.Error:
        digest = b""
    if len(digest) != hashlib.new(algorithm, usedforsecurity=False).digest_size:
        raise MalformedUploadHeader(header="Upload-Checksum", reason=f"it is not a {algorithm} digest in base64")
    return algorithm, digest
