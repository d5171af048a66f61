"""What a storage can refuse.

StorageError
├── StorageFull         no space left: what was flushed is kept
├── StorageBusy         another writer holds this key, here or in another process
├── StorageMissing      nothing is stored under this key, or fewer bytes than were flushed
└── StorageUnreachable  the storage gave no usable answer: try again later
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class StorageError(Exception):
    """The storage could not do what was asked."""


class StorageFull(StorageError):
    """There is no space left; everything that was flushed is kept."""


class StorageBusy(StorageError):
    """Another writer holds this key."""


class StorageMissing(StorageError):
    """Nothing is stored under this key, or fewer bytes than were flushed before."""


class StorageUnreachable(StorageError):
    """The storage does not answer, or its answer is unusable; everything that was flushed is kept."""


@contextmanager
def translate_full() -> Iterator[None]:
    """Raise StorageFull in place of the system's errors about a full disk, a used-up quota or a size limit."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise StorageFull(os.strerror(error.errno)) from error
        raise
