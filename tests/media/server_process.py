"""The API in a process of its own, served by gunicorn as in production, to be cut off and killed."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

from tests.servers import free_port, wait_until

_KEPT = ("PATH", "HOME", "LANG", "VIRTUAL_ENV", "PYTHONPATH")
ROOT = Path(__file__).resolve().parents[2]


class Server:
    """One gunicorn with threads. `kill()` is kill -9 of all of it; `start()` brings it back on the same port."""

    def __init__(self, environment: dict[str, str], log: Path, *options: str) -> None:
        """`options` are more of gunicorn's."""
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = environment
        self._log = log
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        command = [sys.executable, "-m", "gunicorn", "--config", "python:tiktok_api.gunicorn_config", "wsgi:app"]
        command += ["--bind", f"127.0.0.1:{self.port}", "--threads", "8", "--graceful-timeout", "1", *self._options]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        try:
            wait_until(self._is_up, seconds=90)
        except BaseException:
            self.kill()
            raise
        return self

    def kill(self) -> None:
        """What a power cut does to a process: nothing is finished, flushed or said good-bye to."""
        if self._process is not None:
            with suppress(ProcessLookupError):  # it may have ended by itself
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """It may end by itself first, because what is measured in it is written down then."""
        if self._process is not None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(3)
        self.kill()

    @property
    def master_id(self) -> int:
        """The process that started the others."""
        assert self._process is not None
        return self._process.pid

    @property
    def worker_ids(self) -> list[int]:
        """The processes that serve."""
        return [pid for pid in self.process_ids if pid != self.master_id]

    @property
    def process_ids(self) -> list[int]:
        """Every process of it."""
        assert self._process is not None
        found = subprocess.run(["ps", "-o", "pid=", "-g", str(self._process.pid)], capture_output=True, text=True)
        return [int(pid) for pid in found.stdout.split()]

    def _is_up(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self._log.read_text()[-2000:]
        try:
            return requests.get(f"{self.url}/livez", timeout=5).status_code == 200
        except requests.RequestException:
            return False


@contextmanager
def served(template: Path, folder: Path, *options: str, **more: str) -> Iterator[Server]:
    """A server on a copy of an empty database, in a folder of its own; `more` settings, and `options` of gunicorn's."""
    shutil.copy(template, folder / "test.sqlite3")
    environment = environment_of(f"sqlite:///{folder / 'test.sqlite3'}", folder, **more)
    with Server(environment, folder / "log", *options) as running:
        yield running


def environment_of(database_url: str, folder: Path, **more: str) -> dict[str, str]:
    """What the process is told, matching `base_settings`."""
    kept = {name: value for name, value in os.environ.items() if name in _KEPT or name.startswith("COVERAGE_")}
    return kept | {
        "SECRET_KEY": "a secret for tests, forty characters long",
        "TIKTOK_CLIENT_KEY": "awsimclient0001",
        "TIKTOK_CLIENT_SECRET": "sim-client-secret-0001",
        "DATABASE_URL": database_url,
        "STORAGE_URL": (folder / "media").as_uri(),
        "RATE_LIMIT_ENABLED": "false",
        "LOG_LEVEL": "WARNING",
        **more,
    }
