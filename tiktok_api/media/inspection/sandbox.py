"""Starts, watches and ends the child process that opens files from clients."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryFile
from typing import IO, Any

import structlog

log = structlog.get_logger(__name__)

Watch = Callable[[], None]

WALL_CLOCK_SECONDS = 180.0
"""The child has a limit of its own, of 15 s of CPU time. By its niceness it gets a tenth of a core that others use fully."""
_WATCH_SECONDS = 1.0
_MAX_ANSWER_BYTES = 64 * 1024
_CHILD = "tiktok_api.media.inspection.child"
_ROOT = Path(__file__).resolve().parents[3]
# How a child dies because of its file: crashed decoder, CPU limit, output limit, or a system call in another numbering.
_DEATHS_BY_FILE = {
    -signal.SIGSEGV,
    -signal.SIGBUS,
    -signal.SIGABRT,
    -signal.SIGFPE,
    -signal.SIGILL,
    -signal.SIGTRAP,
    -signal.SIGSYS,
    -signal.SIGXCPU,
    -signal.SIGXFSZ,
}


class OpeningFailed(Exception):
    """The child failed for a reason that is not the file: try again later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """Why a file is refused: `code` for programs, `message` for people."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Opened:
    """The facts that the child found, the picture that it made, and whether the kernel filtered its system calls."""

    facts: dict[str, Any]
    picture: bytes
    is_filtered: bool


def open_in_child(
    path: Path,
    verb: str,
    content_type: str,
    *wanted: str,
    wall_clock_seconds: float = WALL_CLOCK_SECONDS,
    inherited: Sequence[int] = (),
    target: IO[bytes] | None = None,
    watch: Watch | None = None,
) -> Opened | Rejection:
    """Run `child` on the file at `path`, of this content type: `verb` is one of the child's. It may take three minutes.

    With a `target` what the child makes goes there, and is not in the answer. `inherited` are descriptors that the child gets.
    `watch` is called every second; the child ends with what it raises. Raises OpeningFailed if the child failed for a reason
    that says nothing about the file.
    """
    # Files without names: nothing of them is left if this process is killed.
    with path.open("rb") as source, TemporaryFile() as output, TemporaryFile() as made, TemporaryFile() as errors:
        picture = made if target is None else target
        arguments = [verb, str(os.getpid()), content_type, str(picture.fileno()), *wanted]
        child = subprocess.Popen(  # noqa: S603  # our own module, no shell; of the client only a known type
            [sys.executable, "-B", "-s", "-W", "ignore", "-m", _CHILD, *arguments],
            stdin=source,
            stdout=output,
            stderr=errors,
            pass_fds=(picture.fileno(), *inherited),
            cwd=_ROOT,
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
            start_new_session=True,
        )
        try:
            code = _wait(child, wall_clock_seconds, watch)
        except subprocess.TimeoutExpired:
            code_of_delay = "file_too_complex" if watch is None else "conversion_too_long"
            return Rejection(code=code_of_delay, message="Opening this file takes longer than allowed.")
        finally:
            _end(child)
        if code in _DEATHS_BY_FILE:
            message = "Opening this file takes more than is allowed, or breaks the decoder."
            return Rejection(code="file_too_complex", message=message)
        if code != 0:
            raise OpeningFailed(f"the child ended with {code}: {_read(errors)[-500:].decode(errors='replace')}")
        answer: dict[str, Any] = json.loads(_read(output)[:_MAX_ANSWER_BYTES])
        if not answer["is_filtered"]:
            _warn_of_missing_filter()
        if "refused" in answer:
            return Rejection(**answer["refused"])
        return Opened(answer["facts"], _read(made), answer["is_filtered"])


def _wait(child: "subprocess.Popen[bytes]", seconds: float, watch: Watch | None) -> int:
    """Returns how the child ended. Raises TimeoutExpired, and what `watch` raises."""
    if watch is None:
        return child.wait(seconds)
    latest = time.monotonic() + seconds
    while True:
        try:
            return child.wait(_WATCH_SECONDS)
        except subprocess.TimeoutExpired:
            if time.monotonic() > latest:
                raise
        watch()


def is_filtered() -> bool:
    """Returns True if the kernel holds the child to its list of system calls. Raises OpeningFailed."""
    with NamedTemporaryFile() as nothing:
        probed = open_in_child(Path(nothing.name), "probe", "")
    return isinstance(probed, Opened) and probed.is_filtered


@cache
def _warn_of_missing_filter() -> None:
    """Log, once in a process, that files are opened behind resource limits alone."""
    log.warning("media.opened_without_seccomp", hint="a taken-over decoder may make any system call; see `doctor`")


def _read(file: IO[bytes]) -> bytes:
    """Returns the whole content; the kernel has limited what the child could write."""
    file.seek(0)
    return file.read()


def _end(child: subprocess.Popen[bytes]) -> None:
    """Kill the child and every process that it may have started, and reap it."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    finally:
        child.wait()
