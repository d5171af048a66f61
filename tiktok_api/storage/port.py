"""What every storage can do."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol


class Appending(Protocol):
    """One writer at the end of one key, alone there until it lets go.

    All of it raises StorageBusy where a lock can be lost and another writer has taken over, StorageMissing when the key was
    deleted meanwhile, and StorageUnreachable.
    """

    def write(self, piece: bytes | memoryview) -> None:
        """Put `piece` behind what is there. Raises StorageFull; what was settled stays."""

    def settle(self) -> int:
        """Make everything written so far durable and answer how many bytes that is. Raises StorageFull."""

    def rewind(self, offset: int) -> None:
        """Go on from `offset`, which was settled before; whatever is behind it is dropped.

        Raises StorageMissing when fewer bytes are there.
        """

    def hold(self) -> None:
        """Say that this writer is still at it, every few seconds and before what was settled is acknowledged.

        Raises StorageBusy when another writer has taken over meanwhile. Inside a transaction nobody can take over before
        it ends.
        """


class Storage(Protocol):
    """Bytes by key. Keys come from `new_key`; nobody outside chooses one.

    Never asked inside a transaction, except for what says so: it may go over the network, and then raises StorageUnreachable.
    """

    def new_key(self) -> str:
        """A key that nothing is stored under yet."""

    def create(self, key: str) -> None:
        """Make an empty, appendable thing under `key`. Raises StorageFull."""

    def append(self, key: str) -> AbstractContextManager[Appending]:
        """Be the only writer of `key`; begin with `rewind`, to where one settled before.

        Raises StorageBusy when another writer, in whatever process, is at it, and StorageMissing when nothing is there.
        """

    def seal(self, key: str, *, size: int) -> None:
        """Declare `key` complete with `size` bytes: nothing is appended any more. Doing so twice is fine.

        Raises StorageMissing when it has not exactly that many.
        """

    def put(self, key: str, content: bytes) -> None:
        """Store something small in one go, durably. Raises StorageFull."""

    def size(self, key: str) -> int:
        """How many bytes are under `key`. Raises StorageMissing."""

    def read(self, key: str, first: int, last: int) -> Iterator[bytes]:
        """The bytes `first` to `last`, both included, in large pieces, of what was sealed or put.

        Raises StorageMissing before the first piece; StorageUnreachable at any.
        """

    def local_copy(self, key: str) -> AbstractContextManager[Path]:
        """A file on this machine with the content of `key`, for programs that need one, until the block is left.

        Raises StorageMissing, and StorageFull where a copy must be made and does not fit.
        """

    def delete(self, key: str) -> None:
        """Forget `key`; deleting what is not there is fine."""

    def path_below(self, key: str) -> str | None:
        """Where the content is below a folder that a web server may hand out; None: it is in no folder."""

    def signed_url(self, key: str, *, method: str, content_type: str, disposition: str | None) -> str | None:
        """An address that hands out the content to anybody, once, soon and for `method`; None: there is none.

        Asks nobody, so it may name what is not there.
        """

    def keys_before(self, moment: datetime) -> Iterator[str]:
        """Every key last written before `moment`, for sweeping what nobody owns any more."""

    def room(self) -> int | None:
        """How many more bytes fit, as far as anyone can tell; None: no end in sight."""

    def check(self) -> None:
        """Raise StorageError if nothing can be stored right now; for health checks."""
