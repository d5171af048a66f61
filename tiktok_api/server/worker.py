"""gunicorn's thread worker behind a guard: no connection has a thread before its request is there.

gthread as shipped gives a thread to each connection that has sent a byte, without a limit in time, and its main thread waits
up to 2 s for each one that it closes. Here the main thread reads heads and small bodies, sends what clients are slow to take,
and waits for their ends, all without blocking and each with a deadline; a thread only works. Measured under 200 hostile
connections (`benchmarks/survival.py`): gthread and gevent as shipped answered no list within 30 s, this worst in 0.1 s.
"""

import selectors
import sys
import time
from collections import Counter
from contextlib import suppress
from functools import partial
from typing import Any

from gunicorn.workers import gthread

from tiktok_api.server.arrival import TOO_LATE, HeadRefusal
from tiktok_api.server.connection import ClientConnection, Waiting
from tiktok_api.server.descriptors import raise_limit
from tiktok_api.server.paced_socket import PacedSocket
from tiktok_api.server.request_threads import RequestThreads
from tiktok_api.server.shares import Share

LEAST_THREADS = 4
"""Fewer could not serve one transfer, one that is being cut, a request and a probe at the same time."""
_MOST_UNSENT_IN_ALL, _MOST_READ_AHEAD_IN_ALL = 32 * 1024 * 1024, 16 * 1024 * 1024
"""Bytes that all waiting connections together may keep in memory, of responses and of requests."""
_ACCEPTED_AT_ONCE = 64
_EXPIRE_SECONDS = 0.5
_NOTIFY_SECONDS = 1.0


