"""The threads in which requests run. Nothing waits for their results, so they need none of an executor's futures and locks."""

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any

LATE_SECONDS = 0.01
"""A thread that takes longer is taken to wait for something, and holds nothing up."""
_LOOK_SECONDS = 0.05
_IDLE, _BUSY = 0.5, 0.65
"""Shares of one core, which is what Python's threads have together: below, one more has something to compute; above, it waits."""


class RequestThreads:
    """At most `most` threads, started when they are needed, that call `serve` with what they are given.

    Threads that compute only hold each other up, so a process that computes all the time begins one thing after the other.
    It begins as many at once as it needs to have something to compute while others wait, as for the database. `serve` is called
    in a thread, everything public by the main thread.
    """

    def __init__(self, serve: Callable[[Any], None], *, most: int) -> None:
        self._serve, self._most = serve, most
        self._kept: deque[Any] = deque()
        self._calls: SimpleQueue[object] = SimpleQueue()
        self._begun_at: dict[object, float] = {}
        """When each thread that was called began with what it serves now; the keys are the calls."""
        self._started = 0
        self._at_once = 1
        self._looked_at, self._computed = time.monotonic(), time.process_time()

    def give(self, work: Any) -> bool:
        """Have a thread serve `work`, which is not None, as soon as there is one. Returns False if there is none, nor can be."""
        if not self._started and not self._start():
            return False
        self._kept.append(work)
        self.go_on()
        return True

    def go_on(self) -> None:
        """Call as many threads as it is time for."""
        while self.seconds_left() == 0.0:
            if self._started == len(self._begun_at) and not self._start():
                return
            self._call()
        if self._kept:
            self._look()

    def seconds_left(self) -> float | None:
        """After how long `go_on` has something to do; None: not before something is given."""
        if not self._kept:
            return None
        began = sorted(self._begun_at.values())
        if len(began) < self._at_once:
            return 0.0
        if len(began) >= self._most:
            return LATE_SECONDS
        return max(0.0, began[-self._at_once] + LATE_SECONDS - time.monotonic())

    def shutdown(self, wait: bool = True) -> None:
        """Each thread ends after what it serves. Without it the process would wait for them for ever."""
        self._kept.clear()
        for _ in range(self._started):
            self._calls.put(None)

    def _start(self) -> bool:
        if self._started >= self._most:
            return False
        with suppress(RuntimeError):  # the system has no thread to give: those that there are do it
            threading.Thread(target=self._run, name=f"request-{self._started + 1}").start()
            self._started += 1
            return True
        return False

    def _call(self) -> None:
        call = object()
        self._begun_at[call] = time.monotonic()
        self._calls.put(call)

    def _look(self) -> None:
        """Something is kept: find out whether the process computes all the time."""
        now, computed = time.monotonic(), time.process_time()
        seconds = now - self._looked_at
        if seconds < _LOOK_SECONDS:
            return
        share = (computed - self._computed) / seconds
        self._looked_at, self._computed = now, computed
        if share < _IDLE:
            self._at_once = min(self._at_once + 1, self._most)
        elif share > _BUSY:
            self._at_once = max(self._at_once - 1, 1)

    def _run(self) -> None:
        while (call := self._calls.get()) is not None:
            while True:
                with suppress(IndexError):  # another thread was faster
                    self._serve(self._kept.popleft())
                # Only now: whatever is given from here on finds that this thread has ended, or is found by it.
                del self._begun_at[call]
                if self.seconds_left() != 0.0:
                    break
                self._begun_at[call] = time.monotonic()
