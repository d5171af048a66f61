"""The storage port on an S3 bucket. Uploads are stored as parts, and their short ends as pieces, so every flushed byte is durable."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError

from tiktok_api.storage import keys
from tiktok_api.storage.errors import StorageMissing, StorageUnreachable, translate_full
from tiktok_api.storage.s3.appender import CONTENTS, PIECES, S3Appender, read_pieces
from tiktok_api.storage.s3.bucket import Bucket
from tiktok_api.storage.s3.upload_state import UploadContent, UploadStates

log = structlog.get_logger(__name__)

_CHECK = "check"
_AT_ONCE = 500


class S3Storage:
    """The content of a finalized key is the object `contents/<key>`.

    Until then it is a multipart upload, and bytes that do not fill a part yet are objects in `pieces/<key>/`. Only the upload
    state in the database says which parts and pieces count, so any server can continue an upload, also after a crash.
    """

    def __init__(self, bucket: Bucket, states: UploadStates, *, link_seconds: int) -> None:
        self._bucket = bucket
        self._states = states
        self._link_seconds = link_seconds

    def new_key(self) -> str:
        return keys.new_key()

    def create(self, key: str) -> None:
        self._states.create(keys.checked(key))

    @contextmanager
    def append(self, key: str) -> Iterator[S3Appender]:
        writer = self._states.claim(keys.checked(key))
        try:
            yield S3Appender(self._bucket, self._states, writer)
        finally:
            try:
                self._states.release(writer)
            except SQLAlchemyError as error:
                log.warning("storage.lock_kept", error=type(error).__name__)  # until the lease ends

    def finalize(self, key: str, *, size: int) -> None:
        content = self._states.finalize(keys.checked(key), size)
        if content is None:
            if self._size(key) != size:
                raise StorageMissing(key)
            return
        if not self._is_finalized(key, size):  # a worker may have died after the first step, or be doing the same now
            self._assemble(key, content)
            if not self._is_finalized(key, size):
                raise StorageUnreachable("S3 made something else of an upload than what it consists of")
        self._clear(key)
        self._states.delete(key)

    def put(self, key: str, content: bytes) -> None:
        self._bucket.put(CONTENTS + keys.checked(key), content)

    def size(self, key: str) -> int:
        appended = self._states.size(keys.checked(key))
        return self._size(key) if appended is None else appended

    def read(self, key: str, first: int, last: int) -> Iterator[bytes]:
        return self._bucket.read(CONTENTS + keys.checked(key), first, last)

    @contextmanager
    def local_copy(self, key: str) -> Iterator[Path]:
        last = self._size(keys.checked(key)) - 1
        # A file without a name: it ends with this process, in whatever way. Linux shows it to child processes as well.
        with tempfile.TemporaryFile(prefix="media-", buffering=0) as file:
            for piece in self._bucket.read(CONTENTS + key, 0, last):
                with translate_full():
                    rest = memoryview(piece)
                    while rest:
                        rest = rest[file.write(rest) :]
            yield Path(f"/proc/{os.getpid()}/fd/{file.fileno()}")

    def delete(self, key: str) -> None:
        # The row first: without it nothing more is written, and the cleanup deletes what is left in the bucket.
        self._states.delete(keys.checked(key))
        self._bucket.delete([CONTENTS + key])
        self._clear(key)

    def path_below(self, key: str) -> str | None:
        return None

    def signed_url(self, key: str, *, method: str, content_type: str, disposition: str | None) -> str | None:
        if not self._link_seconds:
            return None
        return self._bucket.sign(
            CONTENTS + keys.checked(key),
            method=method,
            content_type=content_type,
            disposition=disposition,
            seconds=self._link_seconds,
        )

    def keys_before(self, moment: datetime) -> Iterator[str]:
        self._delete_leftovers(moment)
        yield from self._states.created_before(moment)
        for name, written_at in self._bucket.list(CONTENTS):
            key = name.removeprefix(CONTENTS)
            if written_at < moment and keys.is_key(key):
                yield key

    def free_bytes(self) -> int | None:
        return None

    def check(self) -> None:
        self._bucket.put(_CHECK, b"ok")

    def _size(self, key: str) -> int:
        return self._bucket.size(CONTENTS + key)

    def _is_finalized(self, key: str, size: int) -> bool:
        try:
            return self._size(key) == size
        except StorageMissing:
            return False

    def _assemble(self, key: str, content: UploadContent) -> None:
        """Make the object. Several workers may do so at the same time: the result is the same."""
        try:
            rest = read_pieces(self._bucket, key, content.pieces)
            if not content.parts or content.upload_id is None:
                self._bucket.put(CONTENTS + key, rest)
                return
            sizes = {part.part or 0: part.end_offset - part.start_offset for part in content.parts}
            if rest:
                self._bucket.put_part(CONTENTS + key, content.upload_id, content.free_part, rest)
                sizes[content.free_part] = len(rest)
            self._bucket.join_parts(CONTENTS + key, content.upload_id, sizes)
        except StorageMissing:
            self._size(key)  # another worker was faster, unless the object is missing as well

    def _clear(self, key: str) -> None:
        """Delete what an upload leaves behind: its pieces, and parts that do not count."""
        self._bucket.delete(name for name, _ in self._bucket.list(f"{PIECES}{key}/"))
        for name, upload_id, _ in self._bucket.list_begun(CONTENTS + key):
            self._bucket.drop_parts(name, upload_id)

    def _delete_leftovers(self, moment: datetime) -> None:
        """Delete old pieces and parts of ended uploads: a writer that had been fenced off wrote them."""
        pieces = (name for name, written_at in self._bucket.list(PIECES) if written_at < moment)
        while batch := list(islice(pieces, _AT_ONCE)):
            alive = self._states.existing({_key_of(name) for name in batch})
            self._bucket.delete([name for name in batch if _key_of(name) not in alive])
        begun = ((name, upload_id) for name, upload_id, at in self._bucket.list_begun(CONTENTS) if at < moment)
        for name, upload_id in begun:
            if not self._states.existing({_key_of(name)}):
                self._bucket.drop_parts(name, upload_id)


def _key_of(name: str) -> str:
    return name.split("/")[1]
