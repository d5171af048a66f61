"""Objects in an S3 bucket: uploads come in parts, and their short ends as pieces, so that every settled byte is durable."""

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
from tiktok_api.storage.errors import StorageMissing, StorageUnreachable, saying_full
from tiktok_api.storage.s3.appending import CONTENTS, PIECES, S3Appending, read_pieces
from tiktok_api.storage.s3.bucket import Bucket
from tiktok_api.storage.s3.upload_state import Content, Ledger

log = structlog.get_logger(__name__)

_CHECK = "check"
_AT_ONCE = 500


class S3Storage:
    """The content of a key is the object `contents/<key>`, once it is sealed.

    Until then it is a multipart upload, and what does not fill a part yet lies in `pieces/<key>/`. Which parts and pieces
    count is in the ledger alone, so that an upload goes on at any server, wherever the last one died.
    """

    def __init__(self, bucket: Bucket, ledger: Ledger, *, link_seconds: int) -> None:
        self._bucket = bucket
        self._ledger = ledger
        self._link_seconds = link_seconds

    def new_key(self) -> str:
        return keys.new_key()

    def create(self, key: str) -> None:
        self._ledger.open(keys.checked(key))

    @contextmanager
    def append(self, key: str) -> Iterator[S3Appending]:
        writer = self._ledger.claim(keys.checked(key))
        try:
            yield S3Appending(self._bucket, self._ledger, writer)
        finally:
            try:
                self._ledger.release(writer)
            except SQLAlchemyError as error:
                log.warning("storage.lock_kept", error=type(error).__name__)  # until the lease is over

    def seal(self, key: str, *, size: int) -> None:
        content = self._ledger.seal(keys.checked(key), size)
        if content is None:
            if self._size(key) != size:
                raise StorageMissing(key)
            return
        if not self._is_sealed(key, size):  # somebody may have died after the first step, or do the same right now
            self._assemble(key, content)
            if not self._is_sealed(key, size):
                raise StorageUnreachable("S3 made something else of an upload than what it consists of")
        self._clear(key)
        self._ledger.forget(key)

    def put(self, key: str, content: bytes) -> None:
        self._bucket.put(CONTENTS + keys.checked(key), content)

    def size(self, key: str) -> int:
        appended = self._ledger.size(keys.checked(key))
        return self._size(key) if appended is None else appended

    def read(self, key: str, first: int, last: int) -> Iterator[bytes]:
        return self._bucket.read(CONTENTS + keys.checked(key), first, last)

    @contextmanager
    def local_copy(self, key: str) -> Iterator[Path]:
        last = self._size(keys.checked(key)) - 1
        # A file without a name: it goes with this process, however that ends. Linux shows it to our children as well.
        with tempfile.TemporaryFile(prefix="media-", buffering=0) as file:
            for piece in self._bucket.read(CONTENTS + key, 0, last):
                with saying_full():
                    rest = memoryview(piece)
                    while rest:
                        rest = rest[file.write(rest) :]
            yield Path(f"/proc/{os.getpid()}/fd/{file.fileno()}")

    def delete(self, key: str) -> None:
        # The entry first: without it nothing is written any more, and what is left here is swept as nobody's.
        self._ledger.forget(keys.checked(key))
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
        self._drop_leftovers(moment)
        yield from self._ledger.begun_before(moment)
        for name, written_at in self._bucket.list(CONTENTS):
            key = name.removeprefix(CONTENTS)
            if written_at < moment and keys.is_key(key):
                yield key

    def room(self) -> int | None:
        return None

    def check(self) -> None:
        self._bucket.put(_CHECK, b"ok")

    def _size(self, key: str) -> int:
        return self._bucket.size(CONTENTS + key)

    def _is_sealed(self, key: str, size: int) -> bool:
        try:
            return self._size(key) == size
        except StorageMissing:
            return False

    def _assemble(self, key: str, content: Content) -> None:
        """Make the object. Anybody may do so at the same time: it becomes the same one."""
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
            self._size(key)  # another one was faster, unless this is missing as well

    def _clear(self, key: str) -> None:
        """Delete what an upload leaves behind: its pieces, and parts that nobody counted."""
        self._bucket.delete(name for name, _ in self._bucket.list(f"{PIECES}{key}/"))
        for name, upload_id, _ in self._bucket.list_begun(CONTENTS + key):
            self._bucket.drop_parts(name, upload_id)

    def _drop_leftovers(self, moment: datetime) -> None:
        """Delete old pieces and parts of uploads that are over: a writer wrote them that was dead and did not know it."""
        pieces = (name for name, written_at in self._bucket.list(PIECES) if written_at < moment)
        while some := list(islice(pieces, _AT_ONCE)):
            alive = self._ledger.known({_key_of(name) for name in some})
            self._bucket.delete([name for name in some if _key_of(name) not in alive])
        begun = ((name, upload_id) for name, upload_id, at in self._bucket.list_begun(CONTENTS) if at < moment)
        for name, upload_id in begun:
            if not self._ledger.known({_key_of(name)}):
                self._bucket.drop_parts(name, upload_id)


def _key_of(name: str) -> str:
    return name.split("/")[1]
