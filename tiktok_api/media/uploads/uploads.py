"""Uploads in turns: begun, continued from where they stand, finished, given up.

What a turn receives goes straight to storage and is acknowledged only once storage has made it durable, so the offset in
the database never passes what is stored, whenever the process dies. One writer at a time: storage holds the lock, the
offset is looked at under it, and moves only while it is held; a writer that has gone silent makes way for another. No
transaction is open while bytes are awaited.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, update

from tiktok_api import clock
from tiktok_api.auth.identity import Identity
from tiktok_api.db import db, end_reading, transaction
from tiktok_api.errors import NotFound
from tiktok_api.media import deduplication, services
from tiktok_api.media.errors import (
    ChecksumMismatch,
    MalformedUploadHeader,
    MediaQuotaExceeded,
    StorageOutOfSpace,
    UploadBusy,
    UploadExpired,
    UploadInterrupted,
    UploadIsImport,
    UploadOffsetMismatch,
    UploadTooLarge,
)
from tiktok_api.media.models import Media, MediaStatus
from tiktok_api.media.quotas import UNLIMITED, Quota, must_fit, reserve
from tiktok_api.media.uploads.hashing_writer import BodyCut, Intake
from tiktok_api.storage.errors import StorageBusy, StorageFull, StorageMissing
from tiktok_api.storage.port import Appender, Storage

RESERVE_BYTES = 8 * 1024 * 1024
"""How much ahead of what has come an upload of unknown length reserves, so that it asks seldom."""

MOST_WAITS = 2
"""For how many seconds a connection may be silent while another one wants its upload."""

SETTLE_SECONDS = 1.0
"""How often what has arrived is made durable and acknowledged while a turn goes on."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How much one upload may bring, how long it may rest, and how much one person may keep."""

    max_bytes: int
    time_to_live: timedelta
    quota: Quota = UNLIMITED


@dataclass(frozen=True, slots=True)
class Turn:
    """What a client says about the bytes it is about to send.

    `length` is how many there are, where that is known beforehand; `upload_length` the length of the whole upload, where it
    had been deferred; `checksum` an algorithm and the digest these bytes must have.
    """

    offset: int
    length: int | None
    upload_length: int | None = None
    checksum: tuple[str, bytes] | None = None


def begin(
    caller: Identity,
    storage: Storage,
    terms: Terms,
    *,
    length: int | None,
    first_bytes: int = 0,
    name: str,
    content_type: str | None,
    upload_metadata: str | None,
) -> Media:
    """A new upload of `length` bytes; None: the client will say later. `first_bytes` are about to follow.

    Raises UploadTooLarge, MediaQuotaExceeded, StorageOutOfSpace.
    """
    announced = first_bytes if length is None else length
    if max(announced, first_bytes) > min(terms.max_bytes, announced):
        raise UploadTooLarge(allowed=min(terms.max_bytes, announced))
    room = storage.free_bytes()
    if room is not None and room < (announced or 1):
        raise StorageOutOfSpace
    key = storage.new_key()
    try:
        storage.create(key)
    except StorageFull:
        raise StorageOutOfSpace from None
    try:
        with transaction() as session:
            must_fit(caller.user_id, terms.quota, more_bytes=announced)
            media = Media(
                owner_id=caller.user_id,
                name=services.clean_name(name),
                content_type=content_type,
                size_bytes=length,
                reserved_bytes=announced,
                upload_metadata=upload_metadata,
                storage_key=key,
                expires_at=clock.now() + terms.time_to_live,
            )
            session.add(media)
            session.flush()
            if length == 0:
                services.have_inspected(media, sha256=None)
    except MediaQuotaExceeded:
        storage.delete(key)
        raise
    return media


def find(caller: Identity, media_id: UUID) -> Media:
    """The caller's upload, whose bytes the caller sends, finished or not. Raises NotFound, UploadExpired, UploadIsImport."""
    media = look(caller, media_id)
    if media.is_import:
        raise UploadIsImport
    return media


def look(caller: Identity, media_id: UUID) -> Media:
    """The caller's upload or import, finished or not. Raises NotFound, UploadExpired."""
    media = services.get_media(caller, media_id)
    if media.status is MediaStatus.UPLOADING and media.expires_at is not None and media.expires_at < clock.now():
        raise UploadExpired
    return media


