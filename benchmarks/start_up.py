"""What a start costs: CPU seconds until a command is done or a server answers, and the memory of a server at rest.

The floor is the import of the packages that a process of ours cannot do without.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import cpu_seconds, pss_mebibytes
from benchmarks.serving import OURS, ROOT, environment_of, gunicorn

COMMANDS = {
    "tiktok-api --help": ("--help",),
    "tiktok-api users list": ("users", "list"),
    "tiktok-api upgrade --check": ("upgrade", "--check"),
}
_FLOOR = (
    "import flask_sqlalchemy, flask_smorest, flask_jwt_extended, flask_limiter, psycopg, pydantic, redis, structlog"
)


@dataclass(frozen=True, slots=True)
class StartFigures:
    """One command."""

    command: str
    cpu_seconds: float
    floor_cpu_seconds: float


@dataclass(frozen=True, slots=True)
class ServerFigures:
    """A server with so many processes, from its start to its first answer."""

    server: str
    cpu_seconds: float
    pss_mebibytes: float


def measure(*, tries: int = 5) -> list[StartFigures | ServerFigures]:
    """The least of `tries`, in turn: other work on the machine can only make one dearer."""
    with tempfile.TemporaryDirectory() as scratch:
        environment = environment_of(Path(scratch))
        _cpu_of(["-m", "tiktok_api", "upgrade"], environment)
        spent: dict[str, list[float]] = {}
        for _ in range(tries):
            spent.setdefault("", []).append(_cpu_of(["-c", _FLOOR], environment))
            for name, arguments in COMMANDS.items():
                spent.setdefault(name, []).append(_cpu_of(["-m", "tiktok_api", *arguments], environment))
        commands = [StartFigures(name, min(spent[name]), min(spent[""])) for name in COMMANDS]
        return [*commands, *(_server(environment, processes) for processes in (1, 2))]


def _server(environment: Mapping[str, str], processes: int) -> ServerFigures:
    with gunicorn(*OURS, "--workers", str(processes), environment=environment) as (_url, pid):
        name = f"server, {processes} process" + "es" * (processes > 1)
        return ServerFigures(name, cpu_seconds([pid]), pss_mebibytes(pid))


def _cpu_of(arguments: Sequence[str], environment: Mapping[str, str]) -> float:
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, env=dict(environment), stdout=quiet, stderr=quiet
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(arguments)} ended with {process.returncode}")
    return used.ru_utime + used.ru_stime
