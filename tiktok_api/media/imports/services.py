"""Imports from a URL as rows: created, progressed, put off, rejected, handed to inspection.

`download` fetches the bytes. Every change here is a compare-and-set, so that an import that was deleted, rejected or taken
over by another worker meanwhile stays that way.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update

from tiktok_api import clock
from tiktok_api.auth.identity import Identity
from tiktok_api.db import db, new_id
from tiktok_api.encryption import Encryptor
from tiktok_api.jobs import queue
from tiktok_api.jobs.registry import ClaimedJob
from tiktok_api.media import deduplication, quotas, services
from tiktok_api.media.errors import ImportsPending, ImportUrlRefused, StorageOutOfSpace
from tiktok_api.media.imports.pace import Effort
from tiktok_api.media.inspection.inspect import Rejection
from tiktok_api.media.models import Media, MediaImport, MediaStatus
from tiktok_api.media.quotas import Quota
from tiktok_api.outbound import Fetcher, Target, UrlForbidden
from tiktok_api.settings import Settings
from tiktok_api.storage.port import Storage

IMPORT = "media.import"
MAX_PENDING = 100
"""Unfinished imports of one user: servers may be slow, and other users wait too."""
TIMED_OUT = Rejection(code="import_timeout", message="The file could not be fetched in time.")
_BATCH = 500


class Overtaken(Exception):
    """The import was deleted, has ended, or another worker has it: change nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingImport:
    """A detached copy of an import's row."""

    media_id: UUID
    owner_id: UUID
    storage_key: str
    url_encrypted: bytes
    import_id: UUID
    validator: str | None
    received_bytes: int
    size_bytes: int | None
    effort: Effort

    def decrypt_url(self, encryptor: Encryptor) -> str:
        """Returns the URL. Raises DecryptionFailed."""
        return encryptor.decrypt(self.url_encrypted, MediaImport.url_encrypted, self.import_id)


def read_url(url: str, fetcher: Fetcher) -> Target:
    """Parse the URL of an import. Raises ImportUrlRefused for what is wrong with the URL itself."""
    try:
        return fetcher.read(url)
    except UrlForbidden as error:
        raise ImportUrlRefused.at("/url", code=error.code, message=str(error)) from None


def create(
    caller: Identity,
    *,
    url: str,
    name: str | None = None,
    storage: Storage,
    encryptor: Encryptor,
    fetcher: Fetcher,
    settings: Settings,
) -> Media:
    """Create an import of `url` and enqueue its download. Makes no request itself.

    Raises ImportUrlRefused for what is wrong with the URL itself, ImportsPending, MediaQuotaExceeded, InspectionsPending,
    StorageOutOfSpace.
    """
    target = read_url(url, fetcher)
    if storage.free_bytes() == 0:
        raise StorageOutOfSpace
    pending = select(func.count()).select_from(MediaImport).join(Media).where(Media.owner_id == caller.user_id)
    if (db.session.scalar(pending) or 0) >= MAX_PENDING:
        raise ImportsPending(count=MAX_PENDING)
    quotas.check_fits(caller.user_id, Quota.of(settings), more_bytes=0)
    media = Media(
        owner_id=caller.user_id,
        name=services.clean_name(name or target.file_name),
        storage_key=storage.new_key(),
        source_url=target.shown,
    )
    db.session.add(media)
    db.session.flush()
    import_id = new_id()
    url_encrypted = encryptor.encrypt(target.url, MediaImport.url_encrypted, import_id)
    give_up_at = clock.now() + timedelta(seconds=settings.upload_ttl_seconds)
    db.session.add(MediaImport(id=import_id, media_id=media.id, url_encrypted=url_encrypted, give_up_at=give_up_at))
    db.session.flush()
    queue.enqueue(IMPORT, due_at=clock.now(), owner_id=caller.user_id, subject=media.id)
    return media


def find_pending(media_id: UUID) -> PendingImport | None:
    """Returns the import if it is unfinished."""
    found = db.session.execute(
        select(
            Media.id.label("media_id"),
            Media.owner_id,
            Media.storage_key,
            Media.received_bytes,
            Media.size_bytes,
            MediaImport.id.label("import_id"),
            MediaImport.url_encrypted,
            MediaImport.validator,
            MediaImport.read_bytes,
            MediaImport.spent_seconds,
        )
        .join(MediaImport, MediaImport.media_id == Media.id)
        .where(Media.id == media_id, Media.status == MediaStatus.UPLOADING)
    ).one_or_none()
    if found is None:
        return None
    facts = dict(found._mapping)
    effort = Effort(facts.pop("read_bytes"), facts.pop("spent_seconds"))
    return PendingImport(**facts, effort=effort)


def get_claimed(job: ClaimedJob, media_id: UUID) -> PendingImport:
    """Returns the import as it is now. Raises Overtaken unless it is unfinished and `job` is still this worker's."""
    _check_claim(job)
    pending = find_pending(media_id)
    if pending is None:
        raise Overtaken
    return pending


