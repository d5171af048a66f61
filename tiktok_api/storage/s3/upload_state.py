"""The state of unfinished uploads to S3: rows in the database, because S3 has no locks.

The rows say which writer holds a key and which parts and pieces count. A lease ends by the database's clock. The next writer
gets a higher epoch, and nothing that an earlier writer stores or reports counts any more.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from tiktok_api.db import database_now, standalone_transaction
from tiktok_api.storage.errors import StorageBusy, StorageError, StorageMissing
from tiktok_api.storage.models import StorageSegment, StorageUpload

MOST_PARTS = 10_000
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html"""
LONGEST_LEASE = timedelta(minutes=5)
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Writer:
    """The claim of one writer on a key; it ends when another writer claims the key."""

    key: str
    epoch: int


@dataclass(frozen=True, slots=True)
class Segment:
    """The bytes from `start_offset` up to `end_offset` (excluded): part number `part`, or the object `piece`."""

    start_offset: int
    end_offset: int
    part: int | None = None
    piece: str | None = None


@dataclass(frozen=True, slots=True)
class UploadContent:
    """The content of an upload: parts from its beginning, then pieces that are too small to be a part."""

    upload_id: str | None
    parts: list[Segment]
    pieces: list[Segment]
    free_part: int
    """An unused part number, for the joined pieces."""

    @property
    def end(self) -> int:
        """Returns the number of bytes."""
        return max((segment.end_offset for segment in (*self.parts[-1:], *self.pieces[-1:])), default=0)


