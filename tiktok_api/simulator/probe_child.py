"""A process of its own that opens media, so that hostile bytes can bring down nothing else.

It reads one JSON list of paths per line, the parts of one file in order, and answers one JSON object per line. It
is run by its path, in isolation, and therefore imports nothing of this package.
"""

import io
import json
import sys
from pathlib import Path
from typing import Any, BinaryIO

import av
import av.error
import av.logging

av.logging.set_level(None)


class Parts(io.RawIOBase):
    """Several files read as one."""

    def __init__(self, paths: list[Path]) -> None:
        self._files: list[BinaryIO] = [path.open("rb") for path in paths]
        self._sizes = [path.stat().st_size for path in paths]
        self._position = 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """Where reading goes on."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go on reading elsewhere."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: sum(self._sizes)}[whence]
        self._position = max(0, start + offset)
        return self._position

    def read(self, size: int = -1) -> bytes:
        """Some bytes, from one of the files."""
        begin = 0
        for file, length in zip(self._files, self._sizes, strict=True):
            if begin <= self._position < begin + length:
                file.seek(self._position - begin)
                piece = file.read(size if size >= 0 else -1)
                self._position += len(piece)
                return piece
            begin += length
        return b""

    def close(self) -> None:
        """Close all files."""
        for file in self._files:
            file.close()
        super().close()


def facts_of(paths: list[Path]) -> dict[str, Any]:
    """Container, codec, size, frame rate and duration, and whether the first frame can be decoded."""
    with Parts(paths) as parts:
        head = parts.read(64)
        parts.seek(0)
        with av.open(parts, "r", metadata_errors="ignore") as container:
            stream = container.streams.video[0]
            rate = stream.average_rate or stream.guessed_rate
            duration = container.duration / 1_000_000 if container.duration else 0.0
            if stream.duration and stream.time_base:
                duration = max(duration, float(stream.duration * stream.time_base))
            frame = next(container.decode(stream))
            return {
                "container": container.format.name,
                "is_webm": b"webm" in head,
                "codec": stream.codec_context.name,
                "width": frame.width,
                "height": frame.height,
                "fps": float(rate) if rate else 0.0,
                "seconds": duration,
            }


def answer(line: str) -> dict[str, Any]:
    """The facts, or that there are none."""
    try:
        return facts_of([Path(name) for name in json.loads(line)])
    except (av.error.FFmpegError, OSError, ValueError, IndexError, StopIteration, ArithmeticError) as error:
        return {"error": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    for request in sys.stdin:
        sys.stdout.write(json.dumps(answer(request)) + "\n")
        sys.stdout.flush()
