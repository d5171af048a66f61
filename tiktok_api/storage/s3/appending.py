"""One writer at the end of one upload to S3: bytes gather until they fill a part; what is settled before lies in pieces."""

import mmap
import secrets

from tiktok_api.storage.errors import StorageMissing
from tiktok_api.storage.s3.bucket import Bucket
from tiktok_api.storage.s3.upload_state import Ledger, Segment, Writer

CONTENTS, PIECES = "contents/", "pieces/"

_SMALLEST_PART = 5 * 1024 * 1024
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html; some others want all parts alike."""
_PARTS_ALIKE = 1000


def part_bytes(index: int) -> int:
    """How large the part with this index is, from 0: 5 MiB, and larger behind the first thousand.

    The boundaries are the same for whoever goes on. 500 MiB take 100 of S3's 10,000 part numbers, so thousands may be lost
    to accidents; all of them together hold 268 GiB.
    """
    return _SMALLEST_PART * (1 + index // _PARTS_ALIKE)


def read_pieces(bucket: Bucket, key: str, pieces: list[Segment]) -> bytes:
    """What the pieces hold, which is less than a part. Raises StorageMissing."""
    whole = []
    for segment in pieces:
        found = list(bucket.read(_piece_name(key, segment), 0, segment.end_offset - segment.start_offset - 1))
        if sum(map(len, found)) != segment.end_offset - segment.start_offset:
            raise StorageMissing(key)
        whole += found
    return b"".join(whole)


def _piece_name(key: str, segment: Segment) -> str:
    return f"{PIECES}{key}/{segment.piece}"


class S3Appending:
    """Holds one part in memory, at most, and none of it afterwards.

    Every part goes under a number, and every piece under a name, that was never used before: a writer that was fenced off
    without knowing it cannot change what another one has settled, only add what nobody counts.
    """

    def __init__(self, bucket: Bucket, ledger: Ledger, writer: Writer) -> None:
        self._bucket, self._ledger, self._writer = bucket, ledger, writer
        self._name = CONTENTS + writer.key
        self._is_placed = False
        self._part: mmap.mmap
        self._index = self._first = self._durable = self._end = self._settled = 0
        self._shipped: list[Segment] = []  # parts that are not in the ledger yet
        self._pieces: list[Segment] = []  # how the part begins on S3; only the rest of it is here
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

    def settle(self) -> int:
        if self._end == self._settled:
            return self._settled
        segments = list(self._shipped)
        if self._durable < self._end:
            segment = Segment(self._durable, self._end, piece=f"{self._durable:012d}-{secrets.token_hex(8)}")
            with memoryview(self._part) as part, part[self._durable - self._first : self._end - self._first] as piece:
                self._bucket.put(_piece_name(self._writer.key, segment), piece)
            segments.append(segment)
        self._ledger.record(self._writer, segments)
        self._shipped = []
        self._durable = self._settled = self._end
        return self._settled

    def rewind(self, offset: int) -> None:
        content = self._ledger.rewind(self._writer, offset)
        self._begin_part(len(content.parts), content.parts[-1].end_offset if content.parts else 0)
        self._pieces = content.pieces
        self._durable = self._settled = self._end = offset
        self._shipped = []
        self._is_placed = True

    def hold(self) -> None:
        self._ledger.hold(self._writer)

    def _begin_part(self, index: int, first: int) -> None:
        self._index, self._first = index, first
        self._durable = first  # everything before is on S3, in a part or in a piece
        # Pages of our own: what is not used takes no memory, and what was used goes back, unlike what malloc gives.
        self._part = mmap.mmap(-1, part_bytes(index))

    def _ship(self) -> None:
        """Send the part that is full; the ledger learns of it with the next one, or when it is settled."""
        number, upload_id = self._ledger.reserve_part(self._writer, self._shipped)
        self._shipped = []
        if upload_id is None:
            upload_id = self._bucket.begin_parts(self._name)
            self._ledger.adopt(self._writer, upload_id)
        self._bring_back()
        with memoryview(self._part) as part:
            self._bucket.put_part(self._name, upload_id, number, part)
        self._shipped.append(Segment(self._first, self._end, part=number))
        self._begin_part(self._index + 1, self._end)

    def _bring_back(self) -> None:
        """Fetch what was settled of this part before, so that it is all here."""
        begin = read_pieces(self._bucket, self._writer.key, self._pieces)
        self._part[: len(begin)] = begin
        self._pieces = []
