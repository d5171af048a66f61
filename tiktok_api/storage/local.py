"""Storage in files below one folder: appended in place, synced before they count, locked by the kernel."""

import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from tiktok_api.storage import keys
from tiktok_api.storage.errors import StorageBusy, StorageError, StorageMissing, translate_full
from tiktok_api.storage.writeback import start_writeback

READ_PIECE_BYTES = 1024 * 1024
_WRITEBACK_BYTES = 1024 * 1024
"""So often what was written is sent to the disk while more arrives; `flush` then waits for the rest alone."""


class LocalStorage:
    """Key `3f2a…` is the file `3f/2a/3f2a…`: keys are random, so no folder gets more files than a file system handles well.

    Files and folders are for the user of this process alone; with `is_shared`, its group may read them, as nginx must to
    hand them out.
    """

    def __init__(self, root: Path, *, is_shared: bool = False) -> None:
        self.root = root
        self._is_shared = is_shared

    def new_key(self) -> str:
        return keys.new_key()

    def create(self, key: str) -> None:
        path = self._path(key)
        with translate_full():
            self._make_folders(path)
            os.close(self._make_file(path))
            self._sync_folders(path)

    @contextmanager
    def append(self, key: str) -> Iterator["LocalAppender"]:
        file = self._open(key, os.O_RDWR)
        try:
            try:
                # The kernel holds the lock for this open file and releases it when the process ends, in whatever way.
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise StorageBusy(key) from error
            yield LocalAppender(file, key)
        finally:
            os.close(file)

    def finalize(self, key: str, *, size: int) -> None:
        path = self._path(key)
        if self.size(key) != size:
            raise StorageMissing(key)
        with suppress(FileNotFoundError):
            path.chmod(0o440 if self._is_shared else 0o400)

    def put(self, key: str, content: bytes) -> None:
        path = self._path(key)
        part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
        try:
            with translate_full():
                self._make_folders(path)
                with os.fdopen(self._make_file(part), "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                part.replace(path)
                self._sync_folders(path)
        finally:
            part.unlink(missing_ok=True)

    def size(self, key: str) -> int:
        try:
            return self._path(key).stat().st_size
        except FileNotFoundError as error:
            raise StorageMissing(key) from error

    def read(self, key: str, first: int, last: int) -> Iterator[bytes]:
        # Opened here, not at the first piece: the caller learns at once that nothing is there, and a file that is
        # deleted later is still read to its end.
        return FileReader(self._open(key, os.O_RDONLY), first, last)

    @contextmanager
    def local_copy(self, key: str) -> Iterator[Path]:
        path = self._path(key)
        if not path.is_file():
            raise StorageMissing(key)
        yield path

    def delete(self, key: str) -> None:
        self._path(key).unlink(missing_ok=True)

    def path_below(self, key: str) -> str | None:
        return _name(keys.checked(key))

    def signed_url(self, key: str, *, method: str, content_type: str, disposition: str | None) -> str | None:
        return None

    def keys_before(self, moment: datetime) -> Iterator[str]:
        for path in self.root.glob("??/??/*"):
            name, _, rest = path.name.partition(".")
            with suppress(FileNotFoundError):
                written_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
                if written_at >= moment or not keys.is_key(name):
                    continue
                if rest:
                    path.unlink()  # left by a `put` whose process died
                else:
                    yield name

    def free_bytes(self) -> int | None:
        found = os.statvfs(self.root)
        return found.f_bavail * found.f_frsize

    def check(self) -> None:
        probe = self.root / f".check-{secrets.token_hex(4)}"
        try:
            with translate_full():
                probe.write_bytes(b"ok")
                probe.unlink()
        except OSError as error:
            raise StorageError(str(error)) from error

    def _path(self, key: str) -> Path:
        return self.root / _name(keys.checked(key))

    def _make_folders(self, path: Path) -> None:
        """Make the folders of a file. Who may enter them does not depend on the umask; if a crash left them closed, they are opened."""
        for folder in (path.parent.parent, path.parent):
            with suppress(FileExistsError):
                folder.mkdir(parents=True, mode=0o700)
            if self._is_shared and (mode := stat.S_IMODE(folder.stat().st_mode)) & 0o050 != 0o050:
                folder.chmod(mode | 0o050)

    def _make_file(self, path: Path) -> int:
        file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
        if self._is_shared:
            os.fchmod(file, 0o640)
        return file

    def _open(self, key: str, flags: int) -> int:
        try:
            return os.open(self._path(key), flags | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise StorageMissing(key) from error

    def _sync_folders(self, path: Path) -> None:
        """Sync every folder up to the root, so that the file's name survives a power cut."""
        for folder in (path.parent, path.parent.parent, self.root):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


class LocalAppender:
    """Writes at the end of one locked file."""

    def __init__(self, file: int, key: str) -> None:
        self._file = file
        self._key = key
        self._end = self._flushed = self._started = 0

    def write(self, piece: bytes | memoryview) -> None:
        rest = memoryview(piece)
        with translate_full():
            while rest:
                written = os.write(self._file, rest)
                self._end += written
                rest = rest[written:]
        if self._end - self._started >= _WRITEBACK_BYTES:
            start_writeback(self._file, self._started, self._end - self._started)
            self._started = self._end

    def flush(self) -> int:
        if self._end != self._flushed:
            with translate_full():
                os.fdatasync(self._file)
            self._flushed = self._end
        return self._flushed

    def rewind(self, offset: int) -> None:
        if os.fstat(self._file).st_size < offset:
            raise StorageMissing(self._key)
        os.ftruncate(self._file, offset)
        os.lseek(self._file, offset, os.SEEK_SET)
        self._end = self._flushed = self._started = offset

    def renew_lock(self) -> None:
        """Nothing to do: the kernel never takes a lock from a living process."""


class FileReader:
    """Part of an open file in pieces of 1 MiB. Closes the file at the end, in `close()`, or when it is garbage-collected."""

    def __init__(self, file: int, first: int, last: int) -> None:
        self._file: int | None = file
        self._at = first
        self._end = last + 1

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        left = min(self._end - self._at, READ_PIECE_BYTES)
        piece = os.pread(self._file, left, self._at) if self._file is not None and left > 0 else b""
        if not piece:
            self.close()
            raise StopIteration
        self._at += len(piece)
        return piece

    def close(self) -> None:
        """Close the file; no more pieces follow."""
        if self._file is not None:
            file, self._file = self._file, None
            os.close(file)

    __del__ = close


def _name(key: str) -> str:
    return f"{key[:2]}/{key[2:4]}/{key}"
