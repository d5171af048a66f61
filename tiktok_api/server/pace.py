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
        self._waiting_since: float | None = None

    @property
    def seconds_left(self) -> float:
        """Returns zero or less if the client is too slow."""
        since = self._waiting_since
        return self._left if since is None else self._left - (time.monotonic() - since)

    @property
    def seconds_behind(self) -> float:
        """Returns how many of the seconds are used up."""
        return self._grace - self.seconds_left

    def begin_waiting(self) -> None:
        """The client is waited for from now on."""
        self._waiting_since = time.monotonic()

    def end_waiting(self) -> None:
        """The client is waited for no longer."""
        self._left, self._waiting_since = self.seconds_left, None

    def waited(self, seconds: float) -> None:
        """The client was waited for, for `seconds`."""
        self._left -= seconds

    def moved(self, count: int) -> None:
        """The client has sent or taken `count` bytes."""
        self._left = min(self._grace, self._left + count / self._rate)
