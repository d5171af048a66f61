"""The folder for received bytes.

A temporary one goes with its world, or, after a SIGKILL, when the next world begins; a named one stays.
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
"""A folder younger than that may be about to be locked by its maker."""


class Spool:
    """A folder of its own; a temporary one is under a lock that ends with this process, however it ends."""

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
        """A new file, for bytes on their way in. Raises OSError."""
        self.folder.mkdir(exist_ok=True)  # cleaners of temporary folders take old ones away
        handle, name = tempfile.mkstemp(dir=self.folder)
        os.close(handle)
        return Path(name)

    def keep_only(self, kept: Collection[Path]) -> None:
        """Remove everything else that is in it."""
        with contextlib.suppress(FileNotFoundError):
            for path in self.folder.iterdir():
                if path not in kept and path.is_file():
                    path.unlink(missing_ok=True)

    def close(self) -> None:
        """Remove a temporary folder; once is enough."""
        if self._finalizer is not None:
            self._finalizer()


def _remove(folder: Path, lock: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    os.close(lock)


def _remove_orphans() -> None:
    """Remove the folders whose processes were killed."""
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
