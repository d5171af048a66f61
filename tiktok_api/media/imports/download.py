"""One attempt to download an import, straight to storage: resumed if the server supports it, otherwise from the start.

As with uploads, acknowledged bytes are durable, one writer at a time holds the storage's lock, and no transaction is open
while bytes are awaited. If the worker dies, the row stays as it is, and the next worker resumes.
"""

from dataclasses import dataclass, replace
from uuid import UUID

import structlog

from tiktok_api import clock
from tiktok_api.db import end_reading, transaction
from tiktok_api.encryption import DecryptionFailed, Encryptor
from tiktok_api.jobs import queue
from tiktok_api.jobs.backoff import backoff
from tiktok_api.jobs.lanes import Lane
from tiktok_api.jobs.registry import ClaimedJob, RunAgain
from tiktok_api.media.errors import MediaQuotaExceeded, UploadTooLarge
from tiktok_api.media.imports import response, services
from tiktok_api.media.imports.pace import ImportPace
from tiktok_api.media.imports.refusals import ImportRefused, PlaceNeeded, RetryLater, reason_of
from tiktok_api.media.imports.services import Overtaken, PendingImport
from tiktok_api.media.inspection.inspect import Rejection
from tiktok_api.media.quotas import Quota
from tiktok_api.media.uploads.hashing_writer import HashingWriter
from tiktok_api.media.uploads.receiver import Receiver, Reservation
from tiktok_api.outbound import Answer, Fetcher, OutboundError, Passing, Patience
from tiktok_api.settings import MEBIBYTE
from tiktok_api.storage.errors import StorageBusy, StorageFull, StorageMissing
from tiktok_api.storage.port import Appender, Storage

log = structlog.get_logger(__name__)

MAX_FAILURES = 4
PROGRESS_BYTES = MEBIBYTE
"""An attempt that got less far beyond the ones before counts as one that brought nothing."""
_FIRST_PAUSE, _LONGEST_PAUSE = 4.0, 900.0
_BUSY_PAUSE, _FULL_PAUSE = 2.0, 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportLimits:
    """The largest size of a file, the quota of its owner, the time-outs of a download, and for how long it may be slow."""

    max_bytes: int
    quota: Quota
    patience: Patience
    turn_seconds: float


def attempt(
    job: ClaimedJob,
    pending: PendingImport,
    *,
    storage: Storage,
    encryptor: Encryptor,
    fetcher: Fetcher,
    limits: ImportLimits,
) -> RunAgain | None:
    """Download what is missing. Returns when to try again, or None once the import has ended."""
    download = _Download(job, pending, storage, fetcher, limits)
    try:
        download.run(pending.decrypt_url(encryptor))
    except Overtaken:
        is_deleted = not services.exists(pending.media_id)
        end_reading()
        if is_deleted:
            storage.delete(pending.storage_key)
        return RunAgain(clock.now())  # the next run reads the row again and learns what has happened
    except StorageBusy:
        return RunAgain(services.next_try(_BUSY_PAUSE))
    except StorageFull:
        return RunAgain(services.next_try(_FULL_PAUSE))
    except PlaceNeeded:
        return _give_way(job, download)
    except (RetryLater, Passing) as error:
        return _put_off(job, download, error)
    except (ImportRefused, OutboundError) as error:
        _reject(job, pending.media_id, reason_of(error))
    except MediaQuotaExceeded as error:
        _reject(job, pending.media_id, Rejection(code=error.code, message=error.without_use().detail))
    except DecryptionFailed:
        _reject(job, pending.media_id, Rejection(code="import_failed", message="Its URL can no longer be read."))
    return None


def _reject(job: ClaimedJob, media_id: UUID, reason: Rejection) -> None:
    log.info("import.rejected", media=str(media_id), code=reason.code)
    with transaction():
        services.reject(media_id, reason, job)


