"""The threads in which requests run. Nothing waits for their results, so they need none of an executor's futures and locks."""

import threading
import time
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

LATE_SECONDS = 0.01
"""A thread that takes longer is taken to wait for something, and holds nothing up."""
_TRIAL_SECONDS, _IDLE_SECONDS = 0.2, 0.05


class RequestThreads:
    """At most `most` threads, started when they are needed, that call `serve` with what they are given.

    Threads that compute hold each other up: Python lets one of them run, and to change places costs more than a fifth of a
    short request. Threads that wait, as for a database far away, do not. So while there is work for several, it is tried now
    and then whether as much is served by one after the other or by many together, and gone on with what serves more.

    `serve` is called in a thread, everything public by the main thread. `pause_seconds` are between two trials.
    """

    def __init__(self, serve: Callable[[Any], None], *, most: int, pause_seconds: float = 15.0) -> None:
        self._serve, self._most, self._pause_seconds = serve, most, pause_seconds
        self._kept: deque[Any] = deque()
        self._calls: SimpleQueue[object] = SimpleQueue()
        self._begun_at: dict[object, float] = {}
        """When each thread that was called began with what it serves now; the keys are the calls."""
        self._started, self._lacks_thread = 0, False
        self.at_once = most
        """How many threads may begin with something within LATE_SECONDS, but for trials."""
        self._ended = self._counted_from = 0
        self._looked_at = self._tried_from = self._next_trial = 0.0
        self._usual_rate: float | None = None
        """While the other number is tried: how much was served in a second before."""

    @property
    def busy(self) -> int:
        """How many threads were called and have not ended."""
        return len(self._begun_at)

    def give(self, work: Any) -> bool:
        """Have a thread serve `work`, which is not None, as soon as there is one. Returns False if there is none, nor can be."""
        if not self._started and not self._start():
            return False
        self._kept.append(work)
        self.go_on()
        return True

    def take_back(self) -> None:
        """Something that was given has been served."""
        self._ended += 1

    def go_on(self) -> None:
        """Call as many threads as it is time for."""
        if self._started < self.busy:  # one that was called again took what it found by itself first
            self._start()
        while self._uncalled and self._seconds_left() == 0.0:
            if self._started <= self.busy and not self._start():
                break
            self._call()
        if self._kept or self.busy > 1:
            self._look()

    def seconds_left(self) -> float | None:
        """After how long `go_on` has something to do; None: not before something is given."""
        if not self._uncalled and not (self._kept and self._lacks_thread):
            return None
        return max(self._seconds_left(), LATE_SECONDS if self._lacks_thread else 0.0)

    def shutdown(self, wait: bool = True) -> None:
        """Each thread ends after what it serves. Without it the process would wait for them for ever."""
        self._kept.clear()
        for _ in range(self._started):
            self._calls.put(None)

    @property
    def _uncalled(self) -> bool:
        """Whether more is kept than threads are on their way to."""
        return len(self._kept) > self._calls.qsize()

    def _seconds_left(self) -> float:
        """After how long another thread may begin with something."""
        began = sorted(self._begun_at.values())
        at_once = self.at_once if self._usual_rate is None else self._other
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
        """There is work for several threads: try what serves more of it."""
        now, last = time.monotonic(), self._looked_at
        self._looked_at = now
        seconds = now - self._tried_from
        if now - last > _IDLE_SECONDS:  # what was served before tells nothing of what comes
            self._usual_rate = None
            self._count_from(now)
            return
        if self._usual_rate is None and seconds > 2 * _TRIAL_SECONDS:
            self._count_from(now)
            return
        rate = (self._ended - self._counted_from) / seconds if seconds else 0.0
        if self._usual_rate is None:
            if seconds >= _TRIAL_SECONDS and now >= self._next_trial and rate > 0:
                self._usual_rate = rate
                self._count_from(now)
        elif seconds >= _TRIAL_SECONDS or (seconds >= _TRIAL_SECONDS / 4 and rate < self._usual_rate / 2):
            # In case of doubt one after the other: the slowest wait for less, and it costs less.
            if rate >= self._usual_rate * (0.9 if self._other == 1 else 1.1):
                self.at_once = self._other
            self._usual_rate, self._next_trial = None, now + self._pause_seconds
            self._count_from(now)

    @property
    def _other(self) -> int:
        return self._most if self.at_once == 1 else 1

    def _count_from(self, now: float) -> None:
        self._tried_from, self._counted_from = now, self._ended

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
        self._serve(work)
