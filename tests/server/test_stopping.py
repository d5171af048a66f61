"""A server that is told to stop finishes what it has begun, and waits for no client that has asked nothing."""

import os
import shutil
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from benchmarks.survival import Guest
from tests.media.raw_tus import RawUpload
from tests.media.server_process import Server, environment_of
from tests.server.connections import answer, connected, everything, lines
from tests.servers import wait_until

pytestmark = pytest.mark.xdist_group("stopped server")


@pytest.fixture
def server(sqlite_template: Path, tmp_path: Path) -> Iterator[Server]:
    shutil.copy(sqlite_template, tmp_path / "test.sqlite3")
    environment = environment_of(f"sqlite:///{tmp_path / 'test.sqlite3'}", tmp_path)
    with Server(environment, tmp_path / "log", "--graceful-timeout", "60") as running:
        yield running


def is_listening(server: Server) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", server.port), timeout=5):
            return True
    except OSError:
        return False


def test_an_upload_ends_well_and_silent_clients_are_not_waited_for(server, tmp_path):
    upload = RawUpload(server, Guest(server.url).token, 600_000)
    with ExitStack() as opened:
        silent, kept = (opened.enter_context(connected(server)) for _ in range(2))
        kept.sendall(lines("GET /livez HTTP/1.1"))
        said = answer(kept)
        sending = opened.enter_context(upload.open_patch(offset=0, length=600_000))
        sending.sendall(b"x" * 300_000)
        wait_until(lambda: upload.offset == 300_000)

        os.kill(server.master_id, signal.SIGTERM)
        ends = [everything(connection) for connection in (silent, kept)]
        sending.sendall(b"x" * 300_000)
        sent = answer(sending)

    assert said[1]["connection"] == "keep-alive"
    assert (sent[0], sent[1]["upload-offset"]) == (204, "600000")
    assert ends == [b"", b""]
    wait_until(lambda: not is_listening(server))
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_a_process_that_has_served_its_share_is_replaced_without_a_lost_request(sqlite_template, tmp_path):
    shutil.copy(sqlite_template, tmp_path / "test.sqlite3")
    environment = environment_of(f"sqlite:///{tmp_path / 'test.sqlite3'}", tmp_path)
    with Server(environment, tmp_path / "log", "--max-requests", "15", "--graceful-timeout", "20") as server:
        session = requests.Session()

        statuses = [session.get(f"{server.url}/livez", timeout=60).status_code for _ in range(50)]

    assert statuses == [200] * 50
    assert (tmp_path / "log").read_text().count("Autorestarting") == 0  # logged at INFO, which is off
