"""The operations on one S3 bucket. Every failure is raised as a StorageError."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

from tiktok_api.storage.errors import StorageMissing, StorageUnreachable
from tiktok_api.storage.s3.client import connect
from tiktok_api.storage.s3.errors import code_of, translate_errors
from tiktok_api.storage.s3.object_reader import ObjectReader
from tiktok_api.storage.s3.request_body import RequestBody, content_md5

_MAX_DELETED_AT_ONCE = 1000


class Bucket:
    """The objects of `bucket` whose names begin with `prefix`; the names that its methods take and return omit it.

    boto3 finds credentials and region by itself: in the environment, its files, or the machine's role.
    """

    def __init__(self, bucket: str, prefix: str, *, endpoint_url: str | None, public_endpoint_url: str | None) -> None:
        self._bucket = bucket
        self._prefix = prefix
        self._client = connect(endpoint_url)
        self._signer = connect(public_endpoint_url) if public_endpoint_url else self._client

    def put(self, name: str, content: bytes | memoryview) -> None:
        """Store a small object, whole or not at all; S3 compares it with its MD5."""
        with translate_errors(), RequestBody(content) as body:
            answer = self._client.put_object(**self._place(name), Body=body, ContentMD5=content_md5(content))
            _check_etag(answer)

    def read(self, name: str, first: int, last: int) -> Iterator[bytes]:
        """The bytes from `first` to `last`, or to the end, of an object; reading continues after a broken connection."""
        return ObjectReader(lambda start, end: self._open_range(name, start, end), first, last)

    def size(self, name: str) -> int:
        """Returns the number of bytes of the object. Raises StorageMissing."""
        with translate_errors():
            try:
                answer = self._client.head_object(**self._place(name))
                _check_etag(answer)
                return int(answer["ContentLength"])
            except ClientError as error:
                if code_of(error) != "404":
                    raise
            # A HEAD gives no reason, and any server on the way can answer 404: only S3's own code proves it missing.
            self._client.get_object(**self._place(name), Range="bytes=0-0")["Body"].close()
        raise StorageUnreachable("S3 contradicts itself about an object")

    def delete(self, names: Iterable[str]) -> None:
        """Delete objects; a missing one is no error."""
        left = iter(names)
        while batch := list(islice(left, _MAX_DELETED_AT_ONCE)):
            with translate_errors():
                objects = [{"Key": self._prefix + name} for name in batch]
                answer = self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": objects})
            if len(answer.get("Deleted", ())) != len(batch):
                codes = {refused.get("Code") for refused in answer.get("Errors", ())}
                raise StorageUnreachable(f"S3 did not delete every object: {codes or 'it does not say why'}")

    def list(self, start: str) -> Iterator[tuple[str, datetime]]:
        """The names that begin with `start`, each with the time of its last write."""
        for page in self._pages("list_objects_v2", start):
            for found in page.get("Contents", ()):
                yield found["Key"].removeprefix(self._prefix), found["LastModified"]

    def begin_parts(self, name: str) -> str:
        """Begin a multipart upload. Returns its upload id."""
        with translate_errors():
            return str(self._client.create_multipart_upload(**self._place(name))["UploadId"])

    def put_part(self, name: str, upload_id: str, number: int, content: bytes | memoryview) -> None:
        """Store a part, whole or not at all. All but the last must have at least 5 MiB."""
        with translate_errors(), RequestBody(content) as body:
            answer = self._client.upload_part(
                **self._place(name),
                UploadId=upload_id,
                PartNumber=number,
                Body=body,
                ContentMD5=content_md5(content),
            )
            _check_etag(answer)

    def join_parts(self, name: str, upload_id: str, sizes: dict[int, int]) -> None:
        """Make an object of the parts with these numbers, in their order, and of no others.

        Raises StorageMissing when a part is missing or has another size, or the multipart upload has ended.
        """
        found: dict[int, dict[str, Any]] = {}
        with translate_errors():
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
        """Abort a multipart upload; one that has ended is no error."""
        try:
            with translate_errors():
                self._client.abort_multipart_upload(**self._place(name), UploadId=upload_id)
        except StorageMissing:
            return

    def list_begun(self, start: str) -> Iterator[tuple[str, str, datetime]]:
        """The unfinished multipart uploads whose names begin with `start`: name, upload id and time of the beginning."""
        for page in self._pages("list_multipart_uploads", start):
            for found in page.get("Uploads", ()):
                yield found["Key"].removeprefix(self._prefix), found["UploadId"], found["Initiated"]

    def sign(self, name: str, *, method: str, content_type: str, disposition: str | None, seconds: int) -> str:
        """Returns a URL that serves the object to GET or HEAD for `seconds`. Makes no request."""
        answered = {"ResponseContentType": content_type, "ResponseCacheControl": "private, no-cache"}
        if disposition is not None:
            answered["ResponseContentDisposition"] = disposition
        with translate_errors():
            return str(
                self._signer.generate_presigned_url(
                    "head_object" if method == "HEAD" else "get_object",
                    Params=self._place(name) | answered,
                    ExpiresIn=seconds,
                )
            )

    def _open_range(self, name: str, first: int, last: int) -> tuple[Any, int] | None:
        """Returns the body and the position of its last byte; None if the object ends before `first`."""
        with translate_errors():
            try:
                answer = self._client.get_object(**self._place(name), Range=f"bytes={first}-{last}")
            except ClientError as error:
                if code_of(error) == "InvalidRange":
                    return None
                raise
            begins, _, size = answer["ContentRange"].removeprefix("bytes ").partition("/")
            if begins.partition("-")[0] != str(first):
                raise StorageUnreachable(f"S3 answered another range than {first}-{last}: {begins}")
            return answer["Body"], min(last, int(size) - 1)

    def _place(self, name: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._prefix + name}

    def _pages(self, operation: str, start: str) -> Iterator[dict[str, Any]]:
        with translate_errors():
            yield from self._client.get_paginator(operation).paginate(Bucket=self._bucket, Prefix=self._prefix + start)


def _check_etag(answer: dict[str, Any]) -> None:
    """Raises StorageUnreachable for an answer without an ETag: it is not S3's, and nothing was stored."""
    if not answer.get("ETag"):
        raise StorageUnreachable("something answers in the place of S3")
