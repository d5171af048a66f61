"""The threads in which requests run. Nothing waits for their results, so they need none of an executor's futures and locks."""

import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any


class RequestThreads:
    """At most `most` threads, started when they are needed, that call `serve` with what they are given.

    `give`, `take_back` and `shutdown` are for the main thread alone.
    """

    def __init__(self, serve: Callable[[Any], None], *, most: int) -> None:
        self._serve, self._most = serve, most
        self._given: SimpleQueue[Any] = SimpleQueue()
        self._busy = self._started = 0

    def give(self, work: Any) -> bool:
        """Let a thread serve `work`, which is not None, as soon as there is one. Returns False if there is none, nor can be."""
        if self._started < min(self._busy + 1, self._most):
            with suppress(RuntimeError):  # the system has no thread to give: those that there are do it
                threading.Thread(target=self._run, name=f"request-{self._started + 1}").start()
                self._started += 1
        if not self._started:
            return False
        self._busy += 1
        self._given.put(work)
        return True

    def take_back(self) -> None:
        """Work that was given is done."""
        self._busy -= 1

    def shutdown(self, wait: bool = True) -> None:
        """Each thread ends after what it serves. Without it the process would wait for them for ever."""
        for _ in range(self._started):
            self._given.put(None)

    def _run(self) -> None:
        while (work := self._given.get()) is not None:
            self._serve(work)
            del work  # a connection is not kept by the thread that served it last
