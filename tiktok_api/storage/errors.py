"""What a storage can refuse.

StorageError
├── StorageFull         no room left: what was settled is kept
├── StorageBusy         another writer holds this key, here or in another process
├── StorageMissing      nothing is stored under this key, or less than was promised
└── StorageUnreachable  no usable answer from where the bytes are: try again later
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class StorageError(Exception):
    """The storage could not do what was asked."""


class StorageFull(StorageError):
    """There is no room left; everything that was settled is kept."""


class StorageBusy(StorageError):
    """Another writer holds this key."""


class StorageMissing(StorageError):
    """Nothing is stored under this key, or fewer bytes than were settled before."""


class StorageUnreachable(StorageError):
    """Whoever keeps the bytes does not answer, or nothing that makes sense; everything that was settled is kept."""


@contextmanager
def saying_full() -> Iterator[None]:
    """Call a disk, a quota or a limit that is used up StorageFull."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise StorageFull(os.strerror(error.errno)) from error
        raise