class GuardedWorker(gthread.ThreadWorker):  # type: ignore[misc]
    """Serves HTTP/1.1; TLS and HTTP/2 belong to the proxy in front."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.most_connections = int(self.cfg.worker_connections)
        self.worker_connections = sys.maxsize  # accept always: an older connection gives way
        self._waiting: dict[ClientConnection, None] = {}
        self._expired_at = self._notified_at = 0.0
        self._stopping_at: float | None = None
        self._counters: Any = None

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        """Raises RuntimeError for what only gunicorn's own workers can do."""
        if cfg.is_ssl:
            raise RuntimeError("TLS belongs to the proxy in front (deploy/nginx.conf)")

    def init_process(self) -> None:
        """Called in the new process."""
        self.most_connections = raise_limit(self.most_connections)
        self._share = Share(self.age)
        super().init_process()

    def run(self) -> None:
        """Serve; whatever ends it, the threads end too, and with them the process."""
        try:
            super().run()
        finally:
            self.tpool.shutdown()

    def load_wsgi(self) -> None:
        """Load the application; the counters may be imported only once gunicorn has made a folder for them."""
        super().load_wsgi()
        from tiktok_api.metrics import counters

        self._counters = counters

    def get_thread_pool(self) -> RequestThreads:
        return RequestThreads(self._serve, most=self._threads)

    def enqueue_req(self, conn: ClientConnection) -> None:
        if not self.tpool.give(conn):
            self._drop(conn)

    def _serve(self, conn: ClientConnection) -> None:
        """Called in a thread: whatever happens, the main thread gets the connection back."""
        is_kept = False
        try:
            is_kept = bool(self.handle(conn))
        except BaseException:  # a thread that ended here would be missing from then on
            self.log.exception("Connection failed")
        finally:
            self.method_queue.defer(self.finish_request, conn, is_kept)

    @property
    def _threads(self) -> int:
        return max(LEAST_THREADS, int(self.cfg.threads))

    def accept(self, listener: Any) -> None:
        """Take the new connections, and make room for them; once another process has fewer, it comes first."""
        self._share.give_head_start()
        for _ in range(_ACCEPTED_AT_ONCE):
            is_full = self.nr_conns >= self.most_connections
            if is_full and not self._waiting:  # each has a request that is being served or will be
                self._pause_accepting()
                return
            try:
                plain, client = listener.accept()
            except (BlockingIOError, ConnectionAbortedError):  # another process was faster, or the client is gone
                self._share.was_useful()
                return
            except OSError:  # out of file descriptors
                self._make_room()
                self._pause_accepting()
                return
            if is_full:
                self._make_room()
            conn = ClientConnection(self.cfg, PacedSocket(plain, threads=self._threads), client, listener.getsockname())
            self._count_connection(1)
            self._watch(conn, selectors.EVENT_READ)
            if self._share.is_larger():
                return

    def _pause_accepting(self) -> None:
        """Accept nothing until the next look at what has waited too long."""
        self.worker_connections = 0

    def notify(self) -> None:
        """Tell the master that this process lives; it need not know with every request."""
        now = time.monotonic()
        if now >= self._notified_at + _NOTIFY_SECONDS:
            self._notified_at = now
            super().notify()

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Called by gunicorn's loop: a request that waits for a thread is begun in time."""
        left = self.tpool.seconds_left()
        super().wait_for_and_dispatch_events(timeout if left is None else min(left, timeout))
        self.tpool.go_on()

    def handle(self, conn: ClientConnection) -> Any:
        """Called in a thread: read a request, answer it, and send a head that nothing has followed."""
        try:
            return super().handle(conn)
        finally:
            with suppress(OSError):  # the client is gone, or gunicorn has closed the connection
                conn.sock.flush()

    def finish_request(self, conn: ClientConnection, is_kept: bool) -> None:
        """A thread is done with a connection."""
        self.tpool.take_back()
        conn.is_kept = is_kept
        if conn.sock.fileno() < 0:  # gunicorn has closed it, because a response broke off
            self._drop(conn)
        else:
            self._attempt(conn, self._go_on)

    def murder_keepalived(self, force: bool = False) -> None:
        """Close what has waited too long, or everything."""
        now = time.monotonic()
        if not force and now < self._expired_at + _EXPIRE_SECONDS:
            return
        self._expired_at = now
        self.worker_connections = sys.maxsize
        for conn in list(self._waiting):
            is_over = now >= conn.until
            if conn.is_idle and self._stopping_at is not None:
                is_over = is_over or now >= self._stopping_at
            if force:
                self._drop(conn)
            elif is_over:
                self._attempt(conn, self._expire)
        self._limit_memory()

    def murder_pending(self) -> None:
        """gunicorn's other list; ours is one."""

    def _cap_keepalive(self, deadline: float) -> None:
        self._stopping_at = deadline
        self._share.end()

    def _go_on(self, conn: ClientConnection) -> None:
        """Send the rest of a response, then await the next request or the end."""
        if conn.sock.unsent_bytes:
            conn.await_sending()
            self._watch(conn, selectors.EVENT_WRITE)
        elif conn.is_kept:
            conn.await_request(idle_seconds=self.cfg.keepalive)
            self._take_up(conn)
        else:
            conn.await_end()
            self._watch(conn, selectors.EVENT_READ)

    def _take_up(self, conn: ClientConnection) -> None:
        """Give a request that has arrived to a thread, or await more of it."""
        if conn.arrival.refusal is not None:
            self._refuse(conn, conn.arrival.refusal)
        elif conn.arrival.is_complete:
            self._hand_over(conn)
        elif conn not in self._waiting:
            self._watch(conn, selectors.EVENT_READ)

    def _on_event(self, conn: ClientConnection, _fileobj: Any) -> None:
        if conn in self._waiting:  # not closed by an event of the same moment
            self._attempt(conn, self._advance)

    def _advance(self, conn: ClientConnection) -> None:
        if conn.waiting is Waiting.SENDING:
            self._unwatch(conn)
            conn.flush()
            self._go_on(conn)
        elif conn.waiting is Waiting.END:
            if not conn.drop_received():
                self._drop(conn)
        elif conn.receive():
            self._take_up(conn)
        elif conn.arrival.awaits_body:
            self._hand_over(conn)  # what has arrived of an upload is kept
        else:
            self._drop(conn)

    def _expire(self, conn: ClientConnection) -> None:
        if conn.waiting is not Waiting.REQUEST or conn.is_idle:
            self._count_closed("idle" if conn.is_idle else conn.waiting.value)
            self._drop(conn)
        elif conn.arrival.awaits_body:
            if not conn.arrival.is_chunked:
                self._count_closed("body")
                conn.sock.cut()
            self._hand_over(conn)
        else:
            self._count_closed("head")
            self._refuse(conn, TOO_LATE)

    def _refuse(self, conn: ClientConnection, refusal: HeadRefusal) -> None:
        self._unwatch(conn)
        conn.refuse(refusal)
        self._go_on(conn)

    def _hand_over(self, conn: ClientConnection) -> None:
        """Let a thread read a request that is there, or whose client is gone or too slow, or whose body may be a large one."""
        self._unwatch(conn)
        self.enqueue_req(conn)

    def _make_room(self) -> None:
        """Close the connection that has waited longest, of the network that has most."""
        if self._waiting:
            [(network, _)] = Counter(conn.network for conn in self._waiting).most_common(1)
            self._count_closed("room")
            self._drop(min((conn for conn in self._waiting if conn.network == network), key=lambda conn: conn.since))

    def _limit_memory(self) -> None:
        """Close the largest ones while all together keep too much."""
        kept: tuple[tuple[int, Any], ...] = (
            (_MOST_UNSENT_IN_ALL, lambda conn: conn.sock.unsent_bytes),
            (_MOST_READ_AHEAD_IN_ALL, lambda conn: len(conn.arrival.content)),
        )
        for most, size_of in kept:
            total = sum(map(size_of, self._waiting))
            for conn in sorted(self._waiting, key=size_of, reverse=True):
                if total <= most:
                    break
                total -= size_of(conn)
                self._count_closed("memory")
                self._drop(conn)

    def _attempt(self, conn: ClientConnection, act: Any) -> None:
        try:
            act(conn)
        except BlockingIOError:
            return  # woken for nothing
        except OSError:  # the client is gone
            self._drop(conn)
        except Exception:
            self.log.exception("Connection failed")
            self._drop(conn)

    def _watch(self, conn: ClientConnection, event: int) -> None:
        self.poller.register(conn.sock, event, partial(self._on_event, conn))
        self._waiting[conn] = None

    def _unwatch(self, conn: ClientConnection) -> None:
        if conn in self._waiting:
            del self._waiting[conn]
            self.poller.unregister(conn.sock)

    def _drop(self, conn: ClientConnection) -> None:
        if conn.is_dropped:
            return
        conn.is_dropped = True
        self._unwatch(conn)
        self._count_connection(-1)
        with suppress(OSError):
            conn.sock.close()

    def _count_connection(self, change: int) -> None:
        self.nr_conns += change
        self._share.tell(self.nr_conns)
        with suppress(Exception):  # the files of the counters may be gone, or cut short
            self._counters.connections.inc(change)

    def _count_closed(self, awaited: str) -> None:
        with suppress(Exception):
            self._counters.connections_cut.labels(awaited).inc()
