"""The folder for received bytes.

A temporary folder is removed with its world, or, after a SIGKILL, when the next world begins; a named one stays.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
import weakref
from collections.abc import Collection
from pathlib import Path

PREFIX = "tiktok-simulator-"
YOUNG_SECONDS = 60.0
"""A younger folder may belong to a process that has made it and not yet locked it."""


class Spool:
    """One folder; a temporary one is locked by this process, and the kernel releases the lock however the process ends."""

    def __init__(self, folder: Path | None = None) -> None:
        """Make the folder. Raises OSError."""
        self._finalizer: weakref.finalize[..., Spool] | None = None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            self.folder = folder
            return
        _remove_orphans()
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        lock = os.open(self.folder, os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_SH)
        self._finalizer = weakref.finalize(self, _remove, self.folder, lock)

    def new_path(self) -> Path:
        """Make a new empty file and return its path. Raises OSError."""
        self.folder.mkdir(exist_ok=True)  # cleaners of temporary folders remove old ones
        handle, name = tempfile.mkstemp(dir=self.folder)
        os.close(handle)
        return Path(name)

    def keep_only(self, kept: Collection[Path]) -> None:
        """Remove all other files in it."""
        with contextlib.suppress(FileNotFoundError):
            for path in self.folder.iterdir():
                if path not in kept and path.is_file():
                    path.unlink(missing_ok=True)

    def close(self) -> None:
        """Remove a temporary folder; further calls have no effect."""
        if self._finalizer is not None:
            self._finalizer()


def _remove(folder: Path, lock: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    os.close(lock)


def _remove_orphans() -> None:
    """Remove the folders of processes that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if time.time() - folder.lstat().st_mtime > YOUNG_SECONDS:
                _remove_unlocked(folder)


def _remove_unlocked(folder: Path) -> None:
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)