def _give_way(job: ClaimedJob, download: "_Download") -> RunAgain | None:
    """Let the imports go first that wait. What cannot be resumed has failed by that: it may not begin again for ever."""
    if download.pending.validator is None:
        return _put_off(job, download, RetryLater("import_timeout", "The server is too slow while others wait."))
    try:
        with transaction():
            services.record_effort(job, download.pending.media_id, download.pace.effort)
    except Overtaken:
        pass  # the next run learns what has happened
    return RunAgain(clock.now())


def _put_off(job: ClaimedJob, download: "_Download", error: RetryLater | Passing) -> RunAgain | None:
    reason, media_id = reason_of(error), download.pending.media_id
    log.info("import.put_off", media=str(media_id), code=reason.code)
    is_fast = download.gained_bytes >= PROGRESS_BYTES and download.pace.is_fast(download.gained_bytes)
    try:
        with transaction():
            services.record_effort(job, media_id, download.pace.effort)
            failures = services.count_failure(job, media_id, has_progressed=is_fast)
    except Overtaken:
        return RunAgain(clock.now())
    if failures >= MAX_FAILURES:
        _reject(job, media_id, reason)
        return None
    wanted = error.pause_seconds if isinstance(error, RetryLater) else 0.0
    pause = backoff(failures - 1, first=_FIRST_PAUSE, longest=_LONGEST_PAUSE, factor=4.0)
    return RunAgain(services.next_try(max(pause, min(wanted, _LONGEST_PAUSE))))


def _others_wait() -> bool:
    """Returns True if another import waits for a place. No transaction is left open: the next bytes may take long."""
    is_needed = bool(queue.ready_lanes([Lane.IMPORT]))
    end_reading()
    return is_needed


