"""Connections are shared out over the processes that listen on one socket."""

import socket

import psutil

from tests.media.server_process import served
from tests.servers import wait_until


def connections_of(pid: int) -> int:
    """How many connections a process has."""
    return sum(each.status == psutil.CONN_ESTABLISHED for each in psutil.Process(pid).net_connections())


def test_processes_share_what_one_client_opens_at_once(sqlite_template, tmp_path):
    with served(sqlite_template, tmp_path, WEB_CONCURRENCY="2", RATE_LIMIT_ENABLED="false") as server:
        workers = wait_until(lambda: len(found := server.worker_ids) == 2 and found)
        clients = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(40)]

        shares = wait_until(lambda: sum(found := [connections_of(pid) for pid in workers]) >= 40 and found)
        for client in clients:
            client.close()

    assert min(shares) >= 12
