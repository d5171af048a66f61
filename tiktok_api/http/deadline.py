"""A deadline for a whole exchange.

A read timeout alone lets a server that sends one byte a second hold a worker for hours, so every wait is also cut to what
is left until the deadline.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum


class Stage(StrEnum):
    """What an exchange is waiting for."""

    CONNECT = "connect"
    WRITE = "write"
    READ = "read"


class DeadlinePassed(Exception):
    """The exchange took too long as a whole. In stage CONNECT, no byte of the request was sent."""

    def __init__(self, stage: Stage) -> None:
        super().__init__("The exchange took too long as a whole.")
        self.stage = stage


class Deadline:
    """The moment at which an exchange must be over; without `seconds` there is none until `restart`."""

    def __init__(self, seconds: float | None = None) -> None:
        self._ends_at = None if seconds is None else time.monotonic() + seconds

    def restart(self, seconds: float) -> None:
        """Move the deadline to `seconds` from now."""
        self._ends_at = time.monotonic() + seconds

    @property
    def has_passed(self) -> bool:
        """Returns True if the exchange should be over."""
        return self._ends_at is not None and time.monotonic() >= self._ends_at

    def limit(self, timeout: float | None, stage: Stage) -> float | None:
        """How long to wait at most, in seconds: `timeout` or what is left. Raises DeadlinePassed."""
        if self._ends_at is None:
            return timeout
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise DeadlinePassed(stage)
        return left if timeout is None else min(timeout, left)


_current: ContextVar[Deadline] = ContextVar("http_deadline", default=Deadline())  # noqa: B039  # nothing restarts this one


def current() -> Deadline:
    """The deadline of this thread's exchange; one that never passes where no `deadline` is open."""
    return _current.get()


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Bound everything that this thread sends or reads inside, for connections that many threads share."""
    token = _current.set(Deadline(seconds))
    try:
        yield
    finally:
        _current.reset(token)
