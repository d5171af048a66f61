"""Connections are shared out over the processes that listen on one socket."""

import os
import shutil
import socket
from pathlib import Path

from tests.media.server_process import Server, environment_of
from tests.servers import wait_until


def connections_of(pid: int, port: int) -> int:
    """How many connections to the port a process has."""
    lines = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    established = {line[9] for line in lines if line[1].endswith(f":{port:04X}") and line[3] == "01"}
    open_files = [str(each.readlink()) for each in Path(f"/proc/{pid}/fd").iterdir() if os.path.lexists(each)]
    return sum(name.removeprefix("socket:[").rstrip("]") in established for name in open_files)


def others_of(server: Server) -> list[int]:
    """The processes that serve."""
    return [pid for pid in server.process_ids if pid != server.master_id]


def test_processes_share_what_one_client_opens_at_once(sqlite_template, tmp_path):
    shutil.copy(sqlite_template, tmp_path / "test.sqlite3")
    environment = environment_of(f"sqlite:///{tmp_path / 'test.sqlite3'}", tmp_path, WEB_CONCURRENCY="2")
    environment["RATE_LIMIT_ENABLED"] = "false"
    with Server(environment, tmp_path / "log") as server:
        workers = wait_until(lambda: len(found := others_of(server)) == 2 and found)
        clients = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(40)]

        shares = wait_until(
            lambda: (found := [connections_of(pid, server.port) for pid in workers]) and sum(found) >= 40 and found
        )
        for client in clients:
            client.close()

    assert min(shares) >= 12
