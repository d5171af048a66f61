"""The receive loop that uploads, imports and multipart files share.

Bytes are acknowledged only after storage has made them durable, so the offset in the database never passes what is stored,
at whatever moment the process dies. No transaction is open while bytes are awaited.
"""

import time
from collections.abc import Callable, Iterable
from typing import Protocol

from tiktok_api.media.errors import MediaQuotaExceeded, UploadTooLarge
from tiktok_api.media.quotas import Quota
from tiktok_api.media.uploads.hashing_writer import HashingWriter
from tiktok_api.storage.errors import StorageFull

RESERVE_BYTES = 8 * 1024 * 1024
"""How far ahead of the received bytes an upload of unknown length reserves quota, so that it asks seldom."""

FLUSH_SECONDS = 1.0
"""How often the received bytes are made durable and acknowledged while more arrive."""


class Acknowledge(Protocol):
    """Records that all bytes before `offset` are durable. `is_over`: this connection brings no more."""

    def __call__(self, offset: int, bytes_per_second: float | None, *, is_over: bool) -> None: ...


class Reservation:
    """The quota that an unfinished upload counts for; it grows before the bytes arrive.

    `reserve` stores a new total and raises MediaQuotaExceeded. `reserved` is the total so far, `max_bytes` the largest that
    the upload may ask for.
    """

    def __init__(self, quota: Quota, reserve: Callable[[int], None], *, reserved: int, max_bytes: int) -> None:
        self._is_unlimited = quota.is_unlimited
        self._reserve = reserve
        self._reserved = reserved
        self._max_bytes = max_bytes

    def extend(self, upto: int) -> None:
        """Let the upload count for at least `upto` bytes, and for RESERVE_BYTES more if they fit. Raises MediaQuotaExceeded."""
        if upto <= self._reserved or self._is_unlimited:
            return
        wanted = min(upto + RESERVE_BYTES, self._max_bytes)
        try:
            self._reserve(wanted)
        except MediaQuotaExceeded:
            self._reserve(upto)
            wanted = upto
        self._reserved = wanted


class Receiver:
    """Stores pieces as they arrive: within the limit, reserved before they are written, flushed every second.

    `size` is the length of the whole file, if known. Without `acknowledge`, nothing counts before the end.
    """

    def __init__(
        self,
        writer: HashingWriter,
        *,
        max_bytes: int,
        size: int | None = None,
        reservation: Reservation | None = None,
        acknowledge: Acknowledge | None = None,
    ) -> None:
        self._writer = writer
        self._max_bytes = max_bytes
        self._size = size
        self._reservation = reservation
        self._acknowledge = acknowledge
        self._start = self._acknowledged = writer.received
        self._started_at = self._flushed_at = time.monotonic()

    def receive(self, pieces: Iterable[bytes | memoryview]) -> None:
        """Store every piece; an empty one says that nothing has arrived for a while.

        Raises UploadTooLarge, MediaQuotaExceeded, StorageFull, and everything that `pieces` raises. The caller then decides
        whether to `keep` what arrived before.
        """
        for piece in pieces:
            upto = self._writer.received + len(piece)
            if upto > self._max_bytes:
                raise UploadTooLarge(allowed=self._max_bytes)
            if self._reservation is not None:
                self._reservation.extend(upto)
            if piece:
                self._writer.write(piece)
            self._flush_if_due()

    def keep(self) -> None:
        """After an accident, acknowledge what storage can still make durable."""
        if self._acknowledge is None:
            return
        try:
            offset = self._writer.flush()
        except StorageFull:
            return  # what was flushed before stays acknowledged
        self._acknowledge(offset, self.bytes_per_second(offset), is_over=True)

    def bytes_per_second(self, offset: int) -> float | None:
        """Returns the rate at which the bytes before `offset` arrived; None if no time has passed."""
        seconds = time.monotonic() - self._started_at
        return (offset - self._start) / seconds if seconds > 0 else None

    def _flush_if_due(self) -> None:
        if time.monotonic() - self._flushed_at < FLUSH_SECONDS:
            return
        # Without new bytes there is nothing to flush. The last ones are flushed at the end, together with their hash.
        has_news = self._writer.received not in (self._acknowledged, self._size)
        if self._acknowledge is not None and has_news:
            offset = self._acknowledged = self._writer.flush()
            self._acknowledge(offset, self.bytes_per_second(offset), is_over=False)
        else:
            self._writer.renew_lock()
        self._flushed_at = time.monotonic()
