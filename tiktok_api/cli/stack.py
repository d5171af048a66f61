"""API, worker and simulator as three processes on this machine, started together and stopped together."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from tiktok_api.cli.local import INSTANCE, local_environment

_PATIENCE_SECONDS = 60.0
_STOP_SECONDS = 15.0


class StackFailed(Exception):
    """A process did not come up; its log says why."""


@dataclass
class Stack:
    """The running processes and where they answer."""

    api_url: str
    simulator_url: str | None
    environment: dict[str, str]
    logs: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, *command: str) -> None:
        """Start a process of ours; what it prints goes to a log of its own."""
        with (self.logs / f"{name}.log").open("ab") as out:
            self.processes[name] = subprocess.Popen(  # noqa: S603 - our own interpreter and modules
                [sys.executable, "-m", *command],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches us alone: we stop the others in order
            )

    def wait_for(self, name: str, url: str) -> None:
        """Until `url` answers. Raises StackFailed with the end of the log."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline and self.processes[name].poll() is None:
            with contextlib.suppress(httpx2.HTTPError):
                if httpx2.get(url, timeout=2.0, trust_env=False).is_success:
                    return
            time.sleep(0.1)  # between two looks at a process that starts
        raise StackFailed(f"{name} did not come up; {self.logs / name}.log ends:\n{self.tail(name)}")

    def tail(self, name: str, lines: int = 15) -> str:
        """The last lines of a process's log."""
        return "\n".join((self.logs / f"{name}.log").read_text(errors="replace").splitlines()[-lines:])

    def fallen(self) -> str | None:
        """The name of a process that has ended, if one has."""
        return next((name for name, process in self.processes.items() if process.poll() is not None), None)

    def run(self, *command: str) -> None:
        """Run one of our commands to its end. Raises StackFailed with what it printed."""
        done = subprocess.run(  # noqa: S603 - our own interpreter and modules
            [sys.executable, "-m", *command], env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise StackFailed(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")

    def stop(self) -> None:
        """Ask every process to finish what it does; insist after a while."""
        for process in reversed(self.processes.values()):
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        deadline = time.monotonic() + _STOP_SECONDS
        for process in self.processes.values():
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def choose_port(wanted: int) -> int:
    """`wanted` if nobody listens there, else any free one."""
    for port in (wanted, 0):
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise StackFailed("there is no free port")


@contextlib.contextmanager
def running_stack(instance: Path = INSTANCE, chosen: Mapping[str, str] | None = None) -> Iterator[Stack]:
    """Migrate, start all three, wait until they answer, and stop them at the end.

    `chosen` are settings that win over those for this machine; where they name another TikTok, no simulator is started.
    Raises StackFailed.
    """
    logs = instance / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    chosen = chosen or {}
    bind = chosen.get("BIND") or f"127.0.0.1:{choose_port(8080)}"
    simulator_port = choose_port(8090)
    api_url, simulator_url = f"http://{bind}", f"http://127.0.0.1:{simulator_port}"
    environment = os.environ | local_environment(api_url=api_url, simulator_url=simulator_url, instance=instance)
    environment |= {"BIND": bind, "PYTHONUNBUFFERED": "1"} | dict(chosen)
    is_simulated = "TIKTOK_API_URL" not in chosen
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # as Ctrl-C: stop the others first
    stack = Stack(api_url, simulator_url if is_simulated else None, environment, logs)
    try:
        stack.run("flask", "--app", "wsgi", "db", "upgrade")
        if is_simulated:
            stack.start("simulator", "tiktok_api.simulator", "--port", str(simulator_port), "--allow-http")
        stack.start("api", "gunicorn", "--config", "python:tiktok_api.serving", "wsgi:app")
        stack.start("worker", "flask", "--app", "wsgi", "worker")
        if is_simulated:
            stack.wait_for("simulator", f"{simulator_url}/_simulator/")
        stack.wait_for("api", f"{api_url}/readyz")
        yield stack
    finally:
        stack.stop()
