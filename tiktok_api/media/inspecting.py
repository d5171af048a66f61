"""Looking inside a file: sniffed here, opened only in a child process that cannot harm us."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tiktok_api.media import sniffing

WALL_CLOCK_SECONDS = 20.0
_MAX_ANSWER_BYTES = 64 * 1024
_ROOT = Path(__file__).resolve().parents[2]
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


class InspectionFailed(Exception):
    """The child could not do its work for a reason that is ours: try again later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a file turned out to be.

    Sizes in pixels are as seen, after turning; `orientation` is EXIF's 1 to 8 of a photo, and the clockwise degrees by which
    players turn a video. `bitrate` is bits per second over the whole file.
    """

    kind: str
    content_type: str
    container: str
    width: int
    height: int
    orientation: int
    duration_seconds: float | None = None
    fps: float | None = None
    video_codec: str | None = None
    audio_codec: str | None = None
    has_audio: bool | None = None
    bitrate: int | None = None
    thumbnail: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """Why a file is not taken: `code` for programs, `message` for people."""

    code: str
    message: str


def inspect(path: Path, *, wall_clock_seconds: float = WALL_CLOCK_SECONDS) -> Facts | Rejection:
    """Find out what the file at `path` is, within 20 seconds, whatever it is.

    Raises InspectionFailed where that says nothing about the file.
    """
    with path.open("rb") as file:
        head = file.read(sniffing.HEAD_BYTES)
    if not head:
        return Rejection(code="file_empty", message="The file is empty.")
    content_type = sniffing.sniff(head)
    if content_type is None:
        return Rejection(
            code="format_unsupported",
            message=f"This is {sniffing.describe(head)}; send an MP4, MOV or WebM video, or a JPEG or WebP photo.",
        )
    with tempfile.TemporaryDirectory(prefix="probe-") as folder:
        return _ask_child(path, content_type, Path(folder), wall_clock_seconds)


def _ask_child(path: Path, content_type: str, folder: Path, wall_clock_seconds: float) -> Facts | Rejection:
    answer, picture, complaints = folder / "answer.json", folder / "thumbnail.jpg", folder / "complaints.txt"
    with (
        path.open("rb") as source,
        answer.open("wb") as said,
        picture.open("wb") as drawn,
        complaints.open("wb") as wept,
    ):
        command = [sys.executable, "-B", "-s", "-m", "tiktok_api.media.probing", content_type, str(drawn.fileno())]
        child = subprocess.Popen(  # noqa: S603  # our own module, no shell, nothing of the client's but a known type
            command,
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
        return Rejection(
            code="file_too_complex", message="Opening this file takes more than is allowed, or breaks the decoder."
        )
    if code != 0:
        raise InspectionFailed(
            f"the probe ended with {code}: {complaints.read_bytes()[-500:].decode(errors='replace')}"
        )
    return _understood(answer, picture, content_type)


def _understood(answer: Path, picture: Path, content_type: str) -> Facts | Rejection:
    with answer.open("rb") as file:
        said: dict[str, Any] = json.loads(file.read(_MAX_ANSWER_BYTES))
    if "refused" in said:
        return Rejection(**said["refused"])
    container = sniffing.CONTAINERS[content_type]
    return Facts(
        content_type=content_type, container=container, thumbnail=picture.read_bytes() or None, **said["facts"]
    )


def _end(child: subprocess.Popen[bytes]) -> None:
    """Kill the child and whatever it may have started, and collect it."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    finally:
        child.wait()
