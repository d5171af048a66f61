"""The background: a ticker thread that runs due events, and lanes whose tasks talk to other servers."""

import contextlib
import logging
import threading
import time
import weakref
from collections import deque
from collections.abc import Hashable, Iterator

from tiktok_api.simulator.world.ports import BackgroundTask, Cuttable
from tiktok_api.simulator.world.world import World

LONGEST_WAIT = 3_600.0
MOST_THREADS = 512
STOP_SECONDS = 1.0
"""How long `stop` waits for threads that cannot be interrupted, for instance in a DNS query."""

log = logging.getLogger(__name__)


class BackgroundLanes:
    """Runs tasks outside the world's lock: the tasks of one lane in order, lanes in parallel.

    A lane is one webhook receiver or one publication, so that a slow one delays no other. A thread lives as long as
    its lane has tasks. A task or tick that raises is logged, and the next one runs. No thread is started before the
    first task or event.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._changed = threading.Condition()
        self._has_changed = False
        self._ticker: threading.Thread | None = None
        self._threads = weakref.WeakSet[threading.Thread]()
        self._running = 0
        self._lanes: dict[tuple[int, Hashable], deque[BackgroundTask]] = {}
        self._waiting: deque[tuple[int, Hashable]] = deque()
        self._generation = 0
        self._busy = 0
        self._connections: dict[Cuttable, tuple[Hashable, float]] = {}

    def wake(self) -> None:
        """Start the ticker if necessary, and look at the clock and the agenda again."""
        with self._changed:
            if self._ticker is None and not self._world.stopping.is_set():
                self._ticker = threading.Thread(target=self._tick, name="simulator-ticker", daemon=True)
                self._ticker.start()
        self.stir()

    def stir(self) -> None:
        """Make the ticker look at the clock and the agenda again."""
        with self._changed:
            self._has_changed = True
            self._changed.notify_all()

    def post(self, lane: Hashable, task: BackgroundTask) -> None:
        """Run a task after the earlier ones of its lane."""
        with self._changed:
            if self._world.stopping.is_set():
                return
            self._busy += 1
            key = (self._generation, lane)
            if key in self._lanes:
                self._lanes[key].append(task)
                return
            self._lanes[key] = deque([task])
            self._waiting.append(key)
            self._start_waiting()

    def discard_all(self) -> None:
        """Drop every task and cut every connection, because a reset has ended their world."""
        with self._changed:
            self._generation += 1
            self._busy = 0
            for key in self._waiting:
                del self._lanes[key]
            self._waiting.clear()
            for tasks in self._lanes.values():
                tasks.clear()
            connections = list(self._connections)
        for connection in connections:
            connection.cut()
        self.stir()

    def cut(self, lane: Hashable) -> None:
        """Cut the connections of a lane, because its task is no longer wanted."""
        with self._changed:
            connections = [each for each, (owner, _) in self._connections.items() if owner == lane]
        for connection in connections:
            connection.cut()

    def is_idle(self) -> bool:
        """Returns True if no task waits or runs and no event is due."""
        with self._world.moment() as now, self._changed:
            upcoming = self._world.agenda.next_at()
            return self._busy == 0 and (upcoming is None or upcoming > now)

    def settle(self, timeout_seconds: float) -> bool:
        """Wait in real time until idle. Returns False at the time-out."""
        deadline = time.monotonic() + timeout_seconds
        while not self.is_idle():
            if time.monotonic() >= deadline or self._world.stopping.wait(0.02):
                return self.is_idle()
        return True

    @contextlib.contextmanager
    def connected(self, connection: Cuttable, lane: Hashable, seconds: float) -> Iterator[None]:
        """Make a connection cuttable while it is used, for at most this many real seconds; then close it."""
        with self._changed:
            self._connections[connection] = (lane, time.monotonic() + seconds)
        self.wake()
        if self._world.stopping.is_set():
            connection.cut()
        try:
            yield
        finally:
            with self._changed:
                del self._connections[connection]
            connection.close()

    def stop(self) -> None:
        """Stop all threads; the world is already marked as stopping. A thread that cannot be interrupted is left running."""
        self.discard_all()
        with self._changed:
            threads = [*self._threads, *([self._ticker] if self._ticker else [])]
        deadline = time.monotonic() + STOP_SECONDS
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _start_waiting(self) -> None:
        """Start a thread for each waiting lane; the caller holds the condition."""
        while self._waiting and self._running < MOST_THREADS:
            thread = threading.Thread(
                target=self._run_lane, args=(self._waiting[0],), name="simulator-lane", daemon=True
            )
            try:
                thread.start()
            except RuntimeError as error:  # no more threads on this machine: the next lane that ends tries again
                log.error("A lane has to wait: %s", error)  # noqa: TRY400 - the trace would say no more
                return
            self._waiting.popleft()
            self._threads.add(thread)
            self._running += 1

    def _run_lane(self, key: tuple[int, Hashable]) -> None:
        while True:
            with self._changed:
                tasks = self._lanes[key]
                if not tasks:
                    del self._lanes[key]
                    self._running -= 1
                    self._start_waiting()
                    return
                task = tasks.popleft()
            try:
                task()
            except Exception:
                log.exception("A task in the background failed")
            with self._changed:
                if key[0] == self._generation:
                    self._busy -= 1

    def _tick(self) -> None:
        while not self._world.stopping.is_set():
            try:
                wait_seconds = self._run_due()
            except Exception:
                log.exception("A tick failed")
                wait_seconds = 1.0
            with self._changed:
                self._changed.wait_for(
                    lambda: self._has_changed or self._world.stopping.is_set(), max(0.0, wait_seconds)
                )
                self._has_changed = False

    def _run_due(self) -> float:
        """Run what is due and cut what takes too long. Returns the seconds until the next event or deadline."""
        with self._world.moment() as now:
            upcoming = self._world.agenda.next_at()
            is_frozen = self._world.clock.is_frozen
        wait_seconds = LONGEST_WAIT if upcoming is None or is_frozen else min(LONGEST_WAIT, upcoming - now)
        present = time.monotonic()
        with self._changed:
            connections = [(each, deadline) for each, (_, deadline) in self._connections.items() if not each.is_cut]
        for connection, deadline in connections:
            if deadline <= present:
                connection.cut()
            else:
                wait_seconds = min(wait_seconds, deadline - present)
        return wait_seconds
