"""The virtual clock."""

import time
from datetime import UTC, datetime

EARLIEST = datetime(1980, 1, 1, tzinfo=UTC).timestamp()
LATEST = datetime(2038, 1, 1, tzinfo=UTC).timestamp()
"""Ids are 64 bits with the second in their upper half: beyond these years they would not have 19 digits."""


class Clock:
    """Real time plus an offset, or standing still.

    It counts from a monotonic source, so that neither a stepped system clock nor a test that travels in time
    moves it: only its own control does.
    """

    def __init__(self, start_at: float | None = None) -> None:
        self._origin = time.monotonic()
        self._start = time.time() if start_at is None else start_at
        self._offset = 0.0
        self._frozen_at: float | None = None

    @property
    def is_frozen(self) -> bool:
        """Whether time stands still until it is advanced by hand."""
        return self._frozen_at is not None

    @property
    def offset_seconds(self) -> float:
        """How far this clock is ahead of real time."""
        return self.now() - time.time()

    def now(self) -> float:
        """The moment it is, in seconds since 1970 (UTC)."""
        return self._running_now() if self._frozen_at is None else self._frozen_at

    def advance(self, seconds: float) -> None:
        """Jump ahead, or back with a negative number. Raises ValueError at the ends of this world's time."""
        within_time(self.now() + seconds)
        if self._frozen_at is not None:
            self._frozen_at += seconds
        self._offset += seconds

    def set(self, moment: float) -> None:
        """Jump to a moment; raises ValueError as `advance` does."""
        self.advance(moment - self.now())

    def freeze(self) -> None:
        """Stand still from now on."""
        self._frozen_at = self.now()

    def thaw(self) -> None:
        """Run on from where it stood."""
        if self._frozen_at is not None:
            self._offset += self._frozen_at - self._running_now()
            self._frozen_at = None

    def _running_now(self) -> float:
        return self._start + (time.monotonic() - self._origin) + self._offset


def within_time(moment: float) -> float:
    """The same moment; raises ValueError for one before EARLIEST or after LATEST, and for no number at all."""
    if not EARLIEST <= moment <= LATEST:
        raise ValueError("time here runs from 1980 to 2037")
    return moment


def iso(moment: float | None) -> str | None:
    """A moment as RFC 3339 in UTC with milliseconds."""
    if moment is None:
        return None
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_iso(text: object) -> float:
    """The moment that an RFC 3339 text with a zone, or a number of seconds since 1970, stands for.

    Raises ValueError for what is neither, and for moments out of this world's time.
    """
    if isinstance(text, int | float):
        return within_time(float(text))
    moment = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    if moment.tzinfo is None:
        raise ValueError("a time needs its zone, for instance a trailing Z")
    return within_time(moment.timestamp())
