"""One writer at the end of one upload to S3: bytes gather until they fill a part; what is settled before lies in pieces."""

import secrets

from tiktok_api.storage.bucket import Bucket
from tiktok_api.storage.errors import StorageMissing
from tiktok_api.storage.ledger import Ledger, Stretch, Writer

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


def read_pieces(bucket: Bucket, key: str, pieces: list[Stretch]) -> bytearray:
    """What the pieces hold, which is less than a part. Raises StorageMissing."""
    whole = bytearray()
    for stretch in pieces:
        before = len(whole)
        for some in bucket.read(_piece_name(key, stretch), 0, stretch.behind - stretch.first - 1):
            whole += some
        if len(whole) - before != stretch.behind - stretch.first:
            raise StorageMissing(key)
    return whole


def _piece_name(key: str, stretch: Stretch) -> str:
    return f"{PIECES}{key}/{stretch.piece}"


class S3Appending:
    """Holds one part in memory, at most.

    Every part goes under a number, and every piece under a name, that was never used before: a writer that was fenced off
    without knowing it cannot change what another one has settled, only add what nobody counts.
    """

    def __init__(self, bucket: Bucket, ledger: Ledger, writer: Writer) -> None:
        self._bucket, self._ledger, self._writer = bucket, ledger, writer
        self._name = CONTENTS + writer.key
        self._is_placed = False
        self._index = self._part_first = self._end = self._settled = 0
        self._pieces: list[Stretch] = []  # how this part begins, on S3
        self._buffer = bytearray()  # how it goes on
        self._durable = 0  # so many bytes of that are in a piece too
        self._shipped: list[Stretch] = []  # parts that are not in the ledger yet

    def write(self, piece: bytes | memoryview) -> None:
        if not self._is_placed:
            self.rewind(0)
        rest = memoryview(piece)
        while rest:
            room = part_bytes(self._index) - (self._end - self._part_first)
            self._buffer += rest[:room]
            self._end += min(room, len(rest))
            rest = rest[room:]
            if self._end - self._part_first == part_bytes(self._index):
                self._ship()

    def settle(self) -> int:
        if self._end == self._settled:
            return self._settled
        stretches = list(self._shipped)
        if self._durable < len(self._buffer):
            first = self._end - len(self._buffer) + self._durable
            stretch = Stretch(first, self._end, piece=f"{first:012d}-{secrets.token_hex(8)}")
            self._bucket.put(_piece_name(self._writer.key, stretch), self._buffer[self._durable :])
            stretches.append(stretch)
        self._ledger.record(self._writer, stretches)
        self._shipped.clear()
        self._durable = len(self._buffer)
        self._settled = self._end
        return self._settled

    def rewind(self, offset: int) -> None:
        content = self._ledger.rewind(self._writer, offset)
        self._index = len(content.parts)
        self._part_first = content.parts[-1].behind if content.parts else 0
        self._pieces = content.pieces
        self._buffer, self._durable = bytearray(), 0
        self._shipped.clear()
        self._end = self._settled = offset
        self._is_placed = True

    def hold(self) -> None:
        self._ledger.hold(self._writer)

    def _ship(self) -> None:
        """Send the part that is full; the ledger learns of it with the next one, or when it is settled."""
        number, upload_id = self._ledger.reserve_part(self._writer, self._shipped)
        self._shipped = []
        if upload_id is None:
            upload_id = self._bucket.begin_parts(self._name)
            self._ledger.adopt(self._writer, upload_id)
        self._bring_back()
        self._bucket.put_part(self._name, upload_id, number, self._buffer)
        self._shipped.append(Stretch(self._part_first, self._end, part=number))
        self._index += 1
        self._part_first = self._end
        self._buffer, self._durable = bytearray(), 0

    def _bring_back(self) -> None:
        """Fetch what earlier writers have settled of this part, so that it is all here."""
        if not self._pieces:
            return
        whole = read_pieces(self._bucket, self._writer.key, self._pieces)
        self._durable += len(whole)
        whole += self._buffer
        self._buffer, self._pieces = whole, []