class UploadStates:
    """Reads and changes the rows. Each method runs in one short transaction, or joins the caller's."""

    def __init__(self, lease: timedelta) -> None:
        self._lease = lease

    def create(self, key: str) -> None:
        """Begin an upload."""
        with standalone_transaction() as connection:
            connection.execute(insert(StorageUpload).values(key=key, created_at=database_now()))

    def claim(self, key: str) -> Writer:
        """Become the writer of a key. Raises StorageBusy, StorageMissing."""
        row = StorageUpload
        # A lease that ends later than any lease may: the clock was set back.
        is_free = or_(
            row.leased_until.is_(None),
            row.leased_until < database_now(),
            row.leased_until > database_now(LONGEST_LEASE),
        )
        with standalone_transaction() as connection:
            epoch = connection.execute(
                update(row)
                .where(row.key == key, row.is_finalized.is_(False), is_free)
                .values(epoch=row.epoch + 1, leased_until=database_now(self._lease))
                .returning(row.epoch)
            ).scalar()
            if epoch is None:
                raise _refusal(connection, key)
        return Writer(key, epoch)

    def renew_lease(self, writer: Writer) -> None:
        """Renew the lease. Raises StorageBusy when another writer has taken over, StorageMissing when the key is gone."""
        with standalone_transaction() as connection:
            self._renew(connection, writer)

    def release(self, writer: Writer) -> None:
        """End the lease now, so that the next writer need not wait."""
        with standalone_transaction() as connection:
            connection.execute(update(StorageUpload).where(_is(writer)).values(leased_until=None))

    def reserve_part(self, writer: Writer, segments: list[Segment]) -> tuple[int, str | None]:
        """Add `segments`. Returns a part number for the next part, and the upload id if there is one yet."""
        with standalone_transaction() as connection:
            values = {"last_part": StorageUpload.last_part + 1}
            number, upload_id = self._renew(connection, writer, values)
            if number > MOST_PARTS:
                raise StorageError("this upload was interrupted too often; only a new one can go on")
            _insert(connection, writer.key, segments)
        return number, upload_id

    def set_upload_id(self, writer: Writer, upload_id: str) -> None:
        """Store the id of the multipart upload that the parts belong to."""
        with standalone_transaction() as connection:
            self._renew(connection, writer, {"upload_id": upload_id})

    def add_segments(self, writer: Writer, segments: list[Segment]) -> None:
        """Add `segments`: from here on they count."""
        with standalone_transaction() as connection:
            self._renew(connection, writer)
            _insert(connection, writer.key, segments)

    def rewind(self, writer: Writer, offset: int) -> UploadContent:
        """Drop the segments after `offset`. Returns the rest.

        Raises StorageMissing, having changed nothing, when the rest does not end at `offset`.
        """
        with standalone_transaction() as connection:
            number, upload_id = self._renew(connection, writer)
            rows = StorageSegment
            connection.execute(delete(rows).where(rows.key == writer.key, rows.end_offset > offset))
            content = _content(connection, writer.key, upload_id, number)
            if content.end != offset:
                raise StorageMissing(writer.key)
        return content

    def finalize(self, key: str, size: int) -> UploadContent | None:
        """Fence off every writer for good. Returns the content, or None if the key is not an unfinished upload.

        Raises StorageMissing when there are not exactly `size` bytes.
        """
        row = StorageUpload
        with standalone_transaction() as connection:
            found = connection.execute(
                update(row)
                .where(row.key == key)
                .values(epoch=row.epoch + 1, is_finalized=True, leased_until=None, last_part=row.last_part + 1)
                .returning(row.last_part, row.upload_id)
            ).one_or_none()
            if found is None:
                return None
            content = _content(connection, key, found.upload_id, found.last_part)
            if content.end != size:
                raise StorageMissing(key)
        return content

    def delete(self, key: str) -> None:
        """Delete the state of a key. Its writer, if there is one, gets StorageMissing at its next step."""
        with standalone_transaction() as connection:
            connection.execute(delete(StorageUpload).where(StorageUpload.key == key))

    def size(self, key: str) -> int | None:
        """Returns how many bytes count, or None if the key is not an unfinished upload."""
        with standalone_transaction(is_writing=False) as connection:
            ends = select(func.max(StorageSegment.end_offset)).where(StorageSegment.key == StorageUpload.key)
            row = connection.execute(select(ends.scalar_subquery()).where(StorageUpload.key == key)).one_or_none()
        return None if row is None else row[0] or 0

    def existing(self, keys: set[str]) -> set[str]:
        """Returns those of `keys` that are unfinished uploads."""
        with standalone_transaction(is_writing=False) as connection:
            found = connection.execute(select(StorageUpload.key).where(StorageUpload.key.in_(keys)))
            return set(found.scalars())

    def created_before(self, moment: datetime) -> Iterator[str]:
        """The keys of unfinished uploads that were created before `moment`."""
        last = ""
        while True:
            row = StorageUpload
            page = select(row.key).where(row.created_at < moment, row.key > last).order_by(row.key).limit(_AT_ONCE)
            with standalone_transaction(is_writing=False) as connection:
                keys = list(connection.execute(page).scalars())
            yield from keys
            if len(keys) < _AT_ONCE:
                return
            last = keys[-1]

    def _renew(self, connection: Connection, writer: Writer, values: dict[str, Any] | None = None) -> Any:
        """Renew the lease and store `values`. Raises StorageBusy or StorageMissing if the writer has lost the key."""
        row = StorageUpload
        found = connection.execute(
            update(row)
            .where(_is(writer))
            .values(leased_until=database_now(self._lease), **(values or {}))
            .returning(row.last_part, row.upload_id)
        ).one_or_none()
        if found is None:
            raise _refusal(connection, writer.key)
        return found


def _is(writer: Writer) -> Any:
    return and_(StorageUpload.key == writer.key, StorageUpload.epoch == writer.epoch)


def _refusal(connection: Connection, key: str) -> StorageError:
    """Returns the reason why this writer may not write to `key`."""
    found = connection.execute(select(StorageUpload.is_finalized).where(StorageUpload.key == key)).scalar()
    return StorageBusy(key) if found is False else StorageMissing(key)


def _insert(connection: Connection, key: str, segments: list[Segment]) -> None:
    if segments:
        statement = insert(StorageSegment).values(created_at=database_now())
        connection.execute(statement, [{"key": key, **asdict(segment)} for segment in segments])


def _content(connection: Connection, key: str, upload_id: str | None, free_part: int) -> UploadContent:
    """Returns the parts that follow each other from the beginning, and the pieces that follow them."""
    rows = StorageSegment
    columns = (rows.start_offset, rows.end_offset, rows.part, rows.piece)
    found = connection.execute(select(*columns).where(rows.key == key).order_by(rows.start_offset)).all()
    content = UploadContent(upload_id, [], [], free_part)
    for row in found:
        if row.part is not None and row.start_offset == content.end:
            content.parts.append(Segment(*row))
    for row in found:
        if row.piece is not None and row.start_offset == content.end:
            content.pieces.append(Segment(*row))
    return content
