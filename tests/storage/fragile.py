"""Between a storage and its bucket: what is asked of S3 is counted, and can fail or wait at a chosen moment."""

from collections.abc import Callable
from typing import Any

from tiktok_api.storage.s3.bucket import Bucket
from tiktok_api.storage.s3.storage import S3Storage
from tiktok_api.storage.s3.upload_state import UploadStates


class Died(Exception):
    """What a process is like that is killed: it does nothing more."""


class FragileBucket(Bucket):
    """`before(n, name)` and `after(n, name)` are called around the n-th request, counted from 1."""

    def __init__(self, inner: Bucket) -> None:
        self.__dict__.update(inner.__dict__)
        self.count = 0
        self.before: Callable[[int, str], None] = lambda n, name: None
        self.after: Callable[[int, str], None] = lambda n, name: None

    def _ask(self, name: str, *args: Any) -> Any:
        self.count += 1
        n = self.count
        self.before(n, name)
        answer = getattr(super(), name)(*args)
        self.after(n, name)
        return answer

    def put(self, *args: Any) -> Any:
        return self._ask("put", *args)

    def read(self, *args: Any) -> Any:
        return self._ask("read", *args)

    def size(self, *args: Any) -> Any:
        return self._ask("size", *args)

    def delete(self, *args: Any) -> Any:
        return self._ask("delete", *args)

    def begin_parts(self, *args: Any) -> Any:
        return self._ask("begin_parts", *args)

    def put_part(self, *args: Any) -> Any:
        return self._ask("put_part", *args)

    def join_parts(self, *args: Any) -> Any:
        return self._ask("join_parts", *args)

    def drop_parts(self, *args: Any) -> Any:
        return self._ask("drop_parts", *args)


def fragile(storage: S3Storage) -> tuple[S3Storage, FragileBucket, UploadStates]:
    """The same storage, through a bucket that can be made to fail; and the states, where the same may be wanted."""
    bucket = FragileBucket(storage._bucket)
    return S3Storage(bucket, storage._states, link_seconds=0), bucket, storage._states
