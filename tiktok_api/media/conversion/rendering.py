"""Has the child make films and frames out of stored media."""

import json
import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryFile
from typing import IO, Any

from tiktok_api.media.conversion.films import PendingFilm
from tiktok_api.media.conversion.unmade import SOURCE_GONE, Source
from tiktok_api.media.inspection.sandbox import Opened, Rejection, open_in_child
from tiktok_api.storage.errors import StorageMissing
from tiktok_api.storage.port import Storage

_PROGRESS_BYTES = 16
_PHOTOS_SHARE = 20.0  # per cent of a slideshow's work
_WALL_CLOCK_FACTOR = 4  # other processes need the CPU too


class Unwanted(Exception):
    """The film was deleted or ended meanwhile, or another worker makes it: stop."""


@dataclass(frozen=True, slots=True)
class Maker:
    """What making a film needs. `tell` is called with the percentage every second, and may raise Unwanted."""

    storage: Storage
    cpu_seconds: float
    tell: Callable[[float], None]

    def make(self, pending: PendingFilm, target: IO[bytes]) -> Rejection | None:
        """Write the film to `target`. Returns why it cannot be made. Raises OpeningFailed, StorageError, Unwanted."""
        if pending.sources is None:
            return SOURCE_GONE
        try:
            if pending.verb == "film":
                return self._convert(pending.sources[0], pending.wish, target)
            return self._show_slides(pending.sources, pending.sound, pending.wish, target)
        except StorageMissing:
            return SOURCE_GONE

    def _convert(self, source: Source, wish: dict[str, Any], target: IO[bytes]) -> Rejection | None:
        with self.storage.local_copy(source.key) as path:
            return self._run(path, "film", source.content_type, wish, target)

    def _show_slides(
        self, sources: list[Source], sound: Source | None, wish: dict[str, Any], target: IO[bytes]
    ) -> Rejection | None:
        """Each photo becomes a plain JPEG in a child of its own; only these reach the one that makes the film."""
        with ExitStack() as stack:
            made: dict[Source, int] = {}
            for source in dict.fromkeys(sources):
                self.tell(_PHOTOS_SHARE * len(made) / len(sources))
                with self.storage.local_copy(source.key) as path:
                    opened = open_in_child(path, "slide", source.content_type)
                if isinstance(opened, Rejection):
                    return opened
                slide = stack.enter_context(TemporaryFile())
                slide.write(opened.picture)
                slide.flush()
                made[source] = slide.fileno()
            pictures = wish | {"pictures": [made[source] for source in sources]}
            if sound is None:
                path, content_type = Path(stack.enter_context(NamedTemporaryFile()).name), ""
            else:
                path, content_type = stack.enter_context(self.storage.local_copy(sound.key)), sound.content_type
            return self._run(path, "slideshow", content_type, pictures, target, *made.values(), done=_PHOTOS_SHARE)

    def _run(
        self,
        path: Path,
        verb: str,
        content_type: str,
        wish: dict[str, Any],
        target: IO[bytes],
        *inherited: int,
        done: float = 0.0,
    ) -> Rejection | None:
        with TemporaryFile() as progress:
            descriptor = progress.fileno()

            def watch() -> None:
                told = os.pread(descriptor, _PROGRESS_BYTES, 0)
                self.tell(round(done + float(told or 0) * (100 - done) / 100, 2))

            wanted = wish | {"progress": descriptor, "cpu_seconds": self.cpu_seconds}
            opened = open_in_child(
                path,
                verb,
                content_type,
                json.dumps(wanted),
                wall_clock_seconds=_WALL_CLOCK_FACTOR * self.cpu_seconds,
                inherited=(descriptor, *inherited),
                target=target,
                watch=watch,
            )
        return opened if isinstance(opened, Rejection) else None


def draw_frames(path: Path, content_type: str, count: int) -> list[tuple[int, bytes]] | Rejection:
    """Returns so many evenly spaced pictures of a video, each with its milliseconds, as JPEGs. Raises OpeningFailed."""
    opened = open_in_child(path, "frames", content_type, str(count))
    return opened if isinstance(opened, Rejection) else list(_split(opened))


def _split(opened: Opened) -> list[tuple[int, bytes]]:
    found, at = [], 0
    for frame in opened.facts["frames"]:
        found.append((frame["timestamp_ms"], opened.picture[at : at + frame["size_bytes"]]))
        at += frame["size_bytes"]
    return found
