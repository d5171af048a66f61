"""The product's processes, started in a folder of their own as an operator starts them."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

ROOT = Path(__file__).parents[2]

GUNICORN = ("gunicorn", "--config", "python:tiktok_api.gunicorn_config", "wsgi:app")
UPGRADE = ("flask", "--app", "wsgi", "db", "upgrade")
WORKER = ("flask", "--app", "wsgi", "worker")
DOCTOR = ("tiktok_api.cli.chores.doctor",)

SIMULATED = {"TIKTOK_CLIENT_KEY": "awsimclient0001", "TIKTOK_CLIENT_SECRET": "sim-client-secret-0001"}
REQUIRED = SIMULATED | {"SECRET_KEY": "a secret for tests, forty characters long"}


def status_of(url: str) -> int:
    """The status of a GET; 0 while nothing answers."""
    try:
        return requests.get(url, timeout=10).status_code
    except requests.RequestException:
        return 0


class Folder:
    """A folder with the product in it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def fill_in(self, **values: str) -> None:
        """`cp .env.example .env`, and these values put where the file has them blank or has a default."""
        text = (self.path / ".env.example").read_text()
        for name, value in values.items():
            text, count = re.subn(rf"^{name}=.*$", f"{name}={value}", text, flags=re.MULTILINE)
            assert count == 1, name
        (self.path / ".env").write_text(text)

    def run(self, *module: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """What a command says and ends with."""
        return subprocess.run(
            [sys.executable, "-m", *module],
            cwd=self.path,
            env=_environment(environment),
            capture_output=True,
            text=True,
            timeout=120,
        )

    @contextmanager
    def running(self, *module: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
        """A process that goes on until the end of the block; its log is `log` in the folder."""
        with (self.path / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *module],
                cwd=self.path,
                env=_environment(environment),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _environment(more: dict[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "VIRTUAL_ENV")}
    return kept | more
