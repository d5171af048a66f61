"""One attempt at fetching an import: from its server straight to storage, resumed where the server can, else from the start.

As with uploads, what is acknowledged is durable, one writer at a time holds the storage's lock, and no transaction is open
while bytes are awaited. Whoever dies on the way leaves the row as it stands, and the next worker goes on from there.
"""

import time
from dataclasses import dataclass, replace
from uuid import UUID

import structlog

from tiktok_api import clock
from tiktok_api.db import end_reading, transaction
from tiktok_api.encryption import DecryptionFailed, Encryptor
from tiktok_api.jobs.registry import ClaimedJob, RunAgain
from tiktok_api.media.errors import MediaQuotaExceeded
from tiktok_api.media.imports import imports, response
from tiktok_api.media.imports.imports import Overtaken, Pending
from tiktok_api.media.inspection.inspect import Rejection
from tiktok_api.media.quotas import Quota
from tiktok_api.media.uploads.hashing_writer import Intake
from tiktok_api.media.uploads.uploads import RESERVE_BYTES
from tiktok_api.outbound import (
    AddressForbidden,
    Answer,
    CertificateInvalid,
    Fetcher,
    HostUnknown,
    Interrupted,
    OutboundError,
    Passing,
    Patience,
    RedirectForbidden,
    TooSlow,
    Unreachable,
    UrlForbidden,
)
from tiktok_api.settings import MEBIBYTE
from tiktok_api.storage.errors import StorageBusy, StorageFull, StorageMissing
from tiktok_api.storage.port import Appender, Storage

log = structlog.get_logger(__name__)

SETTLE_SECONDS = 1.0
MOST_FAILURES = 4
PROGRESS_BYTES = MEBIBYTE
"""An attempt that brought less to build on has failed like one that brought nothing."""
_FIRST_PAUSE, _LONGEST_PAUSE = 4.0, 900.0
_BUSY_PAUSE, _FULL_PAUSE = 2.0, 300.0

_CODES: dict[type[OutboundError], str] = {
    UrlForbidden: "import_url_forbidden",
    AddressForbidden: "import_address_forbidden",
    RedirectForbidden: "import_redirect_forbidden",
    HostUnknown: "import_host_unknown",
    CertificateInvalid: "import_certificate_invalid",
    Unreachable: "import_unreachable",
    Interrupted: "import_interrupted",
    TooSlow: "import_timeout",
}


class _Refused(Exception):
    """What was found will not do, now or later."""

    def __init__(self, code: str, message: str) -> None:
        self.reason = Rejection(code=code, message=message)
        super().__init__(message)


