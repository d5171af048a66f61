"""The virtual clock of a world."""

import time

from tiktok_api.simulator.options.timestamps import within_time


class Clock:
    """Real time plus an offset, or a frozen moment.

    It counts from a monotonic source: neither a change of the system clock nor a test that replaces the time moves it.
    """

    def __init__(self, start_at: float | None = None) -> None:
        self._origin = time.monotonic()
        self._start = time.time() if start_at is None else start_at
        self._offset = 0.0
        self._frozen_at: float | None = None

    @property
    def is_frozen(self) -> bool:
        """True if time passes only when `advance` or `set` is called."""
        return self._frozen_at is not None

    @property
    def offset_seconds(self) -> float:
        """Seconds by which this clock is ahead of real time."""
        return self.now() - time.time()

    def now(self) -> float:
        """Returns the current moment in seconds since 1970 (UTC)."""
        return self._running_now() if self._frozen_at is None else self._frozen_at

    def advance(self, seconds: float) -> None:
        """Jump ahead, or back with a negative number. Raises ValueError before 1980 and after 2037."""
        within_time(self.now() + seconds)
        if self._frozen_at is not None:
            self._frozen_at += seconds
        self._offset += seconds

    def set(self, moment: float) -> None:
        """Jump to a moment. Raises ValueError as `advance` does."""
        self.advance(moment - self.now())

    def freeze(self) -> None:
        """Stop at the current moment."""
        self._frozen_at = self.now()

    def thaw(self) -> None:
        """Continue from the frozen moment."""
        if self._frozen_at is not None:
            self._offset += self._frozen_at - self._running_now()
            self._frozen_at = None

    def _running_now(self) -> float:
        return self._start + (time.monotonic() - self._origin) + self._offset
