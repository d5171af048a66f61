"""Hashes of unfinished uploads, so that a file which arrives in pieces is not read again at its end.

A hash that has begun cannot be stored, so each process keeps those of the pieces that it has received itself. What was
acknowledged never changes; a kept hash therefore stays right for the offset at which it was kept, whatever other processes do
meanwhile. It is of no use at any other offset: where pieces go to several processes, after a restart, and where too many
uploads are in progress, inspection reads the file.
"""

import threading
import time
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class _KeptHash:
    offset: int
    state: Any
    ends_at: float


class KeptHashes:
    """SHA-256 of everything before an offset, by storage key: of the `most` uploads that went on last, for some seconds."""

    def __init__(self, *, most: int = 1024, seconds: float = 3600.0) -> None:
        self._most, self._seconds = most, seconds
        self._lock = threading.Lock()
        self._kept: dict[str, _KeptHash] = {}  # in the order in which they were kept

    def resume(self, key: str, offset: int) -> Any | None:
        """Returns a hash of the bytes before `offset`, to be continued by the caller; None if there is none."""
        with self._lock:
            self._forget_old()
            found = self._kept.get(key)
            return None if found is None or found.offset != offset else found.state.copy()

    def keep(self, key: str, offset: int, state: Any) -> None:
        """Keep the hash of all bytes before `offset`, which are acknowledged; None for `state` forgets what was kept."""
        with self._lock:
            self._kept.pop(key, None)
            if state is not None:
                self._kept[key] = _KeptHash(offset, state, time.monotonic() + self._seconds)
            self._forget_old()

    def _forget_old(self) -> None:
        now = time.monotonic()
        while self._kept:
            key, kept = next(iter(self._kept.items()))
            if len(self._kept) <= self._most and now < kept.ends_at:
                return
            del self._kept[key]