def give_up(caller: Identity, media_id: UUID) -> None:
    """Forget an upload, finished or not, and its bytes. Raises NotFound, UploadExpired, MediaInUse."""
    look(caller, media_id)
    services.delete(caller, media_id)


def receive(
    caller: Identity, storage: Storage, terms: Terms, media_id: UUID, turn: Turn, pieces: Iterator[bytes]
) -> Media:
    """Take in one turn and answer the upload as it stands then; the last turn has it inspected.

    Raises NotFound, UploadExpired, UploadIsImport, UploadOffsetMismatch, UploadTooLarge, MediaQuotaExceeded and UploadBusy
    before the first byte is awaited; UploadInterrupted, StorageOutOfSpace, UploadTooLarge and MediaQuotaExceeded after what
    had arrived was kept; ChecksumMismatch after it was dropped; StorageUnreachable, and UploadBusy where another writer took
    over, with what was acknowledged until then.
    """
    media = find(caller, media_id)
    end_reading()
    if media.status is not MediaStatus.UPLOADING:
        _must_follow(media, turn, terms)
        return media  # it is complete, and this turn adds nothing
    try:
        with storage.append(str(media.storage_key)) as end:
            with transaction():
                media = find(caller, media_id)
                _must_follow(media, turn, terms)
                if turn.upload_length is not None:
                    media.size_bytes = turn.upload_length
                upto = turn.offset + (turn.length or 0) if media.size_bytes is None else media.size_bytes
                reserve(media, terms.quota, upto)
                media.is_wanted = False
            end.rewind(media.received_bytes)
            return _Reception(media, terms, turn, end).take(pieces)
    except StorageBusy:
        _want(media_id)
        raise UploadBusy from None
    except StorageMissing:
        raise NotFound from None


def _want(media_id: UUID) -> None:
    """Have whoever holds the upload let go of it if nothing comes there any more: our client has most likely come back."""
    wanted = update(Media).where(Media.id == media_id, Media.status == MediaStatus.UPLOADING).values(is_wanted=True)
    with transaction() as session:
        session.execute(wanted.execution_options(synchronize_session=False))


def _must_follow(media: Media, turn: Turn, terms: Terms) -> None:
    """Raises UploadOffsetMismatch, MalformedUploadHeader or UploadTooLarge unless this turn goes on where the upload stands."""
    if media.received_bytes != turn.offset:
        headers = {"Upload-Offset": str(media.received_bytes)}
        raise UploadOffsetMismatch(offset=media.received_bytes, headers=headers)
    size = media.size_bytes
    if turn.upload_length is not None:
        if (size is not None and size != turn.upload_length) or turn.upload_length < media.received_bytes:
            raise MalformedUploadHeader(header="Upload-Length", reason="the length of an upload is said once")
        size = turn.upload_length
    allowed = terms.max_bytes if size is None else size
    if (size is not None and size > terms.max_bytes) or turn.offset + (turn.length or 0) > allowed:
        raise UploadTooLarge(allowed=min(allowed, terms.max_bytes))


