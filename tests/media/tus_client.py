"""A tus client of a few lines, every header in sight."""

import base64
import hashlib
import io
from dataclasses import dataclass
from typing import Any

from werkzeug.test import TestResponse

from tests.conftest import API, Person

TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {"Content-Type": "application/offset+octet-stream"}


@dataclass
class Upload:
    """An upload that has begun."""

    person: Person
    path: str

    @property
    def id(self) -> str:
        return self.path.rpartition("/")[2]

    def send(self, content: bytes = b"", *, offset: int = 0, **options: Any) -> TestResponse:
        headers = TUS | BYTES | {"Upload-Offset": str(offset)} | options.pop("headers", {})
        return self.person.patch(self.path, headers=headers, **({"data": content} | options))

    def head(self) -> TestResponse:
        return self.person.open(self.path, method="HEAD", headers=TUS)

    @property
    def offset(self) -> int:
        return int(self.head().headers["Upload-Offset"])

    def terminate(self) -> TestResponse:
        return self.person.delete(self.path, headers=TUS)


def metadata(**values: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())


def checksum(algorithm: str, content: bytes) -> dict[str, str]:
    """The header that announces a checksum."""
    digest = hashlib.new(algorithm, content).digest()
    return {"Upload-Checksum": f"{algorithm} {base64.b64encode(digest).decode()}"}


def create(person: Person, length: int | None, **options: Any) -> TestResponse:
    said = {"Upload-Defer-Length": "1"} if length is None else {"Upload-Length": str(length)}
    return person.post("/media/uploads", headers=TUS | said | options.pop("headers", {}), **options)


def begin(person: Person, length: int | None, *, name: str = "video.mp4", **options: Any) -> Upload:
    """Begin an upload and answer where it goes."""
    headers = {"Upload-Metadata": metadata(filename=name)} | options.pop("headers", {})
    response = create(person, length, headers=headers, **options)
    assert response.status_code == 201, response.data
    return Upload(person, response.headers["Location"].removeprefix(API))


class Breaking(io.BytesIO):
    """A body of which only the first bytes arrive; then the connection ends, or breaks with `error`."""

    def __init__(self, arriving: bytes, announced: int, error: type[Exception] | None) -> None:
        super().__init__(arriving.ljust(announced, b"\0"))
        self._arriving, self._error = len(arriving), error

    def read(self, size: int | None = -1) -> bytes:
        left = self._arriving - self.tell()
        if left <= 0 and self._error is not None:
            raise self._error
        return super().read(max(0, min(left, left if size is None or size < 0 else size)))

    read1 = read
