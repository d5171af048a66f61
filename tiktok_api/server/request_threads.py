"""The threads in which requests run. Nothing waits for their results, so they need none of an executor's futures and locks."""

import threading
import time
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

LATE_SECONDS = 0.01
"""A thread that takes longer is taken to wait for something, and holds nothing up. What computes for longer, as a hash does,
mostly needs no lock of Python's for it."""
LOOK_SECONDS, PAUSE_SECONDS = 0.05, 10.0
_BUSY, _AS_MUCH = 0.5, 0.6
"""Shares: of the time, and of what many threads compute. Many compute a fifth more for the same."""
_MOST_REMEMBERED = 10_000


class RequestThreads:
    """At most `most` threads, started when they are needed, that call `serve` with what they are given.

    Threads that compute hold each other up: Python lets one of them run, and to change places costs a fifth of a short request.
    So while threads compute for most of the time, it is tried whether one alone computes as much, as where the database
    answers at once. If so, work begins one after the other, for as long as that holds; else it is tried again after a pause.

    `serve` is called in a thread, everything public by the main thread.
    """

    def __init__(self, serve: Callable[[Any], None], *, most: int) -> None:
        self._serve, self._most = serve, most
        self._kept: deque[Any] = deque()
        self._calls: SimpleQueue[object] = SimpleQueue()
        self._begun_at: dict[object, float] = {}
        """When each thread that was called began with what it serves now; the keys are the calls."""
        self._started, self._lacks_thread = 0, False
        self._at_once = most
        self._computed: deque[float] = deque(maxlen=_MOST_REMEMBERED)
        """Seconds of computing, of what was served since the last look."""
        self._looked_at = self._main_computed = 0.0
        self._looks, self._share, self._share_of_many, self._next_try = 0, 0.0, 0.0, 0.0

    @property
    def at_once(self) -> int:
        """How many threads may compute at the same time."""
        return self._at_once

    def give(self, work: Any) -> bool:
        """Have a thread serve `work`, which is not None, as soon as there is one. Returns False if there is none, nor can be."""
        if not self._started and not self._start():
            return False
        self._kept.append(work)
        self.go_on()
        return True

    def go_on(self) -> None:
        """Call as many threads as it is time for."""
        while self._kept and self._seconds_left() == 0.0:
            if self._started <= len(self._begun_at) and not self._start():
                break
            self._call()
        if self._kept or len(self._begun_at) > 1:
            self._look()

    def seconds_left(self) -> float | None:
        """After how long `go_on` has something to do; None: not before something is given."""
        if not self._kept:
            return None
        return max(self._seconds_left(), LATE_SECONDS if self._lacks_thread else 0.0)

    def shutdown(self, wait: bool = True) -> None:
        """Each thread ends after what it serves. Without it the process would wait for them for ever."""
        self._kept.clear()
        for _ in range(self._started):
            self._calls.put(None)

    def _seconds_left(self) -> float:
        """After how long another thread may begin with something."""
        began, at_once = sorted(self._begun_at.values()), self._at_once
        if len(began) >= self._most:
            return LATE_SECONDS
        if len(began) < at_once:
            return 0.0
        return max(0.0, began[-at_once] + LATE_SECONDS - time.monotonic())

    def _start(self) -> bool:
        self._lacks_thread = False
        if self._started >= self._most:
            return False
        try:
            threading.Thread(target=self._run, name=f"request-{self._started + 1}").start()
        except RuntimeError:  # the system has no thread to give: those that there are do it
            self._lacks_thread = True
            return False
        self._started += 1
        return True

    def _call(self) -> None:
        call = object()
        self._begun_at[call] = time.monotonic()
        self._calls.put(call)

    def _look(self) -> None:
        """There is work for several threads: find out how many it needs."""
        now = time.monotonic()
        seconds = now - self._looked_at
        if seconds < LOOK_SECONDS:
            return
        main_computed, computed = time.thread_time(), sum(self._computed)
        share = (computed + main_computed - self._main_computed) / seconds
        self._looked_at, self._main_computed = now, main_computed
        self._computed.clear()
        if seconds > 2 * LOOK_SECONDS:  # there was not so much to do meanwhile
            return
        self._looks += 1
        self._share += (share - self._share) / min(self._looks, 4)
        if self._at_once == 1:
            if self._looks >= 2 and self._share < _AS_MUCH * self._share_of_many:
                self._next_try = now + PAUSE_SECONDS
                self._begin_to_look(at_once=self._most)
        elif self._looks >= 4 and self._share > _BUSY and now >= self._next_try:
            self._share_of_many = self._share
            self._begin_to_look(at_once=1)

    def _begin_to_look(self, *, at_once: int) -> None:
        self._at_once, self._looks, self._share = at_once, 0, 0.0

    def _run(self) -> None:
        while (call := self._calls.get()) is not None:
            while True:
                self._serve_next()
                # Only now: whatever is given from here on finds that this thread has ended, or is found by it.
                del self._begun_at[call]
                if not self._kept or self._seconds_left() != 0.0:
                    break
                self._begun_at[call] = time.monotonic()

    def _serve_next(self) -> None:
        try:
            work = self._kept.popleft()
        except IndexError:  # another thread was faster
            return
        began = time.thread_time()
        self._serve(work)
        seconds = time.thread_time() - began
        if seconds < LATE_SECONDS:
            self._computed.append(seconds)
