"""The only writer of one upload to S3: bytes gather in memory until they fill a part; a flushed rest is stored as pieces."""

import mmap
import secrets

from tiktok_api.storage.errors import StorageMissing
from tiktok_api.storage.s3.bucket import Bucket
from tiktok_api.storage.s3.upload_state import Segment, UploadStates, Writer

CONTENTS, PIECES = "contents/", "pieces/"

_SMALLEST_PART = 5 * 1024 * 1024
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html; some other servers want all parts to have one size."""
_PARTS_ALIKE = 1000


def part_bytes(index: int) -> int:
    """Returns the size of the part with this index, from 0: 5 MiB, and more after the first thousand.

    The boundaries are the same for every writer of an upload. 500 MiB take 100 of S3's 10,000 part numbers, so thousands may
    be lost to accidents; all of them together hold 268 GiB.
    """
    return _SMALLEST_PART * (1 + index // _PARTS_ALIKE)


def read_pieces(bucket: Bucket, key: str, pieces: list[Segment]) -> bytes:
    """Returns the content of the pieces, which is less than a part. Raises StorageMissing."""
    whole = []
    for segment in pieces:
        found = list(bucket.read(_piece_name(key, segment), 0, segment.end_offset - segment.start_offset - 1))
        if sum(map(len, found)) != segment.end_offset - segment.start_offset:
            raise StorageMissing(key)
        whole += found
    return b"".join(whole)


def _piece_name(key: str, segment: Segment) -> str:
    return f"{PIECES}{key}/{segment.piece}"


class S3Appender:
    """Keeps at most one part in memory.

    Every part gets a number, and every piece a name, that was never used before: a writer that was fenced off without
    knowing it cannot change what another one has flushed. It can only add objects that do not count.
    """

    def __init__(self, bucket: Bucket, states: UploadStates, writer: Writer) -> None:
        self._bucket, self._states, self._writer = bucket, states, writer
        self._name = CONTENTS + writer.key
        self._is_placed = False
        self._part: mmap.mmap
        self._index = self._first = self._durable = self._end = self._flushed = 0
        self._shipped: list[Segment] = []  # parts that the upload state does not list yet
        self._pieces: list[Segment] = []  # the beginning of the part, on S3; only the rest of it is in memory
        self._begin_part(0, 0)

    def write(self, piece: bytes | memoryview) -> None:
        if not self._is_placed:
            self.rewind(0)
        rest = memoryview(piece)
        while rest:
            at = self._end - self._first
            fitting = rest[: len(self._part) - at]
            self._part[at : at + len(fitting)] = fitting
            self._end += len(fitting)
            rest = rest[len(fitting) :]
            if self._end - self._first == len(self._part):
                self._ship()

    def flush(self) -> int:
        if self._end == self._flushed:
            return self._flushed
        segments = list(self._shipped)
        if self._durable < self._end:
            segment = Segment(self._durable, self._end, piece=f"{self._durable:012d}-{secrets.token_hex(8)}")
            with memoryview(self._part) as part, part[self._durable - self._first : self._end - self._first] as piece:
                self._bucket.put(_piece_name(self._writer.key, segment), piece)
            segments.append(segment)
        self._states.add_segments(self._writer, segments)
        self._shipped = []
        self._durable = self._flushed = self._end
        return self._flushed

    def rewind(self, offset: int) -> None:
        content = self._states.rewind(self._writer, offset)
        self._begin_part(len(content.parts), content.parts[-1].end_offset if content.parts else 0)
        self._pieces = content.pieces
        self._durable = self._flushed = self._end = offset
        self._shipped = []
        self._is_placed = True

    def renew_lock(self) -> None:
        self._states.renew_lease(self._writer)

    def _begin_part(self, index: int, first: int) -> None:
        self._index, self._first = index, first
        self._durable = first  # all bytes before it are on S3, in a part or in a piece
        # An anonymous mapping: unused pages take no memory, and used ones go back to the system, unlike malloc's.
        self._part = mmap.mmap(-1, part_bytes(index))

    def _ship(self) -> None:
        """Send the full part. The upload state lists it with the next part or at the next flush."""
        number, upload_id = self._states.reserve_part(self._writer, self._shipped)
        self._shipped = []
        if upload_id is None:
            upload_id = self._bucket.begin_parts(self._name)
            self._states.set_upload_id(self._writer, upload_id)
        self._read_back()
        with memoryview(self._part) as part:
            self._bucket.put_part(self._name, upload_id, number, part)
        self._shipped.append(Segment(self._first, self._end, part=number))
        self._begin_part(self._index + 1, self._end)

    def _read_back(self) -> None:
        """Fetch what was flushed of this part before, so that all of it is in memory."""
        begin = read_pieces(self._bucket, self._writer.key, self._pieces)
        self._part[: len(begin)] = begin
        self._pieces = []
