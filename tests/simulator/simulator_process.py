"""A simulator as a process of its own, as a person or an orchestrator starts it."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tiktok_api.simulator import Control

COMMAND = [sys.executable, "-m", "tiktok_api.simulator", "--port", "0", "--allow-http"]


@dataclass
class SimulatorProcess:
    """A running process and its URL."""

    process: "subprocess.Popen[str]"
    url: str

    @property
    def control(self) -> Control:
        return Control(self.url)

    def kill(self) -> None:
        """Kill it with SIGKILL."""
        self.process.kill()
        self.process.wait()

    def stop(self, within_seconds: float = 30) -> str:
        """Stop it with SIGTERM, and check that it ends by itself. Returns its standard error."""
        self.process.terminate()
        _, errors = self.process.communicate(timeout=within_seconds)
        assert self.process.returncode == 0
        return errors


@contextlib.contextmanager
def started(*arguments: Any) -> Iterator[SimulatorProcess]:
    """Start a simulator, and wait until it listens."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen([*COMMAND, *map(str, arguments)], **pipes) as process:
        try:
            yield SimulatorProcess(process, process.stdout.readline().strip())
        finally:
            if process.poll() is None:
                process.kill()


def refused(*arguments: Any) -> "subprocess.CompletedProcess[str]":
    """Start a simulator that must refuse to start."""
    return subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60)
