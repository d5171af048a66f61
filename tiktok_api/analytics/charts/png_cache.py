"""PNGs that were made already, and the pace at which further ones are made.

Making one takes 40 to 250 ms in which no other thread of the process runs, and a followed link is no one's request. So each
version is made once while it is kept, one at a time, and after each the process has as long for everything else.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from tiktok_api.analytics.charts.errors import PicturesBusy

MOST_BYTES = 32 * 1024 * 1024
"""Of all kept pictures of a process: some hundred."""
_PATIENCE_SECONDS = 4.0
"""For how long a request waits for its turn."""


class PngCache:
    """Pictures by their version, the least used one forgotten first; safe for threads."""

    def __init__(self, most_bytes: int = MOST_BYTES, patience_seconds: float = _PATIENCE_SECONDS) -> None:
        self._most_bytes, self._patience_seconds = most_bytes, patience_seconds
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0
        self._lock, self._turn = Lock(), Lock()
        self._rested_at = 0.0

    def get(self, version: str, make: Callable[[], bytes]) -> bytes:
        """Returns the picture of this version, made if it is not kept. Raises PicturesBusy."""
        if (found := self._find(version)) is not None:
            return found
        if not self._turn.acquire(timeout=self._patience_seconds):
            raise PicturesBusy(headers={"Retry-After": "5"})
        try:
            if (found := self._find(version)) is not None:  # made while this request waited
                return found
            time.sleep(max(0.0, self._rested_at - time.monotonic()))
            began = time.monotonic()
            made = make()
            ended = time.monotonic()
            self._rested_at = ended + (ended - began)
        finally:
            self._turn.release()
        self._keep(version, made)
        return made

    def _find(self, version: str) -> bytes | None:
        with self._lock:
            found = self._kept.get(version)
            if found is not None:
                self._kept.move_to_end(version)
            return found

    def _keep(self, version: str, made: bytes) -> None:
        with self._lock:
            self._bytes += len(made) - len(self._kept.pop(version, b""))
            self._kept[version] = made
            while self._bytes > self._most_bytes:
                self._bytes -= len(self._kept.popitem(last=False)[1])
