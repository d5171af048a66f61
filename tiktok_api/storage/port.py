"""The interface that every storage implements."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol


class Appender(Protocol):
    """The only writer of one key, until it releases its lock.

    Every method raises StorageBusy when another writer has taken the lock over, StorageMissing when the key was deleted
    meanwhile, and StorageUnreachable.
    """

    def write(self, piece: bytes | memoryview) -> None:
        """Append `piece`. Raises StorageFull; what was flushed stays."""

    def flush(self) -> int:
        """Make everything written so far durable. Returns how many bytes that is. Raises StorageFull."""

    def rewind(self, offset: int) -> None:
        """Continue at `offset`, which was flushed before; the bytes after it are dropped.

        Raises StorageMissing when fewer bytes are there.
        """

    def renew_lock(self) -> None:
        """Keep the lock: every few seconds, and before the caller acknowledges what was flushed.

        Raises StorageBusy when another writer has taken it over. Called inside a transaction, it also keeps other writers
        from taking the lock over until the transaction ends.
        """


class Storage(Protocol):
    """Bytes by key. Keys come from `new_key` only; callers never choose one.

    Methods may go over the network and then raise StorageUnreachable. So they are never called inside a transaction, except
    those whose docstring says so.
    """

    def new_key(self) -> str:
        """Returns a key under which nothing is stored yet."""

    def create(self, key: str) -> None:
        """Create an empty entry under `key`, ready for appending. Raises StorageFull."""

    def append(self, key: str) -> AbstractContextManager[Appender]:
        """Become the only writer of `key`. Begin with `rewind`, to an offset that was flushed before.

        Raises StorageBusy when another writer, in any process, holds the lock, and StorageMissing when nothing is there.
        """

    def finalize(self, key: str, *, size: int) -> None:
        """Declare `key` complete with `size` bytes: nothing is appended any more. May be repeated.

        Raises StorageMissing when it does not have exactly that many.
        """

    def put(self, key: str, content: bytes) -> None:
        """Store a small content in one step, durably. Raises StorageFull."""

    def size(self, key: str) -> int:
        """Returns the number of bytes under `key`. Raises StorageMissing."""

    def read(self, key: str, first: int, last: int) -> Iterator[bytes]:
        """The bytes `first` to `last`, both included, in large pieces; the key was finalized or put.

        Raises StorageMissing before the first piece, StorageUnreachable at any piece.
        """

    def local_copy(self, key: str) -> AbstractContextManager[Path]:
        """A file on this machine with the content of `key`, for programs that need one, until the block ends.

        Raises StorageMissing, and StorageFull where a copy must be made and does not fit.
        """

    def delete(self, key: str) -> None:
        """Delete `key`; a missing key is no error."""

    def path_below(self, key: str) -> str | None:
        """Returns the path of the content below a folder that a web server may serve; None if it is in no folder."""

    def signed_url(self, key: str, *, method: str, content_type: str, disposition: str | None) -> str | None:
        """Returns a URL that serves the content for a short time, to one `method`, without a token; None if there is none.

        Makes no request, so the URL may lead to a missing content.
        """

    def keys_before(self, moment: datetime) -> Iterator[str]:
        """Every key last written before `moment`; the cleanup compares them with the database."""

    def free_bytes(self) -> int | None:
        """Returns how many more bytes fit, as far as that is known; None if there is no known limit."""

    def check(self) -> None:
        """Raises StorageError if nothing can be stored right now; for health checks."""
