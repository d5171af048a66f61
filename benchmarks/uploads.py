"""How fast one client uploads a large file, whole and in pieces, and what the server needs for it: `python -m benchmarks.uploads`.

The server is ours, in a process of its own; the floor is a loop that does what must be done and nothing else: it takes the
bytes from a socket, hashes them and makes them durable.
"""

import hashlib
import os
import re
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from benchmarks.stage import PASSWORD, make_app
from tiktok_api.cli.stack.settings import local_environment, local_settings

API = "/api/v1"
MEGABYTE = 1_000_000
PIECE_BYTES = 5 * MEGABYTE
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class UploadFigures:
    """One way in: its rate, the server's processor time and how much its memory grew; for the floor, of this process."""

    way: str
    megabytes: int
    megabytes_per_second: float
    cpu_seconds: float
    growth_mebibytes: float


def measure(*, megabytes: int = 500, rounds: int = 2) -> list[UploadFigures]:
    """The best of some rounds of each way: the floor, one PATCH, and PATCHes of 5 MB."""
    best: dict[str, UploadFigures] = {}
    with tempfile.TemporaryDirectory() as scratch, _served(Path(scratch)) as server:
        source = Path(scratch) / "source"
        with source.open("wb") as file:
            for _ in range(megabytes):
                file.write(os.urandom(MEGABYTE))
        ways: dict[str, tuple[int, Callable[[], None]]] = {
            "floor": (os.getpid(), lambda: _receive_without_server(source, Path(scratch) / "copy")),
            "one PATCH": (server.pid, lambda: server.upload(source, megabytes * MEGABYTE)),
            "pieces of 5 MB": (server.pid, lambda: server.upload(source, PIECE_BYTES)),
        }
        for _ in range(rounds):
            for way, (pid, act) in ways.items():
                found = _figures(way, megabytes, pid, act)
                if way not in best or found.megabytes_per_second > best[way].megabytes_per_second:
                    best[way] = found
    return list(best.values())


def _figures(way: str, megabytes: int, pid: int, act: Callable[[], None]) -> UploadFigures:
    Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak of its memory counts from here
    cpu, memory, began = _cpu_seconds(pid), _peak_mebibytes(pid), time.perf_counter()
    act()
    seconds = time.perf_counter() - began
    return UploadFigures(
        way, megabytes, megabytes / seconds, _cpu_seconds(pid) - cpu, max(0.0, _peak_mebibytes(pid) - memory)
    )


class UploadServer:
    """Our server, the process that serves, and a user of it."""

    def __init__(self, port: int, pid: int) -> None:
        self.port, self.pid = port, pid
        person = {"email": f"{secrets.token_hex(8)}@example.com", "password": PASSWORD}
        registered = requests.post(f"http://127.0.0.1:{port}{API}/auth/register", json=person, timeout=60)
        self._token = str(registered.json()["access_token"])

    def upload(self, source: Path, piece_bytes: int) -> None:
        """Send a file over one connection, and delete the upload."""
        size = source.stat().st_size
        with socket.create_connection(("127.0.0.1", self.port)) as connection, source.open("rb") as file:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            answer = self._ask(connection, "POST", f"{API}/media/uploads", f"Upload-Length: {size}\r\n")
            place = re.search(r"(?im)^location: *(\S+)", answer)
            if place is None:
                raise SystemExit(f"no upload was begun: {answer}")
            for offset in range(0, size, piece_bytes):
                length = min(piece_bytes, size - offset)
                headers = (
                    f"Upload-Offset: {offset}\r\nContent-Type: application/offset+octet-stream\r\n"
                    f"Content-Length: {length}\r\n"
                )
                answer = self._ask(
                    connection, "PATCH", place[1], headers, lambda a=offset, n=length: _send(connection, file, a, n)
                )
                if " 204 " not in answer.splitlines()[0]:
                    raise SystemExit(f"refused: {answer}")
            self._ask(connection, "DELETE", f"{API}/media/{place[1].rpartition('/')[2]}", "")

    def _ask(
        self,
        connection: socket.socket,
        method: str,
        path: str,
        headers: str,
        send_body: Callable[[], None] = lambda: None,
    ) -> str:
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {self._token}\r\n"
        connection.sendall(f"{head}Tus-Resumable: 1.0.0\r\n{headers}\r\n".encode())
        send_body()
        answer = b""
        while b"\r\n\r\n" not in answer:
            more = connection.recv(65536)
            if not more:
                break
            answer += more
        return answer.decode("latin-1")


def _send(connection: socket.socket, file: object, offset: int, length: int) -> None:
    ends_at = offset + length
    while offset < ends_at:
        offset += os.sendfile(connection.fileno(), file.fileno(), offset, ends_at - offset)  # type: ignore[attr-defined]


@contextmanager
def _served(folder: Path) -> Iterator[UploadServer]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    database = f"sqlite:///{folder / 'bench.sqlite3'}"
    make_app(local_settings(database_url=database, log_level="ERROR"))
    url = f"http://127.0.0.1:{port}"
    environment = os.environ | local_environment(api_url=url, simulator_url=None, instance=folder)
    environment |= {
        "DATABASE_URL": database,
        "LOG_LEVEL": "ERROR",
        "ALLOW_TEST_CLOCK": "false",
        "UPLOAD_MEBIBYTES_PER_MINUTE": "1000000000",
    }
    command = [sys.executable, "-m", "gunicorn", "--config", "python:tiktok_api.gunicorn_config", "wsgi:app"]
    with subprocess.Popen([*command, "--bind", f"127.0.0.1:{port}"], env=environment) as process:
        try:
            yield UploadServer(port, _wait_until_serving(url, process.pid))
        finally:
            process.terminate()


def _wait_until_serving(url: str, master: int) -> int:
    """Returns the id of the process that serves."""
    for _ in range(300):
        try:
            requests.get(f"{url}/livez", timeout=1)
            return int(Path(f"/proc/{master}/task/{master}/children").read_text().split()[0])
        except requests.RequestException:
            time.sleep(0.2)
    raise SystemExit("the server did not start")


def _receive_without_server(source: Path, target: Path) -> None:
    """Bytes come over loopback, are hashed and written, and are durable at the end."""
    ours, theirs = socket.socketpair()
    size = source.stat().st_size

    def send() -> None:
        with source.open("rb") as file:
            _send(theirs, file, 0, size)

    sender = threading.Thread(target=send)
    sender.start()
    content, buffer = hashlib.sha256(), memoryview(bytearray(256 * 1024))
    with ours, theirs, target.open("wb", buffering=0) as copy:
        received = 0
        while received < size:
            count = ours.recv_into(buffer)
            content.update(buffer[:count])
            copy.write(buffer[:count])
            received += count
        os.fdatasync(copy.fileno())
        sender.join()


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _peak_mebibytes(pid: int) -> float:
    found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


if __name__ == "__main__":
    for figures in measure():
        print(figures)
