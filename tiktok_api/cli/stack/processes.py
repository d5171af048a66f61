"""API, worker and simulator as three processes on this machine, started together and stopped together."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from tiktok_api.cli.stack.locks import FolderInUse, clear, hold_folder
from tiktok_api.cli.stack.settings import INSTANCE, Run, local_environment

_PATIENCE_SECONDS = 60.0
_STOP_SECONDS = 15.0


class StackFailed(Exception):
    """A process did not come up; its log says why."""


@dataclass
class Stack:
    """The running processes and their URLs."""

    api_url: str
    simulator_url: str | None
    environment: dict[str, str]
    instance: Path
    family: int
    """The descriptor of the lock that every process holds."""
    listeners: dict[str, socket.socket]
    """What the processes of those names listen on: opened here, so that no port is lost to another before they start."""
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def logs(self) -> Path:
        """The folder of the logs."""
        return self.instance / "logs"

    def start(self, name: str, *command: str) -> None:
        """Start one of our processes; its output goes to its own log."""
        listener = self.listeners.get(name)
        with (self.logs / f"{name}.log").open("ab") as out:
            self.processes[name] = subprocess.Popen(  # noqa: S603 - our own interpreter and modules
                [sys.executable, "-m", *command],
                env=os.environ | self.environment,
                pass_fds=(self.family, *([listener.fileno()] if listener else [])),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches us alone: we stop the others in order
            )
        if listener:
            listener.close()
        pids = {each: process.pid for each, process in self.processes.items()}
        Run(self.api_url, self.simulator_url, self.environment, os.getpid(), pids).save(self.instance)

    def wait_for(self, name: str, url: str) -> None:
        """Wait until `url` answers. Raises StackFailed with the end of the log."""
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
        environment = os.environ | self.environment
        done = subprocess.run([sys.executable, "-m", *command], env=environment, capture_output=True, text=True)  # noqa: S603 - our own
        if done.returncode:
            raise StackFailed(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")

    def watch(self) -> str:
        """Wait until a process ends by itself. Returns its name."""
        while (fallen := self.fallen()) is None:
            time.sleep(0.5)  # between two looks at processes
        return fallen

    def stop(self) -> None:
        """Ask every process to finish; kill it after a while, or at a second Ctrl-C."""
        for process in reversed(self.processes.values()):
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        deadline = time.monotonic() + _STOP_SECONDS
        try:
            for process in self.processes.values():
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(max(0.1, deadline - time.monotonic()))
        finally:
            for process in self.processes.values():
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()


def _listen(wanted: int) -> tuple[socket.socket, str]:
    """A socket that listens on `wanted`, or on any free port where another process does, and its host:port."""
    for port in (wanted, 0):
        with contextlib.suppress(OSError):
            listener = socket.create_server(("127.0.0.1", port), backlog=512)
            return listener, f"127.0.0.1:{listener.getsockname()[1]}"
    raise StackFailed("there is no free port")


@contextlib.contextmanager
def running_stack(
    instance: Path = INSTANCE,
    chosen: Mapping[str, str] | None = None,
    *,
    is_fresh: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Iterator[Stack]:
    """Migrate, start all three, wait until they answer, and stop them at the end.

    `chosen` are settings that win over those for this machine; if they name another TikTok, no simulator is started.
    `is_fresh` empties the folder first. One stack at a time runs in a folder. Raises StackFailed.
    """
    try:
        with _stopped_by_signals(), hold_folder(instance, say=say) as family:
            if is_fresh:
                clear(instance)
            (instance / "logs").mkdir(exist_ok=True)
            stack = _prepare(instance, chosen or {}, family)
            try:
                _start(stack)
                yield stack
            finally:
                for number in _ENDING:
                    signal.signal(number, signal.SIG_IGN)  # they stop already
                stack.stop()
    except FolderInUse as error:
        raise StackFailed(str(error)) from error


_ENDING = (signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end this process as Ctrl-C does, so that the others are stopped first."""

    def leave(number: int, _frame: object) -> None:
        sys.exit(128 + number)

    before = {number: signal.signal(number, leave) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _prepare(instance: Path, chosen: Mapping[str, str], family: int) -> Stack:
    listeners: dict[str, socket.socket] = {}
    bind, simulator_url = chosen.get("BIND"), None
    if not bind:
        listeners["api"], bind = _listen(8080)
    if "TIKTOK_API_URL" not in chosen:
        listeners["simulator"], address = _listen(8090)
        simulator_url = f"http://{address}"
    api_url = f"http://{bind}"
    environment = local_environment(api_url=api_url, simulator_url=simulator_url, instance=instance)
    environment |= {"BIND": bind} | dict(chosen)
    return Stack(api_url, simulator_url, environment, instance, family, listeners)


def _start(stack: Stack) -> None:
    stack.run("tiktok_api", "upgrade")
    if stack.simulator_url:
        descriptor = str(stack.listeners["simulator"].fileno())
        state, webhooks = stack.instance / "simulator.json", f"{stack.api_url}/api/v1/webhooks/tiktok"
        options = ["--fd", descriptor, "--allow-http", "--webhook-url", webhooks, "--state", str(state)]
        stack.start("simulator", "tiktok_api.simulator", *options)
    bind = ["--bind", f"fd://{stack.listeners['api'].fileno()}"] if "api" in stack.listeners else []
    serve = ["gunicorn", "--config", "python:tiktok_api.gunicorn_config", *bind, "tiktok_api.app:create_app_or_exit()"]
    stack.start("api", *serve)
    stack.start("worker", "tiktok_api", "worker")
    if stack.simulator_url:
        stack.wait_for("simulator", f"{stack.simulator_url}/_simulator/")
    stack.wait_for("api", f"{stack.api_url}/readyz")
