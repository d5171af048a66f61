"""The background: a ticker that lets due things happen, and the threads that talk to other servers."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from http.client import HTTPConnection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tiktok_api.simulator.world import World

Errand = Callable[[], None]
LONGEST_NAP = 3_600.0


class Courier:
    """Runs errands outside the world's lock: webhooks one after another, pulls several at once.

    Nothing is started before the first errand or appointment, and `stop` leaves nothing behind.
    """

    def __init__(self, world: "World") -> None:
        self._world = world
        self._stirred = threading.Condition()
        self._is_stirred = False
        self._ticker: threading.Thread | None = None
        self._webhooks = ThreadPoolExecutor(1, "simulator-webhooks")
        self._pulls = ThreadPoolExecutor(8, "simulator-pulls")
        self._busy = 0
        self._connections: set[HTTPConnection] = set()

    def wake(self) -> None:
        """See to it that the agenda is kept although nobody asks."""
        if self._ticker is None and not self._world.stopping.is_set():
            self._ticker = threading.Thread(target=self._tick, name="simulator-ticker", daemon=True)
            self._ticker.start()
        self.stir()

    def stir(self) -> None:
        """Let the ticker look at the clock and the agenda again."""
        with self._stirred:
            self._is_stirred = True
            self._stirred.notify_all()

    def post(self, errand: Errand) -> None:
        """Run a webhook errand after those before it."""
        self._submit(self._webhooks, errand)

    def pull(self, errand: Errand) -> None:
        """Run a pull errand beside the others."""
        self._submit(self._pulls, errand)

    def is_idle(self) -> bool:
        """Whether no errand waits or runs and nothing is due."""
        with self._world.moment() as now, self._stirred:
            upcoming = self._world.agenda.next_at()
            return self._busy == 0 and (upcoming is None or upcoming > now)

    def settle(self, timeout_seconds: float) -> bool:
        """Wait in real time until idle; answers whether it came to that."""
        waited = threading.Event()
        for _ in range(max(1, int(timeout_seconds / 0.02))):
            if self.is_idle():
                return True
            waited.wait(0.02)
        return self.is_idle()

    @contextlib.contextmanager
    def connected(self, connection: HTTPConnection) -> Iterator[HTTPConnection]:
        """Use a connection and close it; stopping cuts it."""
        with self._stirred:
            self._connections.add(connection)
        try:
            yield connection
        finally:
            connection.close()
            with self._stirred:
                self._connections.discard(connection)

    def stop(self) -> None:
        """Stop everything; the world is already marked as stopping."""
        self.stir()
        with self._stirred:
            connections = list(self._connections)
        for connection in connections:
            if connection.sock is not None:
                with contextlib.suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_RDWR)
        if self._ticker is not None:
            self._ticker.join()
        for pool in (self._webhooks, self._pulls):
            pool.shutdown(wait=True, cancel_futures=True)

    def _submit(self, pool: ThreadPoolExecutor, errand: Errand) -> None:
        if self._world.stopping.is_set():
            return
        with self._stirred:
            self._busy += 1
        pool.submit(errand).add_done_callback(self._done)

    def _done(self, future: Future[None]) -> None:
        with self._stirred:
            self._busy -= 1
        if not future.cancelled():
            future.result()

    def _tick(self) -> None:
        while not self._world.stopping.is_set():
            with self._world.moment() as now:
                upcoming = self._world.agenda.next_at()
                frozen = self._world.clock.is_frozen
            nap = LONGEST_NAP if upcoming is None or frozen else min(LONGEST_NAP, upcoming - now)
            with self._stirred:
                self._stirred.wait_for(lambda: self._is_stirred or self._world.stopping.is_set(), max(0.0, nap))
                self._is_stirred = False
