"""What a storage can refuse.

StorageError
├── StorageFull     no room left: what was settled is kept
├── StorageBusy     another writer holds this key, here or in another process
└── StorageMissing  nothing is stored under this key, or less than was promised
"""


class StorageError(Exception):
    """The storage could not do what was asked."""


class StorageFull(StorageError):
    """There is no room left; everything that was settled is kept."""


class StorageBusy(StorageError):
    """Another writer holds this key."""


class StorageMissing(StorageError):
    """Nothing is stored under this key, or fewer bytes than were settled before."""