class _NotNow(Exception):
    """The server may do better later, at best after `pause_seconds`."""

    def __init__(self, code: str, message: str, pause_seconds: float = 0.0) -> None:
        self.reason = Rejection(code=code, message=message)
        self.pause_seconds = pause_seconds
        super().__init__(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How large a file may be, how much its owner may keep, and how long to wait for it."""

    max_bytes: int
    quota: Quota
    patience: Patience


def attempt(
    job: ClaimedJob, pending: Pending, *, storage: Storage, encryptor: Encryptor, fetcher: Fetcher, bounds: Bounds
) -> RunAgain | None:
    """Fetch what is missing; answers when to come back, or None once it has ended well or badly."""
    running = _Attempt(job, pending, storage, fetcher, bounds)
    try:
        running.run(pending.open_url(encryptor))
    except Overtaken:
        is_gone = not imports.exists(pending.media_id)
        end_reading()
        if is_gone:
            storage.delete(pending.storage_key)
        return RunAgain(clock.now())  # whatever has happened, a fresh look at the row tells
    except StorageBusy:
        return RunAgain(imports.next_try(_BUSY_PAUSE))
    except StorageFull:
        return RunAgain(imports.next_try(_FULL_PAUSE))
    except (_NotNow, Passing) as error:
        return _put_off(job, running, error)
    except (_Refused, OutboundError) as error:
        _give_up(job, pending.media_id, _reason(error))
    except MediaQuotaExceeded as error:
        _give_up(job, pending.media_id, Rejection(code=error.code, message=error.detail))
    except DecryptionFailed:
        _give_up(job, pending.media_id, Rejection(code="import_failed", message="Its URL can no longer be read."))
    return None


def _reason(error: Exception) -> Rejection:
    if isinstance(error, _Refused | _NotNow):
        return error.reason
    return Rejection(code=_CODES[type(error)], message=str(error))  # type: ignore[index]  # whatever else comes here is one of them


def _give_up(job: ClaimedJob, media_id: UUID, reason: Rejection) -> None:
    log.info("import.rejected", media=str(media_id), code=reason.code)
    with transaction():
        imports.reject(media_id, reason, job)


def _put_off(job: ClaimedJob, running: "_Attempt", error: _NotNow | Passing) -> RunAgain | None:
    reason, media_id = _reason(error), running.pending.media_id
    log.info("import.put_off", media=str(media_id), code=reason.code)
    has_progressed = running.gained_bytes >= PROGRESS_BYTES
    try:
        with transaction():
            failures = imports.count_failure(job, media_id, has_progressed=has_progressed)
    except Overtaken:
        return RunAgain(clock.now())
    if failures >= MOST_FAILURES:
        _give_up(job, media_id, reason)
        return None
    asked = error.pause_seconds if isinstance(error, _NotNow) else 0.0
    return RunAgain(imports.next_try(max(_FIRST_PAUSE * 4 ** (failures - 1), min(asked, _LONGEST_PAUSE))))


class _Attempt:
    """While its writer is alone."""

    def __init__(self, job: ClaimedJob, pending: Pending, storage: Storage, fetcher: Fetcher, bounds: Bounds) -> None:
        self.pending = pending
        self.gained_bytes = 0
        self._reserved = 0
        self._ticket = job
        self._storage = storage
        self._fetcher = fetcher
        self._bounds = bounds

    def run(self, url: str) -> None:
        """Raises Overtaken, StorageBusy, StorageFull, _Refused, _NotNow and every OutboundError."""
        key = self.pending.storage_key
        try:
            self._storage.size(key)
        except StorageMissing:  # the first attempt
            self._storage.create(key)
        with self._storage.append(key) as end:
            self._fetch(url, end)

    def _fetch(self, url: str, end: Appender) -> None:
        with transaction():
            self.pending = imports.must_be_held(self._ticket, self.pending.media_id)
        try:
            end.rewind(self.pending.received_bytes)
        except StorageMissing:  # what was there is lost
            self._start_over(end)
        if self.pending.received_bytes and self.pending.validator is None:
            self._start_over(end)
        with self._fetcher.get(url, headers=self._conditions(), patience=self._bounds.patience) as answer:
            self._understand(answer, end)
            self._take(answer, end)

    def _conditions(self) -> dict[str, str]:
        if not self.pending.received_bytes:
            return {}
        return {"Range": f"bytes={self.pending.received_bytes}-", "If-Range": str(self.pending.validator)}

    def _start_over(self, end: Appender) -> None:
        """Forget what has arrived: what comes next may be of another file."""
        with transaction():
            forgotten = {"received_bytes": 0, "reserved_bytes": 0, "size_bytes": None, "bytes_per_second": None}
            imports.note(self._ticket, self.pending, validator=None, **forgotten)
        self.pending = replace(self.pending, received_bytes=0, size_bytes=None, validator=None)
        end.rewind(0)

    def _understand(self, answer: Answer, end: Appender) -> None:
        """Whether this answer brings what is missing; writes down what it says of the file."""
        status, asked = answer.status, self.pending.received_bytes
        if asked and status in (206, 416):
            if status == 206 and response.continues(answer, self.pending):
                self._must_be_acceptable(answer, size=self.pending.size_bytes)
                return
            self._start_over(end)
            raise _NotNow("import_interrupted", "The file changed while it was fetched.")
        if response.may_recover(answer):
            raise _NotNow("import_refused", f"The server answered {status}.", response.pause_asked_for(answer))
        if status != 200:
            raise _Refused("import_refused", f"The server answered {status}.")
        if asked:
            self._start_over(end)
        size, validator = response.size_of(answer), response.validator_of(answer)
        self._must_be_acceptable(answer, size=size)
        with transaction():
            content_type = response.content_type_of(answer)
            imports.note(self._ticket, self.pending, validator=validator, size_bytes=size, content_type=content_type)
        self.pending = replace(self.pending, size_bytes=size, validator=validator)

    def _must_be_acceptable(self, answer: Answer, *, size: int | None) -> None:
        if response.is_encoded(answer):
            raise _Refused("import_encoding_unsupported", "The server sends it compressed, though it was asked not to.")
        if size is not None and size > self._bounds.max_bytes:
            raise self._too_large()
        room = self._storage.free_bytes()
        if room is not None and room < (size or 1) - self.pending.received_bytes:
            raise StorageFull("there is no room for all of it")
        if size is not None:
            self._reserve(size)

    def _too_large(self) -> _Refused:
        return _Refused("import_too_large", f"The file has more than the {self._bounds.max_bytes} bytes allowed here.")

    def _take(self, answer: Answer, end: Appender) -> None:
        began_at, start = time.monotonic(), self.pending.received_bytes
        settled_at = began_at
        with Intake(end, start, set() if start else {"sha256"}) as intake:
            try:
                for piece in answer.pieces():
                    if intake.received + len(piece) > self._bounds.max_bytes:
                        raise self._too_large()
                    self._reserve(intake.received + len(piece))
                    intake.take(piece)
                    if time.monotonic() - settled_at >= SETTLE_SECONDS:
                        self._acknowledge(end.flush(), began_at, start)
                        settled_at = time.monotonic()
            except (Passing, StorageFull):
                self._keep(end, began_at, start)
                raise
            if self.pending.size_bytes not in (None, intake.received):
                self._keep(end, began_at, start)
                raise _NotNow("import_interrupted", "The server sent less than it had announced.")
            received = end.flush()
            with transaction():
                imports.finish(
                    self._ticket,
                    self.pending,
                    received=received,
                    bytes_per_second=_rate(intake.received - start, began_at),
                    sha256=intake.hexdigest("sha256"),
                )

    def _reserve(self, upto: int) -> None:
        """Let bytes count before they come: all of them where they are announced, else in steps."""
        if upto <= self._reserved or self._bounds.quota.is_unlimited:
            return
        for wanted in (min(upto + RESERVE_BYTES, self._bounds.max_bytes), upto):
            try:
                with transaction():
                    imports.reserve(self._ticket, self.pending, self._bounds.quota, wanted)
            except MediaQuotaExceeded:
                if wanted == upto:
                    raise
            else:
                self._reserved = wanted
                return

    def _keep(self, end: Appender, began_at: float, start: int) -> None:
        """After an accident, acknowledge what can be made durable and will be of use."""
        if self.pending.validator is None:
            return
        try:
            self._acknowledge(end.flush(), began_at, start)
        except StorageFull:
            return  # what was settled before stays acknowledged
        self.gained_bytes = self.pending.received_bytes - start

    def _acknowledge(self, received: int, began_at: float, start: int) -> None:
        with transaction():
            imports.acknowledge(
                self._ticket,
                self.pending.media_id,
                before=self.pending.received_bytes,
                received=received,
                bytes_per_second=_rate(received - start, began_at),
            )
        self.pending = replace(self.pending, received_bytes=received)


def _rate(count: int, began_at: float) -> float | None:
    seconds = time.monotonic() - began_at
    return count / seconds if seconds > 0 else None
