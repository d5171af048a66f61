"""How fast an import is, in one attempt and as a whole: a slow server holds a place no longer than others can wait for it."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tiktok_api.media.imports.refusals import ImportRefused, PlaceNeeded

LEAST_BYTES_PER_SECOND = 32 * 1024
"""A file that arrives more slowly on average, over all attempts, is given up: 500 MiB would take more than four hours."""
FAST_BYTES_PER_SECOND = 256 * 1024
"""Only a server that is as fast keeps its place while others wait, and only such progress makes up for failed attempts."""
MOST_READINGS = 3
"""An import may read so many times the largest allowed file, however often its server begins again from the start."""


@dataclass(frozen=True, slots=True)
class Effort:
    """What an import has cost: bytes read, also those that were dropped, and the seconds of its attempts."""

    read_bytes: int = 0
    seconds: float = 0.0


class ImportPace:
    """Watches one attempt of an import that has cost `before` already. A turn is the time for which slowness is borne."""

    def __init__(self, before: Effort, *, max_bytes: int, turn_seconds: float, others_wait: Callable[[], bool]) -> None:
        self._before = before
        self._most_bytes = MOST_READINGS * max_bytes
        self._turn_seconds = turn_seconds
        self._others_wait = others_wait
        self._began = self._turn_began = time.monotonic()
        self._read = self._read_in_turn = 0

    @property
    def effort(self) -> Effort:
        """Returns what the import has cost until now, with this attempt."""
        seconds = time.monotonic() - self._began
        return Effort(self._before.read_bytes + self._read, self._before.seconds + seconds)

    def is_fast(self, gained_bytes: int) -> bool:
        """True if so many new bytes are fast progress for this attempt."""
        return gained_bytes >= FAST_BYTES_PER_SECOND * (time.monotonic() - self._began)

    def watch(self, body: Iterator[bytes]) -> Iterator[bytes]:
        """Pass `body` on. Raises PlaceNeeded, and ImportRefused if the import has cost too much."""
        for piece in body:
            self._read += len(piece)
            self._read_in_turn += len(piece)
            yield piece
            self._judge()

    def _judge(self) -> None:
        effort, now = self.effort, time.monotonic()
        if effort.read_bytes > self._most_bytes:
            raise ImportRefused("import_interrupted", "The server began again from the start too often.")
        if now - self._turn_began < self._turn_seconds:
            return
        if effort.read_bytes < LEAST_BYTES_PER_SECOND * effort.seconds:
            message = f"The server sends less than {LEAST_BYTES_PER_SECOND} bytes a second on average."
            raise ImportRefused("import_timeout", message)
        if self._read_in_turn < FAST_BYTES_PER_SECOND * (now - self._turn_began) and self._others_wait():
            raise PlaceNeeded
        self._turn_began, self._read_in_turn = now, 0
