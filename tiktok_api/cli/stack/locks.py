"""One stack in a folder: locks that the system releases when a process ends, however it ends.

`run.lock` belongs to the process that started the stack. `family.lock` is inherited by the processes that it starts: if the
first was killed and left them behind, they still hold it.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from tiktok_api.cli.stack.settings import LOCK, NOTES, Run

FAMILY = "family.lock"
_TRIES = 10
_TRY_SECONDS = 0.1
_STOP_SECONDS = 15.0


class FolderInUse(Exception):
    """Another stack runs in this folder, or processes of one are left that could not be stopped."""


@contextlib.contextmanager
def hold_folder(instance: Path, *, say: Callable[[str], None]) -> Iterator[int]:
    """Lock the folder for one stack; yields the descriptor that its processes inherit. Raises FolderInUse.

    The processes of a killed stack are stopped first, which is reported by `say`.
    """
    instance.mkdir(parents=True, exist_ok=True)
    with (instance / LOCK).open("ab") as lock, (instance / FAMILY).open("ab") as family:
        if not _take(lock, tries=_TRIES):
            raise FolderInUse(_where_it_serves(instance))
        if not _take(family):
            _stop_orphans(instance, family, say)
        yield family.fileno()


def clear(instance: Path) -> None:
    """Empty the folder of a stack that is about to start."""
    for each in instance.iterdir():
        if each.name in (LOCK, FAMILY):
            continue
        if each.is_dir() and not each.is_symlink():
            shutil.rmtree(each, ignore_errors=True)
        else:
            each.unlink(missing_ok=True)


def _take(file: IO[bytes], *, tries: int = 1) -> bool:
    """Lock a file; more than one try, because a look at whether it is locked locks it for a moment."""
    for number in range(tries):
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        if number + 1 < tries:
            time.sleep(_TRY_SECONDS)
    return False


def _where_it_serves(instance: Path) -> str:
    run = Run.load(instance)
    if run is None:
        return f"A server is being started in this folder already; it holds {instance / LOCK}."
    simulator = f", the simulator at {run.simulator_url}/_simulator/" if run.simulator_url else ""
    return (
        f"This folder is served already: the API at {run.api_url}/api/v1{simulator}.\n"
        f"Use that one, or stop it first (Ctrl-C where it runs, or `kill {run.pid}`)."
    )


def _stop_orphans(instance: Path, family: IO[bytes], say: Callable[[str], None]) -> None:
    run = Run.load(instance)
    orphans = {name: pid for name, pid in run.processes.items() if _is_ours(pid)} if run else {}
    say(f"Stopping what a killed run has left behind: {', '.join(orphans) or 'unknown processes'} …")
    for number, patience in ((signal.SIGTERM, _STOP_SECONDS), (signal.SIGKILL, _STOP_SECONDS / 3)):
        for pid in orphans.values():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, number)
        if orphans and _take(family, tries=int(patience / _TRY_SECONDS)):
            return
    raise FolderInUse(
        f"A run that was killed has left processes behind that hold {instance / FAMILY} and could not be stopped. "
        f"Find them with `fuser {instance / FAMILY}`, end them, and start again. ({NOTES} names {orphans or 'none'}.)"
    )


def _is_ours(pid: int) -> bool:
    """Whether this process is one of our commands: a number may have been given to another one since."""
    listed = subprocess.run(  # noqa: S603 - fixed words and a number
        ["ps", "-o", "command=", "-p", str(pid)],  # noqa: S607 - wherever the system has it
        capture_output=True,
        text=True,
        check=False,
    )
    return "tiktok_api" in listed.stdout
