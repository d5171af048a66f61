"""One file out of a multipart/form-data body, streamed: straight to storage, never spooled, hashed on the way."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from tiktok_api.errors import Invalid, Problem
from tiktok_api.media.errors import FileInterrupted, StorageOutOfSpace, UploadTooLarge
from tiktok_api.media.services import discard
from tiktok_api.media.uploads.hashing_writer import BodyCut, Intake
from tiktok_api.media.uploads.request_body import LARGEST_PIECE
from tiktok_api.storage.errors import StorageFull
from tiktok_api.storage.port import Storage

FIELD = "file"
OVERHEAD_BYTES = 16 * 1024  # boundaries and part headers around the file
_MOST_BUFFERED = 2 * LARGEST_PIECE + OVERHEAD_BYTES


class MultipartFieldUnexpected(Invalid):
    message = "Send exactly one part, the file, named `file`."


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedFile:
    """A file that is in storage, whole and durable, but in nobody's library yet."""

    storage_key: str
    name: str
    content_type: str | None
    size_bytes: int
    sha256: str


def receive_file(storage: Storage, boundary: bytes, pieces: Iterator[bytes], *, max_bytes: int) -> ReceivedFile:
    """Store the one file of the body.

    Raises MultipartFieldUnexpected, UploadTooLarge, FileInterrupted, StorageOutOfSpace and StorageUnreachable; nothing is
    left in storage then.
    """
    key = storage.new_key()
    try:
        storage.create(key)
        return _store(storage, key, _events(boundary, pieces), max_bytes)
    except BaseException as error:
        discard(storage, [key])
        if isinstance(error, StorageFull):
            raise StorageOutOfSpace from None
        if isinstance(error, BodyCut):
            raise FileInterrupted from None
        raise


@contextmanager
def unless_refused(storage: Storage, received: ReceivedFile) -> Iterator[None]:
    """Forget the bytes again where the library does not take the file."""
    try:
        yield
    except Problem:
        discard(storage, [received.storage_key])
        raise


def _store(storage: Storage, key: str, events: Iterator[File | Field | Data], max_bytes: int) -> ReceivedFile:
    found: File | None = None
    with storage.append(key) as end, Intake(end, 0, {"sha256"}) as intake:
        end.rewind(0)
        for event in events:
            if isinstance(event, Data):
                if intake.received + len(event.data) > max_bytes:
                    raise UploadTooLarge(allowed=max_bytes)
                if event.data:
                    intake.take(bytes(event.data))
            elif isinstance(event, Field) or found is not None or event.name != FIELD:
                raise _unexpected(event.name or "")
            else:
                found = event
        if found is None:
            raise _unexpected(FIELD)
        end.settle()
        return ReceivedFile(
            storage_key=key,
            name=found.filename or "untitled",
            content_type=found.headers.get("Content-Type", type=str),
            size_bytes=intake.received,
            sha256=intake.digest("sha256").hex(),
        )


def _events(boundary: bytes, pieces: Iterator[bytes]) -> Iterator[File | Field | Data]:
    decoder = MultipartDecoder(boundary, _MOST_BUFFERED, max_parts=4)
    try:
        while True:
            event = decoder.next_event()
            if isinstance(event, Epilogue):
                return
            if isinstance(event, NeedData):
                decoder.receive_data(next(pieces, None))  # None at the end; an empty piece while nothing comes
            elif isinstance(event, File | Field | Data):
                yield event
    except (ValueError, RequestEntityTooLarge):
        raise _unexpected(FIELD) from None


def _unexpected(name: str) -> MultipartFieldUnexpected:
    return MultipartFieldUnexpected.at(f"/{name}", code="invalid")
