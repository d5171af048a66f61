"""The least average rate of a client: how long it may still be waited for, renewed by the bytes that it moves."""

import time

BYTES_PER_SECOND, GRACE_SECONDS = 4096, 30.0
"""The slowest that a body may be, in and out, averaged over GRACE_SECONDS: a poor mobile network is still faster."""


class LeastRate:
    """Seconds of waiting that a client has left. Waiting uses them up, each byte that is moved gives some back.

    Only time in which the client is waited for counts: a slow disk of ours is not its fault. One thread moves bytes; any
    other may read `seconds_left`.
    """

    def __init__(self, bytes_per_second: float = BYTES_PER_SECOND, grace_seconds: float = GRACE_SECONDS) -> None:
        self._rate, self._grace = bytes_per_second, grace_seconds
        self._left = grace_seconds
        self._used_up_at: float | None = None

    @property
    def seconds_left(self) -> float:
        """Returns zero or less if the client is too slow."""
        used_up_at = self._used_up_at
        return self._left if used_up_at is None else used_up_at - time.monotonic()

    @property
    def seconds_behind(self) -> float:
        """Returns how many of the seconds are used up."""
        return self._grace - self.seconds_left

    def begin_waiting(self) -> None:
        """The client is waited for from now on."""
        self._used_up_at = time.monotonic() + self._left

    def end_waiting(self) -> None:
        """The client is waited for no longer."""
        self._left = self.seconds_left
        self._used_up_at = None  # after the other: a thread that reads in between counts no second twice

    def waited(self, seconds: float) -> None:
        """The client was waited for, for `seconds`."""
        self._left -= seconds

    def moved(self, count: int) -> None:
        """The client has sent or taken `count` bytes."""
        self._left = min(self._grace, self._left + count / self._rate)
