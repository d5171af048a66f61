"""Asks the probing process what is in a file, and starts another one when it dies or dawdles."""

import atexit
import contextlib
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

PATIENCE_SECONDS = 30.0
CHILD = Path(__file__).with_name("probe_child.py")


class ProbeProcess:
    """One probing process for all worlds of this process, started when first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: subprocess.Popen[str] | None = None
        atexit.register(self.stop)

    def facts(self, paths: list[Path]) -> dict[str, Any]:
        """What the files, read as one, contain; `{"error": …}` if nothing that can be decoded."""
        with self._lock:
            child = self._running_child()
            watchdog = threading.Timer(PATIENCE_SECONDS, child.kill)
            watchdog.start()
            try:
                line = self._ask(child, json.dumps([str(path) for path in paths]))
            finally:
                watchdog.cancel()
            if not line:
                self._bury(child)
                return {"error": "the probing process gave up"}
            facts: dict[str, Any] = json.loads(line)
            return facts

    def stop(self) -> None:
        """End the probing process, if there is one."""
        with self._lock:
            if self._child is not None:
                self._bury(self._child)

    def _running_child(self) -> "subprocess.Popen[str]":
        if self._child is None or self._child.poll() is not None:
            command = [sys.executable, "-I", str(CHILD)]
            self._child = subprocess.Popen(  # noqa: S603 - our own file
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            )
        return self._child

    def _ask(self, child: "subprocess.Popen[str]", line: str) -> str:
        if child.stdin is None or child.stdout is None:
            return ""
        try:
            child.stdin.write(line + "\n")
            child.stdin.flush()
            return child.stdout.readline()
        except OSError:
            return ""

    def _bury(self, child: "subprocess.Popen[str]") -> None:
        child.kill()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        child.wait()
        self._child = None


prober = ProbeProcess()
