"""From a connection to storage, hashed on the way by another thread, a piece at a time."""

import hashlib
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

from tiktok_api.storage.port import Appender


class BodyCut(Exception):
    """The body ended before it should have: reset, stalled for too long, or cut short."""


class Intake:
    """Writes pieces behind `offset` and hashes them by `algorithms`, while the next piece is awaited.

    At most two pieces are in memory at any time.
    """

    def __init__(self, end: Appender, offset: int, algorithms: set[str]) -> None:
        self.received = offset
        self._end = end
        self._hashes: dict[str, Any] = {name: hashlib.new(name, usedforsecurity=False) for name in algorithms}
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="hash") if algorithms else None
        self._pending: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown()

    def take(self, piece: bytes) -> None:
        """Store and hash one piece. Raises StorageFull; the hashes are of no use then."""
        self._wait()
        if self._pool is not None:
            self._pending = self._pool.submit(self._hash, piece)
        self._end.write(piece)
        self.received += len(piece)

    def digest(self, algorithm: str) -> bytes:
        """The hash of everything taken."""
        self._wait()
        digest: bytes = self._hashes[algorithm].digest()
        return digest

    def hexdigest(self, algorithm: str) -> str | None:
        """The same in hexadecimal; None where that hash was not asked for."""
        return self.digest(algorithm).hex() if algorithm in self._hashes else None

    def _hash(self, piece: bytes) -> None:
        for found in self._hashes.values():
            found.update(piece)

    def _wait(self) -> None:
        if self._pending is not None:
            self._pending.result()
            self._pending = None
