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
class Process:
    """What is known of it from outside."""

    process: "subprocess.Popen[str]"
    url: str

    @property
    def control(self) -> Control:
        return Control(self.url)

    def kill(self) -> None:
        """What the kernel does when memory is short."""
        self.process.kill()
        self.process.wait()

    def stop(self, within_seconds: float = 30) -> str:
        """SIGTERM. Returns what it said on standard error; it must end by itself."""
        self.process.terminate()
        _, errors = self.process.communicate(timeout=within_seconds)
        assert self.process.returncode == 0
        return errors


@contextlib.contextmanager
def started(*arguments: Any) -> Iterator[Process]:
    """Start one, and wait until it listens."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen([*COMMAND, *map(str, arguments)], **pipes) as process:
        try:
            yield Process(process, process.stdout.readline().strip())
        finally:
            if process.poll() is None:
                process.kill()


def refused(*arguments: Any) -> "subprocess.CompletedProcess[str]":
    """Start one that must not come up."""
    return subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60)
