"""`tiktok-api run` as a person starts it: in a folder of its own, on a free port."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import psutil

from tests.servers import free_port, wait_until

ROOT = Path(__file__).resolve().parents[1]
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "USER")


def clean_environment(**more: str) -> dict[str, str]:
    """The environment of a person's shell, without what the tests have set."""
    kept = {name: value for name, value in os.environ.items() if name in _KEPT or name.startswith(("PIP_", "SSL_"))}
    return kept | {"NO_PROXY": "127.0.0.1"} | more


@dataclass
class LocalStack:
    """A started `tiktok-api run` or `demo`."""

    folder: Path
    url: str
    process: "subprocess.Popen[bytes]"
    log: Path
    instance: Path

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace")

    @property
    def notes(self) -> dict[str, Any]:
        """What it has written down for the console."""
        notes: dict[str, Any] = json.loads((self.instance / "run.json").read_text())
        return notes

    @property
    def simulator_url(self) -> str:
        return str(self.notes["simulator_url"])

    @property
    def pids(self) -> dict[str, int]:
        pids: dict[str, int] = self.notes["processes"]
        return pids

    def wait_until_serving(self) -> None:
        wait_until(lambda: "Ctrl-C" in self.output or self.process.poll() is not None, seconds=600)
        assert self.process.poll() is None, self.output
        self.url = self.notes["api_url"]

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """End it by a signal and wait; returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(90)


def _obey_ctrl_c() -> None:
    """A shell that starts the tests in the background has them, and what they start, ignore SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def started(
    folder: Path,
    *command: str,
    is_copy: bool = False,
    program: tuple[str, ...] = (sys.executable, "-m", "tiktok_api"),
    **environment: str,
) -> Iterator[LocalStack]:
    """A stack that may still be on its way up; `is_copy`: the folder has the product's files itself."""
    arguments = command or (() if "make" in program else ("run",))
    port = free_port()
    more = {} if is_copy else {"PYTHONPATH": str(ROOT)}
    log = folder / f"run-{port}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*program, *arguments],
            cwd=folder,
            env=clean_environment(BIND=f"127.0.0.1:{port}", PYTHONUNBUFFERED="1", **more, **environment),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            preexec_fn=_obey_ctrl_c,
        )
    stack = LocalStack(
        folder, f"http://127.0.0.1:{port}", process, log, folder / "instance" / ("demo" if "demo" in command else "")
    )
    try:
        yield stack
    finally:
        stack.stop(signal.SIGTERM if "make" in program else signal.SIGINT)  # make hands SIGTERM on, the terminal SIGINT


@contextmanager
def serving(folder: Path, *command: str, **options: Any) -> Iterator[LocalStack]:
    """A stack that serves; the options are those of `started`."""
    with started(folder, *command, **options) as stack:
        stack.wait_until_serving()
        yield stack


def console(folder: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run `tiktok-api` in that folder to its end."""
    return subprocess.run(
        [sys.executable, "-m", "tiktok_api", *arguments],
        cwd=folder,
        env=clean_environment(PYTHONPATH=str(ROOT), **environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def are_gone(pids: Mapping[str, int]) -> bool:
    """Whether none of these processes lives any more."""
    return not any(_is_alive(pid) for pid in pids.values())


def _is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


class Client:
    """A user of a running stack, over HTTP."""

    def __init__(self, stack: LocalStack, email: str) -> None:
        made = console(stack.folder, "--local", "users", "create", email, "--generate", "--json")
        assert made.returncode == 0, made.stderr
        self.stack, self.email, self.password = stack, email, json.loads(made.stdout)["password"]
        credentials = {"email": email, "password": self.password}
        self.token = str(self.ask("POST", "/auth/login", json=credentials)["access_token"])

    def ask(self, method: str, path: str, **options: Any) -> Any:
        """The JSON answer; fails where it is refused."""
        headers = {"Authorization": f"Bearer {self.token}"} if hasattr(self, "token") else {}
        url = f"{self.stack.url}/api/v1{path}"
        response = httpx2.request(method, url, headers=headers, trust_env=False, timeout=30, **options)
        assert response.is_success, response.text
        return response.json() if response.content else None