def exists(media_id: UUID) -> bool:
    """True if the media is still in a library, finished or not."""
    return db.session.scalar(select(Media.id).where(Media.id == media_id)) is not None


def store_facts(job: ClaimedJob, pending: PendingImport, *, validator: str | None, **values: Any) -> None:
    """Store what the server says of the file. Raises Overtaken."""
    _update_media(job, pending.media_id, pending.received_bytes, **values)
    db.session.execute(
        update(MediaImport)
        .where(MediaImport.media_id == pending.media_id)
        .values(validator=validator)
        .execution_options(synchronize_session=False)
    )


def acknowledge(job: ClaimedJob, media_id: UUID, *, before: int, received: int, bytes_per_second: float | None) -> None:
    """Record that `received` bytes are durable; `before` were recorded last. Raises Overtaken."""
    _update_media(job, media_id, before, received_bytes=received, bytes_per_second=bytes_per_second)


def reserve(job: ClaimedJob, pending: PendingImport, quota: Quota, upto: int) -> None:
    """Let the import count for `upto` bytes in all. Raises MediaQuotaExceeded, Overtaken."""
    _check_claim(job)
    deduplication.lock_library(pending.owner_id)
    quotas.reserve(_lock_unfinished(pending.media_id), quota, upto)
    db.session.flush()


def finish(
    job: ClaimedJob, pending: PendingImport, *, received: int, bytes_per_second: float | None, sha256: str | None
) -> None:
    """End a complete download: delete the URL and request the inspection, unless the content is known. Raises Overtaken."""
    deduplication.lock_library(pending.owner_id)
    sizes = {"received_bytes": received, "size_bytes": received, "bytes_per_second": bytes_per_second}
    _update_media(job, pending.media_id, pending.received_bytes, **sizes)
    db.session.execute(delete(MediaImport).where(MediaImport.media_id == pending.media_id))
    services.request_inspection(_lock_unfinished(pending.media_id), sha256=sha256)


def record_effort(job: ClaimedJob, media_id: UUID, effort: Effort) -> None:
    """Record what the import has cost until now. Raises Overtaken."""
    _check_claim(job)
    costs = {"read_bytes": effort.read_bytes, "spent_seconds": effort.seconds}
    changed = update(MediaImport).where(MediaImport.media_id == media_id).values(**costs)
    db.session.execute(changed.execution_options(synchronize_session=False))


def count_failure(job: ClaimedJob, media_id: UUID, *, has_progressed: bool) -> int:
    """Count a failed attempt. Returns how many failed in a row, without fast progress between them. Raises Overtaken."""
    _check_claim(job)
    failures = 1 if has_progressed else MediaImport.failures + 1
    counted = db.session.execute(
        update(MediaImport)
        .where(MediaImport.media_id == media_id)
        .values(failures=failures)
        .returning(MediaImport.failures)
        .execution_options(synchronize_session=False)
    ).scalar()
    if counted is None:
        raise Overtaken
    return counted


def reject(media_id: UUID, reason: Rejection, job: ClaimedJob | None = None) -> None:
    """Reject an import, and delete its URL and bytes. Does nothing if it has ended, or `job` is no longer this worker's."""
    if job is not None and not queue.is_held(job):
        return
    owner_id = db.session.scalar(select(Media.owner_id).where(Media.id == media_id))
    if owner_id is None:
        return
    deduplication.lock_library(owner_id)
    try:
        media = _lock_unfinished(media_id)
    except Overtaken:
        return
    key, media.storage_key = media.storage_key, None
    media.reserved_bytes, media.bytes_per_second = 0, None
    services.reject(media, reason)
    db.session.execute(delete(MediaImport).where(MediaImport.media_id == media_id))
    deduplication.release_bytes(owner_id, [key])


def find_overdue() -> list[UUID]:
    """Returns the media whose import took too long as a whole, for whatever reason."""
    overdue = select(MediaImport.media_id).where(MediaImport.give_up_at < clock.now())
    return list(db.session.scalars(overdue.limit(_BATCH)))


def next_try(seconds: float) -> datetime:
    """Returns the time `seconds` from now, by the clock of the job queue."""
    return clock.now() + timedelta(seconds=seconds)


def _lock_unfinished(media_id: UUID) -> Media:
    """Returns the locked row of an import that has not ended. Raises Overtaken."""
    statement = select(Media).where(Media.id == media_id, Media.source_url.is_not(None))
    statement = statement.where(Media.status == MediaStatus.UPLOADING).with_for_update()
    media = db.session.scalar(statement.execution_options(populate_existing=True))
    if media is None:
        raise Overtaken
    return media


def _update_media(job: ClaimedJob, media_id: UUID, before: int, **values: Any) -> None:
    """Compare and set. Raises Overtaken unless the import is unfinished, this worker's, and stands at `before` bytes."""
    _check_claim(job)
    if services.change_unfinished(media_id, values, received_before=before) is None:
        raise Overtaken


def _check_claim(job: ClaimedJob) -> None:
    """Raises Overtaken if another worker has the job."""
    if not queue.is_held(job):
        raise Overtaken
