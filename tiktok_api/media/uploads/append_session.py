"""One append to one upload, while storage guarantees that its writer is the only one."""

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from tiktok_api import clock
from tiktok_api.db import db, end_reading, transaction
from tiktok_api.errors import NotFound, TooManyRequests
from tiktok_api.media import deduplication, services
from tiktok_api.media.errors import (
    ChecksumMismatch,
    MediaQuotaExceeded,
    StorageOutOfSpace,
    UploadInterrupted,
    UploadTooLarge,
)
from tiktok_api.media.models import Media
from tiktok_api.media.quotas import UNLIMITED, Quota, reserve
from tiktok_api.media.uploads.hashing_writer import HashingWriter
from tiktok_api.media.uploads.kept_hashes import KeptHashes
from tiktok_api.media.uploads.receiver import Receiver, Reservation
from tiktok_api.media.uploads.request_body import TICK_SECONDS, BodyInterrupted
from tiktok_api.storage.errors import StorageFull
from tiktok_api.storage.port import Appender

MAX_SILENT_TICKS = 2
"""Seconds of silence, or of too little, after which a waiting connection takes the upload over."""


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """The largest size of one upload, the time it may rest, and the quota of its owner."""

    max_bytes: int
    time_to_live: timedelta
    quota: Quota = UNLIMITED


@dataclass(frozen=True, slots=True)
class Append:
    """What a client announces about the bytes it is about to send.

    `length` is their number, if known; `upload_length` the length of the whole upload, if it had been deferred; `checksum`
    an algorithm and the digest that these bytes must have.
    """

    offset: int
    length: int | None
    upload_length: int | None = None
    checksum: tuple[str, bytes] | None = None


class AppendSession:
    """Receives the bytes of one `append` to `media`."""

    def __init__(
        self, media: Media, limits: UploadLimits, append: Append, appender: Appender, hashes: KeptHashes
    ) -> None:
        self._media = media
        self._limits = limits
        self._append = append
        self._appender = appender
        self._hashes = hashes
        max_bytes = limits.max_bytes if media.size_bytes is None else media.size_bytes
        algorithms = set() if append.checksum is None else {append.checksum[0]}
        before = hashes.resume(str(media.storage_key), append.offset) if append.offset else hashlib.sha256()
        self._writer = HashingWriter(appender, append.offset, algorithms, before=before)
        self._receiver = Receiver(
            self._writer,
            max_bytes=max_bytes,
            size=media.size_bytes,
            reservation=Reservation(limits.quota, self._reserve, reserved=media.reserved_bytes, max_bytes=max_bytes),
            # Bytes with a checksum count all together or not at all.
            acknowledge=self._acknowledge if append.checksum is None else None,
        )

    def run(self, pieces: Iterator[bytes | memoryview]) -> Media:
        """Store `pieces` and acknowledge them. Returns the upload.

        Raises UploadInterrupted, StorageOutOfSpace, UploadTooLarge, MediaQuotaExceeded and TooManyRequests after it has kept
        what arrived before, ChecksumMismatch after it has dropped it, and NotFound.
        """
        with self._writer:
            self._receive(pieces)
            self._verify_checksum()
            try:
                offset = self._writer.flush()
            except StorageFull:
                raise StorageOutOfSpace from None
            self._acknowledge(offset, self._receiver.bytes_per_second(offset), is_over=True)
        return self._media

    def _receive(self, pieces: Iterator[bytes | memoryview]) -> None:
        try:
            self._receiver.receive(self._until_taken_over(pieces))
        except (UploadTooLarge, MediaQuotaExceeded):
            self._receiver.keep()
            raise
        except TooManyRequests as problem:  # more than may be sent in a minute: the rest may follow later
            self._receiver.keep()
            problem.headers["Upload-Offset"] = str(self._media.received_bytes)
            raise
        except BodyInterrupted:
            self._receiver.keep()
            offset = self._media.received_bytes
            raise UploadInterrupted(offset=offset, headers={"Upload-Offset": str(offset)}) from None
        except StorageFull:
            self._receiver.keep()
            raise StorageOutOfSpace from None

    def _until_taken_over(self, pieces: Iterator[bytes | memoryview]) -> Iterator[bytes | memoryview]:
        """Pass `pieces` on. Raises BodyInterrupted if too little arrives while another connection wants the upload.

        A client whose network broke reconnects long before the server would notice the broken connection by itself.
        """
        silent_ticks, ticked_at = 0, 0.0
        for piece in pieces:
            if not piece:
                is_wanted = db.session.scalar(select(Media.is_wanted).where(Media.id == self._media.id))
                end_reading()
                silent_ticks, ticked_at = silent_ticks + 1 if is_wanted else 0, time.monotonic()
                if silent_ticks >= MAX_SILENT_TICKS:
                    raise BodyInterrupted
            elif time.monotonic() - ticked_at > 2 * TICK_SECONDS:
                silent_ticks = 0  # a second in which enough arrived
            yield piece

    def _reserve(self, upto: int) -> None:
        with transaction() as session:
            found = select(Media).where(Media.id == self._media.id).execution_options(populate_existing=True)
            media = session.scalar(found)
            if media is None:
                raise NotFound
            reserve(media, self._limits.quota, upto)

    def _verify_checksum(self) -> None:
        if self._append.checksum is not None:
            algorithm, expected = self._append.checksum
            if self._writer.digest(algorithm) != expected:
                self._appender.rewind(self._append.offset)
                raise ChecksumMismatch

    def _acknowledge(self, offset: int, bytes_per_second: float | None, *, is_over: bool) -> None:
        """Store the offset by compare-and-set: an upload that was deleted meanwhile stays deleted. Raises NotFound."""
        key = self._media.storage_key  # of this file, even if it turns out to be a duplicate
        changes: dict[str, Any] = {
            "received_bytes": offset,
            "expires_at": clock.now() + self._limits.time_to_live,
            "bytes_per_second": bytes_per_second,
        }
        is_complete = offset == self._media.size_bytes
        whole = self._writer.whole_until(offset) if is_over or is_complete else None
        if self._media.size_bytes is None and is_over:
            changes["reserved_bytes"] = offset
        with transaction():
            if is_complete:
                deduplication.lock_library(self._media.owner_id)
            self._writer.renew_lock()  # otherwise another writer may have begun, and dropped what was flushed
            changed = services.change_unfinished(self._media.id, changes, received_before=self._media.received_bytes)
            if changed is None:
                raise NotFound
            self._media = changed
            if is_complete:
                services.request_inspection(self._media, sha256=None if whole is None else whole.hexdigest())
        if is_over:
            self._hashes.keep(str(key), offset, None if is_complete else whole)
