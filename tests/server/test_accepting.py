"""A full process closes a connection only for another one, and takes no more than it can hold."""

import logging
import os
import selectors
import socket
from collections.abc import Iterator

import pytest
from gunicorn.config import Config

from tiktok_api.metrics import counters
from tiktok_api.server.connection import ClientConnection
from tiktok_api.server.paced_socket import PacedSocket
from tiktok_api.server.shares import Share
from tiktok_api.server.worker import GuardedWorker


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


@pytest.fixture
def worker(listener: socket.socket) -> Iterator[GuardedWorker]:
    """As in its process after the start, with room for one connection."""
    worker = GuardedWorker(1, os.getpid(), [listener], None, 30, Config(), logging.getLogger(__name__))
    worker.poller, worker._counters, worker.most_connections = selectors.DefaultSelector(), counters, 1
    worker._share = Share(1)
    yield worker
    worker.murder_keepalived(force=True)
    worker.poller.close()
    worker.tmp.close()


def test_nothing_is_closed_for_a_connection_that_another_process_has_taken(worker, listener):
    with socket.create_connection(listener.getsockname()) as client:
        _arrive(listener)
        worker.accept(listener)

        worker.accept(listener)

        assert not _is_closed(client)


def test_a_newcomer_takes_the_place_of_the_one_that_has_waited_longest(worker, listener):
    with socket.create_connection(listener.getsockname()) as oldest:
        _arrive(listener)
        worker.accept(listener)
        with socket.create_connection(listener.getsockname()) as newcomer:
            _arrive(listener)

            worker.accept(listener)

            assert (_is_closed(oldest), _is_closed(newcomer)) == (True, False)


def test_newcomers_wait_while_every_connection_is_busy_with_a_request(worker, listener):
    worker.nr_conns = worker.most_connections
    with socket.create_connection(listener.getsockname()):
        _arrive(listener)

        worker.accept(listener)

        assert worker.nr_conns == worker.most_connections
        assert worker.worker_connections == 0, "the loop of gunicorn watches the listener no more"
        listener.accept()[0].close()


def test_a_full_process_looks_again_after_a_moment(worker, listener):
    worker.nr_conns = worker.most_connections
    worker.accept(listener)

    worker.murder_keepalived()

    assert worker.worker_connections > worker.nr_conns


@pytest.mark.parametrize(
    ("crowd", "neighbours"),
    [
        ("2001:db8:1:2::{}", ["2001:db8:1:3::1", "2001:db8:1:3::1"]),
        ("2001:db8:1:2:{}::1", ["192.0.2.1", "192.0.2.1"]),
        ("::ffff:192.0.2.7", ["::ffff:192.0.2.1", "::ffff:192.0.2.2", "::ffff:192.0.2.3", "::ffff:192.0.2.4"]),
    ],
)
def test_the_addresses_of_one_subscriber_are_one_crowd(worker, crowd, neighbours):
    addresses = neighbours + [crowd.format(number) for number in range(1, 4)]
    pairs = [socket.socketpair() for _ in addresses]
    opened = [
        ClientConnection(worker.cfg, PacedSocket(ours, threads=4), (address, 1), None)
        for address, (ours, _) in zip(addresses, pairs, strict=True)
    ]
    for conn in opened:
        worker._watch(conn, selectors.EVENT_READ)

    worker._make_room()

    assert [conn.client[0] for conn in opened if conn.is_dropped] == [crowd.format(1)]
    for _, theirs in pairs:
        theirs.close()


def _is_closed(client: socket.socket) -> bool:
    client.settimeout(0.2)
    try:
        return client.recv(1) == b""
    except TimeoutError:
        return False


def _arrive(listener: socket.socket) -> None:
    """Wait until the listener has a connection."""
    with selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        assert selector.select(10)
