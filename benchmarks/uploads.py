"""How fast one client uploads a large file, whole and in pieces, and what the server needs for it.

The server is ours, in a process of its own; the floor is a loop that does what must be done and nothing else: it takes the
bytes from a socket, hashes them and makes them durable.
"""

import hashlib
import os
import re
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from benchmarks.processes import cpu_seconds, tree_of
from benchmarks.serving import OURS, environment_of, gunicorn, settings_of
from benchmarks.stage import make_app
from benchmarks.survival import API, Guest

MEGABYTE = 1_000_000
PIECE_BYTES = 5 * MEGABYTE
_Run = tuple[float, float, float]
"""Megabytes per second, CPU seconds, and how many MiB the memory of the process grew."""


@dataclass(frozen=True, slots=True)
class UploadFigures:
    """One way in: its rate, the server's CPU time and how much its memory grew; for the floor, of this process."""

    way: str
    megabytes: int
    megabytes_per_second: float
    cpu_seconds: float
    growth_mebibytes: float
    floor_megabytes_per_second: float
    floor_cpu_seconds: float
    floor_growth_mebibytes: float


def measure(*, megabytes: int = 500, rounds: int = 2) -> list[UploadFigures]:
    """The fastest of some rounds of each way: one PATCH, and PATCHes of 5 MB."""
    runs: dict[str, list[_Run]] = {}
    with tempfile.TemporaryDirectory() as scratch, _served(Path(scratch)) as server:
        source = Path(scratch) / "source"
        with source.open("wb") as file:
            for _ in range(megabytes):
                file.write(os.urandom(MEGABYTE))
        of_this_process = partial(_run, megabytes, os.getpid(), time.process_time)
        of_server = partial(_run, megabytes, server.pid, lambda: cpu_seconds([server.pid]))
        ways: dict[str, Callable[[], _Run]] = {
            "floor": lambda: of_this_process(lambda: _receive_without_server(source, Path(scratch) / "copy")),
            "one PATCH": lambda: of_server(lambda: server.upload(source, megabytes * MEGABYTE)),
            "pieces of 5 MB": lambda: of_server(lambda: server.upload(source, PIECE_BYTES)),
        }
        for _ in range(rounds):
            for way, run in ways.items():
                runs.setdefault(way, []).append(run())
    fastest = {way: max(found) for way, found in runs.items()}
    floor = fastest.pop("floor")
    return [UploadFigures(way, megabytes, *found, *floor) for way, found in fastest.items()]


def _run(megabytes: int, pid: int, cpu: Callable[[], float], act: Callable[[], None]) -> _Run:
    Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak of its memory counts from here
    cpu_before, memory, began = cpu(), _peak_mebibytes(pid), time.perf_counter()
    act()
    seconds = time.perf_counter() - began
    return megabytes / seconds, cpu() - cpu_before, max(0.0, _peak_mebibytes(pid) - memory)


class UploadServer:
    """Our server, the process that serves, and a user of it."""

    def __init__(self, url: str, pid: int) -> None:
        self.pid = pid
        self._port, self._token = urlsplit(url).port, Guest(url).token

    def upload(self, source: Path, piece_bytes: int) -> None:
        """Send a file over one connection, and delete the upload."""
        size = source.stat().st_size
        with socket.create_connection(("127.0.0.1", self._port)) as connection, source.open("rb") as file:
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
                    connection, "PATCH", place[1], headers, partial(_send, connection, file, offset, length)
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


def _send(connection: socket.socket, file: BinaryIO, offset: int, length: int) -> None:
    ends_at = offset + length
    while offset < ends_at:
        offset += os.sendfile(connection.fileno(), file.fileno(), offset, ends_at - offset)


@contextmanager
def _served(folder: Path) -> Iterator[UploadServer]:
    database_url = f"sqlite:///{folder / 'bench.sqlite3'}"
    environment = environment_of(folder, DATABASE_URL=database_url, LOG_LEVEL="ERROR", ALLOW_TEST_CLOCK="false")
    make_app(settings_of(environment))
    with gunicorn(*OURS, environment=environment) as (url, master):
        _, worker, *_ = tree_of(master)
        yield UploadServer(url, worker)


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


def _peak_mebibytes(pid: int) -> float:
    found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0
