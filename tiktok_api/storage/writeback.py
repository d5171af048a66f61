"""Begins to write a file's bytes to the disk, without waiting for them: `os` has no such function."""

import ctypes
from typing import Any

_WRITE = 2  # SYNC_FILE_RANGE_WRITE of fcntl.h


def _find() -> Any:
    found = getattr(ctypes.CDLL(None), "sync_file_range", None)  # Linux alone has it
    if found is not None:
        found.argtypes = (ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint)
    return found


_sync_file_range = _find()


def start_writeback(file: int, offset: int, length: int) -> None:
    """Begin to write this range. Promises nothing; what goes wrong is found by the next fsync."""
    if _sync_file_range is not None:
        _sync_file_range(file, offset, length, _WRITE)
