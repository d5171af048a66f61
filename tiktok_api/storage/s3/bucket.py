"""One S3 bucket in plain words: short time-outs, few retries, and whatever goes wrong said as a StorageError."""

import base64
import hashlib
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from itertools import islice
from typing import Any

import boto3
import structlog
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from tiktok_api.storage.errors import StorageError, StorageFull, StorageMissing, StorageUnreachable

log = structlog.get_logger(__name__)

READ_PIECE_BYTES = 1024 * 1024
_MOST_TRIES = 3
_MOST_DELETED_AT_ONCE = 1000
_MISSING = {"NoSuchKey", "NoSuchUpload"}
_NO_ROOM = {"XMinioStorageFull", "QuotaExceeded", "InsufficientCapacity"}


class Bucket:
    """The objects of `bucket` whose names begin with `prefix`; names here leave it out.

    Credentials and region come from where boto3 looks for them: the environment, its files, the machine's role.
    """

    def __init__(self, bucket: str, prefix: str, *, endpoint_url: str | None, public_endpoint_url: str | None) -> None:
        self._bucket = bucket
        self._prefix = prefix
        self._client = _connect(endpoint_url)
        self._signer = _connect(public_endpoint_url) if public_endpoint_url else self._client

    def put(self, name: str, content: bytes | memoryview) -> None:
        """Store a small object, whole or not at all; S3 holds it against its MD5."""
        with _plainly(), Body(content) as body:
            answer = self._client.put_object(**self._place(name), Body=body, ContentMD5=_md5(content))
            _must_have_etag(answer)

    def read(self, name: str, first: int, last: int) -> Iterator[bytes]:
        """The bytes from `first` to `last`, or to the end, of an object; what breaks on the way is asked for again."""
        return _Pieces(self, name, first, last)

    def open(self, name: str, first: int, last: int) -> tuple[Any, int] | None:
        """A body, and the last of its bytes; None: the object ends before `first`."""
        with _plainly():
            try:
                answer = self._client.get_object(**self._place(name), Range=f"bytes={first}-{last}")
            except ClientError as error:
                if _code(error) == "InvalidRange":
                    return None
                raise
            begins, _, size = answer["ContentRange"].removeprefix("bytes ").partition("/")
            if begins.partition("-")[0] != str(first):
                raise StorageUnreachable(f"S3 answered another range than {first}-{last}: {begins}")
            return answer["Body"], min(last, int(size) - 1)

    def size(self, name: str) -> int:
        """How many bytes the object has. Raises StorageMissing."""
        with _plainly():
            try:
                answer = self._client.head_object(**self._place(name))
                _must_have_etag(answer)
                return int(answer["ContentLength"])
            except ClientError as error:
                if _code(error) != "404":
                    raise
            # A HEAD says no reason, and anything on the way can answer 404: only S3's own word makes it missing.
            self._client.get_object(**self._place(name), Range="bytes=0-0")["Body"].close()
        raise StorageUnreachable("S3 contradicts itself about an object")

    def delete(self, names: Iterable[str]) -> None:
        """Delete objects; what is not there is fine."""
        left = iter(names)
        while some := list(islice(left, _MOST_DELETED_AT_ONCE)):
            with _plainly():
                objects = [{"Key": self._prefix + name} for name in some]
                answer = self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": objects})
            if len(answer.get("Deleted", ())) != len(some):
                codes = {refused.get("Code") for refused in answer.get("Errors", ())}
                raise StorageUnreachable(f"S3 did not delete every object: {codes or 'it does not say why'}")

    def list(self, start: str) -> Iterator[tuple[str, datetime]]:
        """The names that begin with `start`, and when each was last written."""
        for page in self._pages("list_objects_v2", start):
            for found in page.get("Contents", ()):
                yield found["Key"].removeprefix(self._prefix), found["LastModified"]

    def begin_parts(self, name: str) -> str:
        """Begin an object that comes in parts; answers the upload id."""
        with _plainly():
            return str(self._client.create_multipart_upload(**self._place(name))["UploadId"])

    def put_part(self, name: str, upload_id: str, number: int, content: bytes | memoryview) -> None:
        """Store a part, of 5 MiB at least unless it is the last, whole or not at all."""
        with _plainly(), Body(content) as body:
            answer = self._client.upload_part(
                **self._place(name),
                UploadId=upload_id,
                PartNumber=number,
                Body=body,
                ContentMD5=_md5(content),
            )
            _must_have_etag(answer)

    def join_parts(self, name: str, upload_id: str, sizes: dict[int, int]) -> None:
        """Make an object of the parts with these numbers, in their order, and of no others.

        Raises StorageMissing when one is not there with that size, or the upload id is over.
        """
        found: dict[int, dict[str, Any]] = {}
        with _plainly():
            pages = self._client.get_paginator("list_parts").paginate(**self._place(name), UploadId=upload_id)
            for page in pages:
                found |= {part["PartNumber"]: part for part in page.get("Parts", ())}
            if any(number not in found or found[number]["Size"] != size for number, size in sizes.items()):
                raise StorageMissing(name)
            parts = [{"PartNumber": number, "ETag": found[number]["ETag"]} for number in sorted(sizes)]
            self._client.complete_multipart_upload(
                **self._place(name), UploadId=upload_id, MultipartUpload={"Parts": parts}
            )

    def drop_parts(self, name: str, upload_id: str) -> None:
        """Give an upload in parts up; one that is over is fine."""
        try:
            with _plainly():
                self._client.abort_multipart_upload(**self._place(name), UploadId=upload_id)
        except StorageMissing:
            return

    def list_begun(self, start: str) -> Iterator[tuple[str, str, datetime]]:
        """The names that begin with `start` of objects still coming in parts, each with its upload id and its begin."""
        for page in self._pages("list_multipart_uploads", start):
            for found in page.get("Uploads", ()):
                yield found["Key"].removeprefix(self._prefix), found["UploadId"], found["Initiated"]

    def sign(self, name: str, *, method: str, content_type: str, disposition: str | None, seconds: int) -> str:
        """An address that hands the object out for so long, to GET or HEAD, without asking S3."""
        answered = {"ResponseContentType": content_type, "ResponseCacheControl": "private, no-cache"}
        if disposition is not None:
            answered["ResponseContentDisposition"] = disposition
        with _plainly():
            return str(
                self._signer.generate_presigned_url(
                    "head_object" if method == "HEAD" else "get_object",
                    Params=self._place(name) | answered,
                    ExpiresIn=seconds,
                )
            )

    def _place(self, name: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._prefix + name}

    def _pages(self, operation: str, start: str) -> Iterator[dict[str, Any]]:
        with _plainly():
            yield from self._client.get_paginator(operation).paginate(Bucket=self._bucket, Prefix=self._prefix + start)


