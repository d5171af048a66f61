"""What the processes print: gunicorn, worker and simulator, in one form from the first line to the last."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from tests.conftest import API
from tests.media.server_process import ROOT, Server, environment_of
from tests.servers import free_port, wait_until
from tests.web.log_lines import lines, requests_in

pytestmark = pytest.mark.xdist_group("process logs")

SECRET = "s3cr3t"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logging")


@pytest.fixture(scope="module")
def environment(sqlite_template: Path, folder: Path) -> dict[str, str]:
    shutil.copy(sqlite_template, folder / "test.sqlite3")
    return environment_of(f"sqlite:///{folder / 'test.sqlite3'}", folder, LOG_LEVEL="INFO")


@pytest.fixture(scope="module")
def server(environment: dict[str, str], folder: Path) -> Iterator[Server]:
    with Server(environment, folder / "log") as running:
        yield running


@pytest.fixture
def printed(server: Server, folder: Path) -> Callable[[], str]:
    """Everything that is printed since the test began."""
    begun = (folder / "log").stat().st_size
    return lambda: (folder / "log").read_bytes()[begun:].decode()


def send(server: Server, *pieces: bytes) -> None:
    """Send bytes that need be no HTTP, and hang up once they were answered or, without an end, at once."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(b"".join(pieces))
        if pieces[-1].endswith(b"\r\n\r\n"):
            connection.recv(65536)


def test_the_start_is_logged_as_json(server, folder):
    found = lines((folder / "log").read_text())

    assert any("Listening at" in line["event"] for line in found)
    assert {line["level"] for line in found} == {"info"}
    assert all(line["timestamp"] and line["logger"] for line in found)


def test_a_request_is_a_line_of_the_server_too(server, printed):
    answer = requests.get(f"{server.url}{API}/posts?token={SECRET}", headers={"X-Request-ID": "served"}, timeout=30)

    wait_until(lambda: requests_in(printed()))
    [line] = requests_in(printed())
    assert (line["request_id"], line["status"], line["bytes"]) == ("served", 401, len(answer.content))
    assert SECRET not in printed()


@pytest.mark.parametrize(
    "head",
    [
        b"GET /x?token=s3cr3t HTTP/9.9\r\n\r\n",
        b"GET /pull/s3cr3t\r\n\r\n",
        b"s3cr3t\r\n\r\n",
        b"GET / HTTP/1.1\r\nAuthorization Bearer s3cr3t\r\n\r\n",
        b"GET / HTTP/1.1\r\nAuthorization: Bearer s3cr3t\0\r\n\r\n",
        b"GET / HTTP/1.1\r\nAuthor(s3cr3t)ization: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nTransfer-Encoding: s3cr3t\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: s3cr3t\r\n\r\n",
        b"GET / HTTP/1.1\r\nExpect: s3cr3t\r\n\r\n",
        b"GET http://s3cr3t:s3cr3t@[s3cr3t/ HTTP/1.1\r\nHost: s3cr3t\r\n\r\n",
        b"G\x1b[2JET / HTTP/1.1\r\n\r\n",
    ],
)
def test_a_malformed_request_is_logged_without_its_content(server, printed, head):
    send(server, head)

    requests.get(f"{server.url}/nothing", timeout=30)
    wait_until(lambda: [line for line in requests_in(printed()) if line["status"] == 404])
    assert lines(printed())
    assert SECRET not in printed()
    assert "\x1b" not in printed()


def test_a_client_that_leaves_in_the_middle_of_its_body_is_a_line(server, printed):
    head = f"POST {API}/auth/login HTTP/1.1\r\nHost: a\r\nX-Request-ID: left\r\n".encode()
    body = b'Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"password": "s3cr3t'

    send(server, head, body)

    wait_until(lambda: requests_in(printed()))
    [line] = requests_in(printed())
    assert (line["request_id"], line["route"]) == ("left", f"{API}/auth/login")
    assert 400 <= line["status"] < 500
    assert SECRET not in printed()


@pytest.mark.parametrize("standard_error", ["2>&-", "2>/dev/full"], ids=["closed", "a full disk"])
def test_standard_error_that_takes_nothing_fails_no_request(environment, standard_error):
    port = free_port()
    served = f"-m gunicorn --config python:tiktok_api.gunicorn_config wsgi:app --bind 127.0.0.1:{port}"
    command = ["bash", "-c", f"exec {sys.executable} {served} {standard_error}"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: process.poll() is not None or _answers(f"http://127.0.0.1:{port}/livez"), seconds=90)
            for _ in range(3):
                assert requests.get(f"http://127.0.0.1:{port}/nothing", timeout=30).status_code == 404
        finally:
            process.terminate()


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.RequestException:
        return False


@pytest.mark.parametrize(
    ("command", "started"),
    [
        (("flask", "--app", "wsgi", "worker"), "worker.started"),
        (("tiktok_api.simulator", "--port", "0"), "simulator.started"),
    ],
    ids=["worker", "simulator"],
)
def test_worker_and_simulator_log_their_start_in_the_same_form(environment, tmp_path, command, started):
    log = tmp_path / "log"
    with (
        log.open("wb") as out,
        subprocess.Popen(
            [sys.executable, "-m", *command], cwd=ROOT, env=environment, stdout=out, stderr=out
        ) as process,
    ):
        try:
            wait_until(lambda: started in log.read_text(), seconds=90)
        finally:
            os.kill(process.pid, signal.SIGTERM)
            process.wait(60)

    text = log.read_text()
    found = lines(text.partition("\n")[2] if text.startswith("http") else text)  # a simulator tells its URL first
    assert started in [line["event"] for line in found]
    assert all(line["timestamp"] and line["level"] for line in found)
