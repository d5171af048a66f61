"""Who writes to SQLite next: within a process, writers are served in the order in which they came.

SQLite has one writer at a time, and lets the others try again after sleeps that grow: those who have just come overtake those
who have waited long, and at 16 clients one request in a hundred waited for more than a second. Here a writer waits for its turn
without trying, and the one before it hands the turn over when its transaction ends.
"""

import os
import threading
import time
import weakref
from collections import deque

_RUN_SECONDS, _GAP_SECONDS = 0.05, 0.002
"""After so long without a moment in which none of this process wrote, the next writer lets those of other processes try."""


class WriterQueue:
    """The turn to write, and those who wait for it."""

    def __init__(self) -> None:
        self._waiting: deque[threading.Lock] = deque()
        self._began_at = 0.0
        self._reset()
        _queues.add(self)

    @property
    def waiting(self) -> int:
        """Returns how many wait for the turn."""
        return len(self._waiting)

    def enter(self, seconds: float) -> bool:
        """Wait for the turn, at most so long. Returns False if it did not come; otherwise `leave` must be called."""
        turn = threading.Lock()
        turn.acquire()
        with self._guard:
            self._waiting.append(turn)
            self._serve()
        try:
            has_waited = not turn.acquire(blocking=False)
            if has_waited and not turn.acquire(timeout=seconds) and self._give_up(turn):
                return False
            self._let_others_try(has_waited)
        except BaseException:  # such as a signal that ends this process
            if not self._give_up(turn):
                self.leave()
            raise
        return True

    def leave(self) -> None:
        """Hand the turn to the one who has waited longest. Any thread may call it, also the garbage collector in one."""
        with self._guard:
            self._is_taken = False
            self._serve()

    def _serve(self) -> None:
        # The garbage collector may call `leave` between any two lines of a thread that has the guard. Only while the turn is
        # taken, though, so that nothing comes between the question and the answer.
        if not self._is_taken and self._waiting:
            self._is_taken = True
            self._waiting.popleft().release()

    def _give_up(self, turn: threading.Lock) -> bool:
        """Returns False if the turn has come in the meantime."""
        with self._guard:
            try:
                self._waiting.remove(turn)
            except ValueError:
                return False
        return True

    def _let_others_try(self, has_waited: bool) -> None:
        now = time.monotonic()
        if has_waited and now - self._began_at > _RUN_SECONDS:
            time.sleep(_GAP_SECONDS)
            has_waited = False
        if not has_waited:
            self._began_at = now

    def _reset(self) -> None:
        """In a new process none of the parent's threads waits or writes."""
        self._guard = threading.RLock()
        self._waiting.clear()
        self._is_taken = False


_queues: weakref.WeakSet[WriterQueue] = weakref.WeakSet()


def _reset_all() -> None:
    for queue in _queues:
        queue._reset()


os.register_at_fork(after_in_child=_reset_all)