class Body(io.RawIOBase):
    """Bytes as a file, because botocore would make a copy of anything else; closed, it has let go of them."""

    def __init__(self, content: bytes | memoryview) -> None:
        self._content = memoryview(content)
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        piece = self._content[self._at : self._at + len(target)]
        target[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: len(self._content)}[whence]
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def close(self) -> None:
        self._content.release()
        super().close()


class _Pieces:
    """A segment of an object in pieces of 1 MiB, closed at its end, by `close()` or when it is forgotten half-read."""

    def __init__(self, bucket: Bucket, name: str, first: int, last: int) -> None:
        self._bucket, self._name = bucket, name
        self._at, self._last = first, last
        self._body: Any = None
        self._open()  # here, not at the first piece: whoever asks learns at once that nothing is there

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        tries = 0
        while self._at <= self._last:
            tries += 1
            try:
                if self._body is None:
                    self._open()
                piece = self._take()
            except StorageUnreachable:
                self.close()
                if tries == _MOST_TRIES:
                    raise
                continue
            self._at += len(piece)
            return piece
        self.close()
        raise StopIteration

    def _take(self) -> bytes:
        with _plainly():
            piece = bytes(self._body.read(min(READ_PIECE_BYTES, self._last - self._at + 1)))
        if not piece:
            raise StorageUnreachable("S3 ended an object before its end")
        return piece

    def close(self) -> None:
        """Let go of the connection; it may be in the middle of an answer, so nobody else gets it."""
        body, self._body = self._body, None
        if body is not None:
            body.close()

    __del__ = close

    def _open(self) -> None:
        found = self._bucket.open(self._name, self._at, self._last) if self._at <= self._last else None
        if found is None:
            self._last = self._at - 1
        else:
            self._body, self._last = found


def _connect(endpoint_url: str | None) -> Any:
    """A client that gives up soon. Threads may share it."""
    config = Config(
        connect_timeout=3,
        read_timeout=15,
        retries={"mode": "standard", "total_max_attempts": _MOST_TRIES},
        max_pool_connections=50,
        signature_version="s3v4",
        # Others than Amazon know neither bucket names in the host nor the newer checksums; every body has its MD5.
        s3={"addressing_style": "path" if endpoint_url else "auto"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    return _session().client("s3", endpoint_url=endpoint_url, config=config)


@cache
def _session() -> Any:
    """Not boto3's default one, which is not made for threads; kept, because it reads a megabyte of descriptions."""
    return boto3.session.Session()


@contextmanager
def _plainly() -> Iterator[None]:
    """Say as a StorageError whatever S3, or something in its place, answers or fails to."""
    try:
        yield
    except StorageError:
        raise
    except ClientError as error:
        code, status = _code(error), error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        if code in _MISSING:
            raise StorageMissing(code) from error
        if code in _NO_ROOM or status == 507:
            raise StorageFull(code) from error
        log.warning("storage.refused", operation=error.operation_name, code=code, status=status)
        raise StorageUnreachable(f"S3 answered {error.operation_name} with {status} {code}") from error
    except (BotoCoreError, HTTPError, OSError, LookupError, ValueError, TypeError, AttributeError) as error:
        # The last four: an answer without what it must have.
        log.warning("storage.unreachable", error=type(error).__name__)
        raise StorageUnreachable(f"S3 gives no usable answer: {type(error).__name__}") from error


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code"))


def _must_have_etag(answer: dict[str, Any]) -> None:
    """Whatever answers 200 without one is not S3, and has stored nothing."""
    if not answer.get("ETag"):
        raise StorageUnreachable("something answers in the place of S3")


def _md5(content: bytes | memoryview) -> str:
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
