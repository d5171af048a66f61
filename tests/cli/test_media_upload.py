"""tiktok-api media upload"""

import contextlib
import hashlib
import json
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.local_stack import ROOT, Client, LocalStack, clean_environment, console
from tests.servers import wait_until
from tiktok_api.cli.sample_video import make_sample_video

pytestmark = pytest.mark.xdist_group("local stack")

SIZE = 3_000_000


@pytest.fixture(scope="module")
def client(stack: LocalStack) -> Client:
    return Client(stack, "uploader@example.com")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return make_sample_video(tmp_path / "video.mp4", seconds=2, width=360, height=640, pad_to_bytes=SIZE)


def upload(client: Client, file: Path, *options: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    cache = str(file.parent / "cache")
    return console(
        client.stack.folder,
        "media",
        "upload",
        str(file),
        *options,
        XDG_CACHE_HOME=cache,
        **({"TOKEN": client.token} | environment),
    )


class Line:
    """The way to the server, which breaks or falls silent after so many bytes of a client's, once."""

    def __init__(self, server: str, *, most_bytes: int, is_silent: bool) -> None:
        self._server, self._most, self._is_silent = urlsplit(server), most_bytes, is_silent
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.offsets: list[int] = []
        self.is_broken = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection((str(self._server.hostname), self._server.port or 80))
                threading.Thread(target=self._carry, args=(client, server), daemon=True).start()
                threading.Thread(target=self._answer, args=(server, client), daemon=True).start()

    def _carry(self, client: socket.socket, server: socket.socket) -> None:
        carried = 0
        with contextlib.suppress(OSError), client, server:
            while piece := client.recv(65536):
                if found := re.search(rb"\r\nupload-offset: (\d+)\r\n", piece, re.IGNORECASE):
                    self.offsets.append(int(found[1]))
                carried += len(piece)
                if carried > self._most and not self.is_broken.is_set():
                    self.is_broken.set()
                    while self._is_silent and client.recv(65536):
                        pass
                    return
                server.sendall(piece)

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := server.recv(65536):
                client.sendall(piece)
            client.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def line(stack: LocalStack, request: pytest.FixtureRequest) -> Iterator[Line]:
    line = Line(stack.url, most_bytes=SIZE // 2, is_silent=getattr(request, "param", False))
    yield line
    line.close()


def test_a_file_is_uploaded_and_inspected(client, file):
    done = upload(client, file, "--local", "--json")

    assert done.returncode == 0, done.stderr
    media = json.loads(done.stdout)
    assert media["status"] == "ready"
    assert media["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert "video.mp4" in done.stderr


def test_a_connection_that_breaks_is_resumed(client, file, line):
    done = upload(client, file, "--json", API=f"{line.url}/api/v1")

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert line.is_broken.is_set()
    assert line.offsets[0] == 0
    assert line.offsets[-1] > 0


@pytest.mark.parametrize("line", [True], indirect=True, ids=["silent"])
def test_a_command_that_was_killed_resumes_when_it_is_run_again(client, file, line):
    environment = clean_environment(
        PYTHONPATH=str(ROOT), API=line.url, TOKEN=client.token, XDG_CACHE_HOME=str(file.parent / "cache")
    )
    command = [sys.executable, "-m", "tiktok_api", "media", "upload", str(file)]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as first:
        wait_until(line.is_broken.is_set, seconds=60)
        first.kill()

    done = upload(client, file, "--json", API=line.url)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert line.offsets[0] == 0
    assert line.offsets[-1] > 0


def test_an_upload_deleted_on_the_server_begins_again(client, file):
    first = json.loads(upload(client, file, "--local", "--json").stdout)
    client.ask("DELETE", f"/media/{first['id']}")

    second = json.loads(upload(client, file, "--local", "--json").stdout)

    assert second["id"] != first["id"]
    assert second["status"] == "ready"


def test_without_a_token_it_is_refused_as_usage(client, file):
    refused = upload(client, file, "--local", TOKEN="")

    assert refused.returncode == 2
    assert "--token-stdin" in refused.stderr


def test_a_wrong_token_is_a_sentence(client, file):
    refused = upload(client, file, "--local", TOKEN="tk_wrong")

    assert refused.returncode == 1
    assert "This token is not valid here" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_server_that_is_not_there_is_a_sentence(client, file):
    refused = upload(client, file, "--api", "http://127.0.0.1:9", "--patience", "1")

    assert refused.returncode == 1
    assert "http://127.0.0.1:9 cannot be reached" in refused.stderr


def test_a_file_that_is_rejected_is_said(client, tmp_path):
    file = tmp_path / "video.mp4"
    file.write_bytes(b"no video at all " * 100)

    refused = upload(client, file, "--local")

    assert refused.returncode == 1
    assert "rejected" in refused.stderr