class _Reception:
    """One turn of one upload, while its writer is alone."""

    def __init__(self, media: Media, terms: Terms, turn: Turn, end: Appender) -> None:
        self._media = media
        self._turn = turn
        self._end = end
        self._quota = terms.quota
        self._reserved = media.reserved_bytes
        self._time_to_live = terms.time_to_live
        self._allowed = terms.max_bytes if media.size_bytes is None else media.size_bytes
        self._started = self._settled_at = time.monotonic()
        self._waits = 0

    def take(self, pieces: Iterator[bytes]) -> Media:
        """Everything that comes, until the body, the connection or the room ends."""
        algorithms = {"sha256"} if self._turn.offset == 0 else set()
        if self._turn.checksum:
            algorithms.add(self._turn.checksum[0])
        with Intake(self._end, self._turn.offset, algorithms) as intake:
            try:
                for piece in pieces:
                    if intake.received + len(piece) > self._allowed:
                        self._keep(intake)
                        raise UploadTooLarge(allowed=self._allowed)
                    self._make_room(intake, len(piece))
                    if piece:
                        intake.take(piece)
                        self._waits = 0
                    else:
                        self._wait_or_make_way()
                    self._settle_now_and_then(intake)
            except BodyCut:
                self._keep(intake)
                offset = self._media.received_bytes
                raise UploadInterrupted(offset=offset, headers={"Upload-Offset": str(offset)}) from None
            except StorageFull:
                self._keep(intake)
                raise StorageOutOfSpace from None
            self._hold_against_checksum(intake)
            try:
                return self._acknowledge(self._end.flush(), intake, is_over=True)
            except StorageFull:
                raise StorageOutOfSpace from None

    def _make_room(self, intake: Intake, more: int) -> None:
        """Let bytes that nobody announced count before they come, in steps; the end of the turn gives back what was too much."""
        upto = intake.received + more
        if upto <= self._reserved or self._quota.is_unlimited:
            return
        try:
            try:
                self._reserve(min(upto + RESERVE_BYTES, self._allowed))
            except MediaQuotaExceeded:
                self._reserve(upto)
        except MediaQuotaExceeded:
            self._keep(intake)
            raise

    def _reserve(self, upto: int) -> None:
        with transaction() as session:
            media = session.execute(_fresh(self._media.id)).scalar_one_or_none()
            if media is None:
                raise NotFound
            reserve(media, self._quota, upto)
        self._reserved = upto

    def _wait_or_make_way(self) -> None:
        """Nothing came for a second. Raises BodyCut where another connection has been waiting for some of them.

        A client whose network broke comes back long before we would notice by ourselves.
        """
        is_wanted = db.session.scalar(select(Media.is_wanted).where(Media.id == self._media.id))
        end_reading()
        self._waits = self._waits + 1 if is_wanted else 0
        if self._waits >= MOST_WAITS:
            raise BodyCut

    def _settle_now_and_then(self, intake: Intake) -> None:
        if time.monotonic() - self._settled_at < SETTLE_SECONDS:
            return
        # Bytes with a checksum count all together or not at all; the last are settled with their hash, in the end.
        is_last = intake.received in (self._media.received_bytes, self._media.size_bytes)
        if self._turn.checksum is None and not is_last:
            self._acknowledge(self._end.flush(), intake, is_over=False)
        else:
            self._end.renew_lock()
        self._settled_at = time.monotonic()

    def _keep(self, intake: Intake) -> None:
        """After an accident, acknowledge what can be made durable."""
        if self._turn.checksum is None:
            try:
                self._acknowledge(self._end.flush(), intake, is_over=True)
            except StorageFull:
                return  # what was settled before stays acknowledged

    def _hold_against_checksum(self, intake: Intake) -> None:
        if self._turn.checksum is not None:
            algorithm, expected = self._turn.checksum
            if intake.digest(algorithm) != expected:
                self._end.rewind(self._turn.offset)
                raise ChecksumMismatch

    def _acknowledge(self, offset: int, intake: Intake, *, is_over: bool) -> Media:
        """Compare and set: an upload that was deleted meanwhile stays deleted."""
        seconds = time.monotonic() - self._started
        rate = (offset - self._turn.offset) / seconds if seconds > 0 else None
        values: dict[str, Any] = {"received_bytes": offset, "expires_at": clock.now() + self._time_to_live}
        is_complete = offset == self._media.size_bytes
        is_whole = is_complete and self._turn.offset == 0  # else what was hashed is this turn alone
        sha256 = intake.hexdigest("sha256") if is_whole else None
        if self._media.size_bytes is None and is_over:
            values["reserved_bytes"] = offset
        with transaction() as session:
            if is_complete:
                deduplication.hold_library(self._media.owner_id)
            self._end.renew_lock()  # or else what was settled may be gone: another writer began before it
            moved = session.execute(
                update(Media)
                .where(
                    Media.id == self._media.id,
                    Media.status == MediaStatus.UPLOADING,
                    Media.received_bytes == self._media.received_bytes,
                )
                .values(bytes_per_second=rate, **values)
                .returning(Media.id)
                .execution_options(synchronize_session=False)
            ).scalar()
            if moved is None:
                raise NotFound
            self._media = session.execute(_fresh(self._media.id)).scalar_one()
            if is_complete:
                services.have_inspected(self._media, sha256=sha256)
        return self._media


def _fresh(media_id: UUID) -> Select[Media]:
    return select(Media).where(Media.id == media_id).execution_options(populate_existing=True)