class _Download:
    """One attempt, while storage guarantees that its writer is the only one."""

    def __init__(
        self, job: ClaimedJob, pending: PendingImport, storage: Storage, fetcher: Fetcher, limits: ImportLimits
    ) -> None:
        self.pending = pending
        self.gained_bytes = self._furthest = 0
        self._job = job
        self._storage = storage
        self._fetcher = fetcher
        self._limits = limits
        self.pace = ImportPace(
            pending.effort,
            max_bytes=limits.max_bytes,
            turn_seconds=limits.turn_seconds,
            others_wait=_others_wait,
        )
        self._reservation = Reservation(limits.quota, self._reserve, reserved=0, max_bytes=limits.max_bytes)

    def run(self, url: str) -> None:
        """Raises Overtaken, ImportRefused, RetryLater, PlaceNeeded, MediaQuotaExceeded, StorageBusy, StorageFull, OutboundError."""
        key = self.pending.storage_key
        try:
            self._storage.size(key)
        except StorageMissing:  # the first attempt
            self._storage.create(key)
        with self._storage.append(key) as appender:
            self._fetch(url, appender)

    def _fetch(self, url: str, appender: Appender) -> None:
        with transaction():
            self.pending = services.get_claimed(self._job, self.pending.media_id)
        self._furthest = self.pending.received_bytes
        try:
            appender.rewind(self.pending.received_bytes)
        except StorageMissing:  # the stored bytes are lost
            self._start_over(appender)
        if self.pending.received_bytes and self.pending.validator is None:
            self._start_over(appender)
        with self._fetcher.get(url, headers=self._range_headers(), patience=self._limits.patience) as answer:
            self._check_answer(answer, appender)
            self._receive(answer, appender)

    def _range_headers(self) -> dict[str, str]:
        if not self.pending.received_bytes:
            return {}
        return {"Range": f"bytes={self.pending.received_bytes}-", "If-Range": str(self.pending.validator)}

    def _start_over(self, appender: Appender) -> None:
        """Drop the received bytes: the next ones may be of another file."""
        with transaction():
            values = {"received_bytes": 0, "reserved_bytes": 0, "size_bytes": None, "bytes_per_second": None}
            services.store_facts(self._job, self.pending, validator=None, **values)
        self.pending = replace(self.pending, received_bytes=0, size_bytes=None, validator=None)
        appender.rewind(0)

    def _check_answer(self, answer: Answer, appender: Appender) -> None:
        """Store what the answer says of the file. Raises ImportRefused or RetryLater if its body is not what is missing."""
        status, is_resumed = answer.status, self.pending.received_bytes > 0
        if is_resumed and status in (206, 416):
            if status == 206 and response.continues(answer, self.pending):
                self._check_acceptable(answer, size=self.pending.size_bytes)
                return
            self._start_over(appender)
            raise RetryLater("import_interrupted", "The file changed while it was fetched.")
        if response.may_recover(answer):
            message = f"The server answered {status}."
            raise RetryLater("import_refused", message, response.retry_after_seconds(answer))
        if status != 200:
            raise ImportRefused("import_refused", f"The server answered {status}.")
        if is_resumed:
            self._start_over(appender)
        size, validator = response.size_of(answer), response.validator_of(answer)
        self._check_acceptable(answer, size=size)
        with transaction():
            content_type = response.content_type_of(answer)
            services.store_facts(
                self._job, self.pending, validator=validator, size_bytes=size, content_type=content_type
            )
        self.pending = replace(self.pending, size_bytes=size, validator=validator)

    def _check_acceptable(self, answer: Answer, *, size: int | None) -> None:
        if response.is_encoded(answer):
            message = "The server sends it compressed, though it was asked not to."
            raise ImportRefused("import_encoding_unsupported", message)
        if size is not None and size > self._limits.max_bytes:
            raise self._too_large()
        free_bytes = self._storage.free_bytes()
        if free_bytes is not None and free_bytes < (size or 1) - self.pending.received_bytes:
            raise StorageFull("the whole file does not fit")
        if size is not None:
            self._reservation.extend(size)

    def _too_large(self) -> ImportRefused:
        message = f"The file has more than the {self._limits.max_bytes} bytes allowed here."
        return ImportRefused("import_too_large", message)

    def _receive(self, answer: Answer, appender: Appender) -> None:
        start = self.pending.received_bytes
        with HashingWriter(appender, start, set() if start else {"sha256"}) as writer:
            receiver = Receiver(
                writer,
                max_bytes=self._limits.max_bytes,
                size=self.pending.size_bytes,
                reservation=self._reservation,
                acknowledge=self._acknowledge,
            )
            try:
                receiver.receive(self.pace.watch(answer.pieces()))
            except UploadTooLarge:
                raise self._too_large() from None
            except (Passing, PlaceNeeded, StorageFull):
                self._keep(receiver)
                raise
            if self.pending.size_bytes not in (None, writer.received):
                self._keep(receiver)
                raise RetryLater("import_interrupted", "The server sent less than it had announced.")
            received = writer.flush()
            with transaction():
                services.finish(
                    self._job,
                    self.pending,
                    received=received,
                    bytes_per_second=receiver.bytes_per_second(received),
                    sha256=writer.hexdigest("sha256"),
                )

    def _reserve(self, upto: int) -> None:
        with transaction():
            services.reserve(self._job, self.pending, self._limits.quota, upto)

    def _keep(self, receiver: Receiver) -> None:
        """After an accident, acknowledge what is durable, if the next attempt can resume from it."""
        if self.pending.validator is not None:
            receiver.keep()

    def _acknowledge(self, offset: int, bytes_per_second: float | None, *, is_over: bool) -> None:
        with transaction():
            services.acknowledge(
                self._job,
                self.pending.media_id,
                before=self.pending.received_bytes,
                received=offset,
                bytes_per_second=bytes_per_second,
            )
        self.pending = replace(self.pending, received_bytes=offset)
        if is_over:  # the attempt has failed, but the next one resumes from here
            self.gained_bytes = offset - self._furthest
