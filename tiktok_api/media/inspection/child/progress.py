"""Tells the parent how far a long act is, and ends one that takes more time than it may."""

import os
import time
from dataclasses import dataclass

from tiktok_api.media.inspection.child.refusal import Refused

_DIGITS = 7
_SECONDS_BETWEEN = 0.25


@dataclass(slots=True)
class Progress:
    """`descriptor` is a file of the parent's, which holds the percentage as text; the act may take `cpu_seconds`."""

    descriptor: int
    cpu_seconds: float
    _told_at: float = 0.0

    def tell(self, share: float) -> None:
        """Say which share of the work, 0 to 1, is done. Raises Refused if it took too long already."""
        now = time.monotonic()
        if now - self._told_at < _SECONDS_BETWEEN:
            return
        self._told_at = now
        os.pwrite(self.descriptor, f"{min(100.0, max(0.0, 100 * share)):{_DIGITS}.2f}".encode(), 0)
        if time.process_time() > self.cpu_seconds:
            message = "Converting this takes longer than allowed; trim it, or send a smaller one."
            raise Refused("conversion_too_long", message)
