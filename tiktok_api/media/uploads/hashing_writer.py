"""Writes received bytes to storage and hashes them in another thread, piece by piece."""

import hashlib
import os
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

from tiktok_api.storage.port import Appender

_SMALL_PIECE = 128 * 1024
"""Below this, another thread would take longer to begin than to hash."""


class _Threads:
    """In which all uploads of this process are hashed: to start one for each would take as long as to hash a piece."""

    pool: ThreadPoolExecutor

    @classmethod
    def renew(cls) -> None:
        """A new process has none of its parent's threads."""
        cls.pool = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="hash")


_Threads.renew()
os.register_at_fork(after_in_child=_Threads.renew)


class HashingWriter:
    """Appends pieces from `offset` on. Hashes each by `algorithms` while the next one is awaited.

    `before` is the SHA-256 of the bytes before `offset`, if that is known; it is continued. At most two pieces are in memory at
    any time.
    """

    def __init__(self, appender: Appender, offset: int, algorithms: set[str], *, before: Any = None) -> None:
        self.received = offset
        self._appender = appender
        self._hashes: dict[str, Any] = {name: hashlib.new(name, usedforsecurity=False) for name in algorithms}
        self._whole = before
        self._updated = [*self._hashes.values(), *([] if before is None else [before])]
        self._pending: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wait()

    def write(self, piece: bytes | memoryview) -> None:
        """Store and hash one piece. Raises StorageFull; the hashes are useless then."""
        self._wait()
        if self._updated:
            self._begin_hashing(piece)
        whole, self._whole = self._whole, None  # it is of no use if a part of the piece is written
        self._appender.write(piece)
        self._whole = whole
        self.received += len(piece)

    def flush(self) -> int:
        """Make everything written durable. Returns the offset after the last durable byte. Raises StorageFull."""
        return self._appender.flush()

    def renew_lock(self) -> None:
        """Keep the storage's lock. Raises StorageBusy when another writer has taken it over."""
        self._appender.renew_lock()

    def digest(self, algorithm: str) -> bytes:
        """Returns the hash of everything written."""
        self._wait()
        digest: bytes = self._hashes[algorithm].digest()
        return digest

    def hexdigest(self, algorithm: str) -> str | None:
        """Returns the same in hexadecimal; None if that hash was not asked for."""
        return self.digest(algorithm).hex() if algorithm in self._hashes else None

    def whole_until(self, offset: int) -> Any | None:
        """Returns the SHA-256 of all bytes before `offset`, also those before this writer; None if it is not known."""
        self._wait()
        return self._whole if offset == self.received else None

    def _begin_hashing(self, piece: bytes | memoryview) -> None:
        if len(piece) < _SMALL_PIECE:
            self._hash(piece)
        else:
            self._pending = _Threads.pool.submit(self._hash, piece)

    def _hash(self, piece: bytes | memoryview) -> None:
        for found in self._updated:
            found.update(piece)

    def _wait(self) -> None:
        if self._pending is not None:
            self._pending.result()
            self._pending = None
