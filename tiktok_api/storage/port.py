"""What every storage can do."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol


class Appending(Protocol):
    """One writer at the end of one key, alone there until it lets go."""

    @property
    def settled(self) -> int:
        """How many bytes of the key would survive a power cut."""

    def write(self, piece: bytes | memoryview) -> None:
        """Put `piece` behind what is there. Raises StorageFull; what was settled stays."""

    def settle(self) -> int:
        """Make everything written so far durable and answer how many bytes that is. Raises StorageFull."""

    def rewind(self, offset: int) -> None:
        """Forget everything behind `offset` bytes."""


class Storage(Protocol):
    """Bytes by key. Keys come from `new_key`; nobody outside chooses one."""

    def new_key(self) -> str:
        """A key that nothing is stored under yet."""

    def create(self, key: str) -> None:
        """Make an empty, appendable thing under `key`. Raises StorageFull."""

    def append(self, key: str, *, offset: int) -> AbstractContextManager[Appending]:
        """Write on from `offset`; whatever an earlier writer left behind it unsettled is dropped first.

        Raises StorageBusy when another writer, in whatever process, is at it, and StorageMissing when fewer than
        `offset` bytes are there.
        """

    def seal(self, key: str, *, size: int) -> None:
        """Declare `key` complete with `size` bytes: nothing is appended any more. Raises StorageMissing."""

    def put(self, key: str, content: bytes) -> None:
        """Store something small in one go, durably. Raises StorageFull."""

    def size(self, key: str) -> int:
        """How many bytes are under `key`. Raises StorageMissing."""

    def read(self, key: str, first: int, last: int) -> Iterator[bytes]:
        """The bytes `first` to `last`, both included, in large pieces. Raises StorageMissing before the first piece."""

    def local_copy(self, key: str) -> AbstractContextManager[Path]:
        """A file on this machine with the content of `key`, for programs that need one. Raises StorageMissing."""

    def delete(self, key: str) -> None:
        """Forget `key`; deleting what is not there is fine."""

    def keys_before(self, moment: datetime) -> Iterator[str]:
        """Every key last written before `moment`, for sweeping what nobody owns any more."""

    def check(self) -> None:
        """Raise StorageError if nothing can be stored right now; for health checks."""
