"""The background: a ticker that lets due things happen, and lanes whose errands talk to other servers."""

import contextlib
import logging
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from typing import TYPE_CHECKING

from tiktok_api.simulator.background.connections import Connection

if TYPE_CHECKING:
    from tiktok_api.simulator.world.world import World

Errand = Callable[[], None]
LONGEST_NAP = 3_600.0
MOST_THREADS = 512
STOP_SECONDS = 1.0
"""How long `stop` waits for threads that cannot be interrupted, for instance in a look-up of a name."""

log = logging.getLogger(__name__)


class Courier:
    """Runs errands outside the world's lock: those of one lane in order, lanes beside each other.

    A lane is one webhook receiver or one publication, so that a slow one delays no other. A thread lives as long as
    its lane has errands. An errand or a tick that fails is logged, and the next one follows. Nothing is started
    before the first errand or appointment.
    """

    def __init__(self, world: "World") -> None:
        self._world = world
        self._changed = threading.Condition()
        self._is_stirred = False
        self._ticker: threading.Thread | None = None
        self._threads = weakref.WeakSet[threading.Thread]()
        self._running = 0
        self._lanes: dict[tuple[int, Hashable], deque[Errand]] = {}
        self._waiting: deque[tuple[int, Hashable]] = deque()
        self._generation = 0
        self._busy = 0
        self._connections: dict[Connection, tuple[Hashable, float]] = {}

    def wake(self) -> None:
        """See to it that the agenda is kept although no request comes in."""
        with self._changed:
            if self._ticker is None and not self._world.stopping.is_set():
                self._ticker = threading.Thread(target=self._tick, name="simulator-ticker", daemon=True)
                self._ticker.start()
        self.stir()

    def stir(self) -> None:
        """Let the ticker look at the clock and the agenda again."""
        with self._changed:
            self._is_stirred = True
            self._changed.notify_all()

    def post(self, lane: Hashable, errand: Errand) -> None:
        """Run an errand after those before it in its lane."""
        with self._changed:
            if self._world.stopping.is_set():
                return
            self._busy += 1
            key = (self._generation, lane)
            if key in self._lanes:
                self._lanes[key].append(errand)
                return
            self._lanes[key] = deque([errand])
            self._waiting.append(key)
            self._start_waiting()

    def begin_anew(self) -> None:
        """Forget every errand and cut every connection: the world they belong to is gone."""
        with self._changed:
            self._generation += 1
            self._busy = 0
            for key in self._waiting:
                del self._lanes[key]
            self._waiting.clear()
            for errands in self._lanes.values():
                errands.clear()
            connections = list(self._connections)
        for connection in connections:
            connection.cut()
        self.stir()

    def cut(self, lane: Hashable) -> None:
        """Cut the connections of a lane, whose errand is no longer wanted."""
        with self._changed:
            connections = [each for each, (owner, _) in self._connections.items() if owner == lane]
        for connection in connections:
            connection.cut()

    def is_idle(self) -> bool:
        """Whether no errand waits or runs and nothing is due."""
        with self._world.moment() as now, self._changed:
            upcoming = self._world.agenda.next_at()
            return self._busy == 0 and (upcoming is None or upcoming > now)

    def settle(self, timeout_seconds: float) -> bool:
        """Wait in real time until idle. Returns whether it came to that."""
        deadline = time.monotonic() + timeout_seconds
        while not self.is_idle():
            if time.monotonic() >= deadline or self._world.stopping.wait(0.02):
                return self.is_idle()
        return True

    @contextlib.contextmanager
    def connected(self, connection: Connection, lane: Hashable, seconds: float) -> Iterator[Connection]:
        """Use a connection for at most so many real seconds, and close it."""
        with self._changed:
            self._connections[connection] = (lane, time.monotonic() + seconds)
        self.wake()
        if self._world.stopping.is_set():
            connection.cut()
        try:
            yield connection
        finally:
            with self._changed:
                del self._connections[connection]
            connection.close()

    def stop(self) -> None:
        """Stop everything; the world is already marked as stopping. A thread that cannot be interrupted is left behind."""
        self.begin_anew()
        with self._changed:
            threads = [*self._threads, *([self._ticker] if self._ticker else [])]
        deadline = time.monotonic() + STOP_SECONDS
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _start_waiting(self) -> None:
        """Give waiting lanes their threads; the caller holds the condition."""
        while self._waiting and self._running < MOST_THREADS:
            thread = threading.Thread(
                target=self._run_lane, args=(self._waiting[0],), name="simulator-lane", daemon=True
            )
            try:
                thread.start()
            except RuntimeError as error:  # no threads left on this machine: the next lane that ends tries again
                log.error("A lane has to wait: %s", error)  # noqa: TRY400 - the trace would say no more
                return
            self._waiting.popleft()
            self._threads.add(thread)
            self._running += 1

    def _run_lane(self, key: tuple[int, Hashable]) -> None:
        while True:
            with self._changed:
                errands = self._lanes[key]
                if not errands:
                    del self._lanes[key]
                    self._running -= 1
                    self._start_waiting()
                    return
                errand = errands.popleft()
            try:
                errand()
            except Exception:
                log.exception("An errand in the background failed")
            with self._changed:
                if key[0] == self._generation:
                    self._busy -= 1

    def _tick(self) -> None:
        while not self._world.stopping.is_set():
            try:
                nap = self._look()
            except Exception:
                log.exception("A tick failed")
                nap = 1.0
            with self._changed:
                self._changed.wait_for(lambda: self._is_stirred or self._world.stopping.is_set(), max(0.0, nap))
                self._is_stirred = False

    def _look(self) -> float:
        """Let what is due happen and cut what takes too long. Returns the seconds until something is next."""
        with self._world.moment() as now:
            upcoming = self._world.agenda.next_at()
            is_frozen = self._world.clock.is_frozen
        nap = LONGEST_NAP if upcoming is None or is_frozen else min(LONGEST_NAP, upcoming - now)
        present = time.monotonic()
        with self._changed:
            connections = [(each, deadline) for each, (_, deadline) in self._connections.items() if not each.is_cut]
        for connection, deadline in connections:
            if deadline <= present:
                connection.cut()
            else:
                nap = min(nap, deadline - present)
        return nap
