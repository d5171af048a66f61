"""The one file of a multipart/form-data body: streamed to storage, never spooled, hashed on the way."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from tiktok_api.errors import Invalid
from tiktok_api.media.errors import FileInterrupted, StorageOutOfSpace, UploadTooLarge
from tiktok_api.media.services import clean_name, discard
from tiktok_api.media.uploads.content_types import named_type
from tiktok_api.media.uploads.hashing_writer import HashingWriter
from tiktok_api.media.uploads.receiver import Receiver
from tiktok_api.media.uploads.request_body import LARGEST_PIECE, BodyInterrupted
from tiktok_api.storage.errors import StorageFull
from tiktok_api.storage.port import Storage

FIELD = "file"
OVERHEAD_BYTES = 16 * 1024  # boundaries and part headers around the file
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
_MAX_BUFFERED = 2 * LARGEST_PIECE + OVERHEAD_BYTES


class MultipartFieldUnexpected(Invalid):
    message = "Send exactly one part, the file, named `file`."


def boundary_of(parameters: Mapping[str, str]) -> bytes | None:
    """Returns the boundary among the parameters of a Content-Type; None if it is missing or malformed (RFC 2046, 5.1.1)."""
    boundary = parameters.get("boundary", "")
    return boundary.encode() if _BOUNDARY.fullmatch(boundary) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedFile:
    """A file that is in storage, whole and durable, but in no library yet."""

    storage_key: str
    name: str
    content_type: str | None
    size_bytes: int
    sha256: str

    @property
    def fingerprint(self) -> str:
        """Equal for equal files: the content, and what was said about it."""
        return _fingerprint(self.name, self.content_type, self.sha256)


def receive_file(
    storage: Storage, boundary: bytes, pieces: Iterator[bytes | memoryview], *, max_bytes: int
) -> ReceivedFile:
    """Store the one file of the body.

    Raises MultipartFieldUnexpected, UploadTooLarge, FileInterrupted, StorageOutOfSpace and StorageUnreachable; then nothing
    is left in storage.
    """
    key = storage.new_key()
    try:
        storage.create(key)
        return _store(storage, key, _FilePart(boundary, pieces), max_bytes)
    except BaseException as error:
        discard(storage, [key])
        if isinstance(error, StorageFull):
            raise StorageOutOfSpace from None
        if isinstance(error, BodyInterrupted):
            raise FileInterrupted from None
        raise


def read_fingerprint(boundary: bytes, pieces: Iterator[bytes | memoryview], *, max_bytes: int) -> str:
    """Returns the fingerprint that the one file of the body would have; stores nothing.

    Raises MultipartFieldUnexpected, UploadTooLarge, FileInterrupted.
    """
    part, content, size = _FilePart(boundary, pieces), hashlib.sha256(), 0
    try:
        for piece in part.pieces():
            content.update(piece)
            size += len(piece)
            if size > max_bytes:
                raise UploadTooLarge(allowed=max_bytes)
    except BodyInterrupted:
        raise FileInterrupted from None
    name, content_type = _described(part)
    return _fingerprint(name, content_type, content.hexdigest())


class _FilePart:
    """The file in a multipart body: its content by `pieces`, and then its headers in `file`, if there was one."""

    def __init__(self, boundary: bytes, body: Iterator[bytes | memoryview]) -> None:
        self.file: File | None = None
        self._events = _events(boundary, body)

    def pieces(self) -> Iterator[bytes]:
        """The content of the file. Raises MultipartFieldUnexpected for any other part."""
        for event in self._events:
            if isinstance(event, Data):
                yield bytes(event.data)
            elif isinstance(event, Field) or self.file is not None or event.name != FIELD:
                raise _unexpected(event.name or "")
            else:
                self.file = event


def _store(storage: Storage, key: str, part: _FilePart, max_bytes: int) -> ReceivedFile:
    with storage.append(key) as appender, HashingWriter(appender, 0, {"sha256"}) as writer:
        appender.rewind(0)
        Receiver(writer, max_bytes=max_bytes).receive(part.pieces())
        name, content_type = _described(part)
        writer.flush()
        return ReceivedFile(
            storage_key=key,
            name=name,
            content_type=content_type,
            size_bytes=writer.received,
            sha256=writer.digest("sha256").hex(),
        )


def _described(part: _FilePart) -> tuple[str, str | None]:
    """Returns the name and the type of the file. Raises MultipartFieldUnexpected if there was none."""
    if part.file is None:
        raise _unexpected(FIELD)
    return clean_name(part.file.filename or ""), named_type(part.file.headers.get("Content-Type"))


def _fingerprint(name: str, content_type: str | None, sha256: str) -> str:
    return hashlib.sha256(orjson.dumps([name, content_type, sha256])).hexdigest()


def _events(boundary: bytes, pieces: Iterator[bytes | memoryview]) -> Iterator[File | Field | Data]:
    decoder = MultipartDecoder(boundary, _MAX_BUFFERED, max_parts=4)
    try:
        while True:
            event = decoder.next_event()
            if isinstance(event, Epilogue):
                return
            if isinstance(event, NeedData):
                piece: Any = next(pieces, None)  # None at the end; an empty piece while nothing arrives
                decoder.receive_data(piece)  # it copies also what is a view
            elif isinstance(event, File | Field | Data):
                yield event
    except (ValueError, RequestEntityTooLarge):
        raise _unexpected(FIELD) from None


def _unexpected(name: str) -> MultipartFieldUnexpected:
    return MultipartFieldUnexpected.at(f"/{name}", code="invalid")
