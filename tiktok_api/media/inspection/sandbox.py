"""Strangers' files are opened in a child process that cannot harm us: started, watched, and ended here."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

WALL_CLOCK_SECONDS = 20.0
_MAX_ANSWER_BYTES = 64 * 1024
_ROOT = Path(__file__).resolve().parents[3]
# How a child dies of the file it was given: crashed decoder, CPU or output limit.
_DEATHS_BY_FILE = {
    -signal.SIGSEGV,
    -signal.SIGBUS,
    -signal.SIGABRT,
    -signal.SIGFPE,
    -signal.SIGILL,
    -signal.SIGXCPU,
    -signal.SIGXFSZ,
}


class OpeningFailed(Exception):
    """The child could not do its work for a reason that is ours: try again later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """Why a file is not taken: `code` for programs, `message` for people."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Opened:
    """What the child said of the file, and the picture it drew of it."""

    facts: dict[str, Any]
    picture: bytes


def open_in_child(
    path: Path, verb: str, content_type: str, *wanted: str, wall_clock_seconds: float = WALL_CLOCK_SECONDS
) -> Opened | Rejection:
    """Have the file at `path`, of this content type, inspected or converted (see `probing`), within 20 seconds.

    Raises OpeningFailed where what happened says nothing about the file.
    """
    # Without names, so that nothing of them is left when this process is killed.
    with path.open("rb") as source, TemporaryFile() as said, TemporaryFile() as drawn, TemporaryFile() as wept:
        arguments = [verb, content_type, str(drawn.fileno()), *wanted]
        child = subprocess.Popen(  # noqa: S603  # our own module, no shell, nothing of the client's but a known type
            [sys.executable, "-B", "-s", "-m", "tiktok_api.media.inspection.child", *arguments],
            stdin=source,
            stdout=said,
            stderr=wept,
            pass_fds=(drawn.fileno(),),
            cwd=_ROOT,
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
            start_new_session=True,
        )
        try:
            code = child.wait(wall_clock_seconds)
        except subprocess.TimeoutExpired:
            return Rejection(code="file_too_complex", message="Opening this file takes longer than allowed.")
        finally:
            _end(child)
        if code in _DEATHS_BY_FILE:
            message = "Opening this file takes more than is allowed, or breaks the decoder."
            return Rejection(code="file_too_complex", message=message)
        if code != 0:
            raise OpeningFailed(f"the probe ended with {code}: {_read(wept)[-500:].decode(errors='replace')}")
        answer: dict[str, Any] = json.loads(_read(said)[:_MAX_ANSWER_BYTES])
        return Rejection(**answer["refused"]) if "refused" in answer else Opened(answer["facts"], _read(drawn))


def _read(file: IO[bytes]) -> bytes:
    """All of it; the kernel has bounded what the child could write."""
    file.seek(0)
    return file.read()


def _end(child: subprocess.Popen[bytes]) -> None:
    """Kill the child and whatever it may have started, and collect it."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    finally:
        child.wait()
