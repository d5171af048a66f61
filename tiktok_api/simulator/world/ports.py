"""What a world needs from outside: something that runs work outside the world's lock."""

from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager
from typing import Protocol

BackgroundTask = Callable[[], None]


class Cuttable(Protocol):
    """A connection that another thread can end."""

    is_cut: bool

    def cut(self) -> None:
        """End the connection; a thread that waits for it gets an OSError or an end of file."""

    def close(self) -> None:
        """Close the connection."""


class Background(Protocol):
    """Runs the agenda when no request comes in, and tasks that talk to other servers; `background.lanes` implements it."""

    def wake(self) -> None:
        """Look at the clock and the agenda again, from now on also without requests."""

    def stir(self) -> None:
        """Look at the clock and the agenda again."""

    def post(self, lane: Hashable, task: BackgroundTask) -> None:
        """Run a task after the earlier ones of its lane."""

    def cut(self, lane: Hashable) -> None:
        """Cut the connections of a lane."""

    def connected(self, connection: Cuttable, lane: Hashable, seconds: float) -> AbstractContextManager[None]:
        """Make a connection cuttable while it is used, for at most this many real seconds; then close it."""

    def settle(self, timeout_seconds: float) -> bool:
        """Wait in real time until nothing is due or running. Returns False at the time-out."""

    def discard_all(self) -> None:
        """Drop every task and cut every connection, because a reset has ended their world."""

    def stop(self) -> None:
        """Stop all threads."""
