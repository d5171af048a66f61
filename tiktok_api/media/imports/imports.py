"""Imports from a URL as rows: begun, held against the epoch of whoever fetches, put off, given up, handed to inspection.

The fetching itself is next door. Every change here is a compare-and-set, so that an import that was deleted, given up or
taken over meanwhile stays that way.
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
from tiktok_api.media.inspection.inspect import Rejection
from tiktok_api.media.models import Media, MediaImport, MediaStatus
from tiktok_api.media.quotas import Quota
from tiktok_api.outbound import Fetcher, Target, UrlForbidden
from tiktok_api.settings import Settings
from tiktok_api.storage.port import Storage

IMPORT = "media.import"
MOST_PENDING = 100
"""For one user: fetching is slow where servers are, and others wait too."""
GAVE_UP = Rejection(code="import_timeout", message="The file could not be fetched in time.")
_AT_ONCE = 500


class Overtaken(Exception):
    """The import is somebody else's by now, or was deleted or given up: leave everything as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """An import as it stands."""

    media_id: UUID
    owner_id: UUID
    storage_key: str
    url_encrypted: bytes
    import_id: UUID
    validator: str | None
    received_bytes: int
    size_bytes: int | None

    def open_url(self, encryptor: Encryptor) -> str:
        """Where it is fetched from. Raises DecryptionFailed."""
        return encryptor.decrypt(
            self.url_encrypted, table=MediaImport.__tablename__, row=self.import_id, column="url_encrypted"
        )


def read_url(url: str, fetcher: Fetcher) -> Target:
    """Where an import leads. Raises ImportUrlRefused for what can be seen in the URL itself."""
    try:
        return fetcher.read(url)
    except UrlForbidden as error:
        raise ImportUrlRefused.at("/url", code=error.code, message=str(error)) from None


def begin(
    caller: Identity,
    *,
    url: str,
    name: str | None = None,
    storage: Storage,
    encryptor: Encryptor,
    fetcher: Fetcher,
    settings: Settings,
) -> Media:
    """Promise to fetch `url` into the library; nobody is asked for anything yet.

    Raises ImportUrlRefused for what can be seen in the URL itself, ImportsPending, MediaQuotaExceeded, StorageOutOfSpace.
    """
    target = read_url(url, fetcher)
    if storage.room() == 0:
        raise StorageOutOfSpace
    pending = select(func.count()).select_from(MediaImport).join(Media).where(Media.owner_id == caller.user_id)
    if (db.session.scalar(pending) or 0) >= MOST_PENDING:
        raise ImportsPending(count=MOST_PENDING)
    quotas.must_fit(caller.user_id, Quota.of(settings), more_bytes=0)
    media = Media(
        owner_id=caller.user_id,
        name=services.clean_name(name or target.file_name),
        storage_key=storage.new_key(),
        source_url=target.shown,
    )
    db.session.add(media)
    db.session.flush()
    import_id = new_id()
    sealed = encryptor.encrypt(target.url, table=MediaImport.__tablename__, row=import_id, column="url_encrypted")
    give_up_at = clock.now() + timedelta(seconds=settings.upload_ttl_seconds)
    db.session.add(MediaImport(id=import_id, media_id=media.id, url_encrypted=sealed, give_up_at=give_up_at))
    db.session.flush()
    queue.enqueue(IMPORT, due_at=clock.now(), subject=media.id)
    return media


def find(media_id: UUID) -> Pending | None:
    """The import that is still to be fetched."""
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
        )
        .join(MediaImport, MediaImport.media_id == Media.id)
        .where(Media.id == media_id, Media.status == MediaStatus.UPLOADING)
    ).one_or_none()
    return Pending(**found._mapping) if found else None


def exists(media_id: UUID) -> bool:
    """Whether anybody still has it in a library."""
    return db.session.scalar(select(Media.id).where(Media.id == media_id)) is not None


def note(job: ClaimedJob, pending: Pending, *, validator: str | None, **values: Any) -> None:
    """Write down what is known of the file by now. Raises Overtaken."""
    _move(job, pending.media_id, pending.received_bytes, **values)
    _import_of(pending.media_id, validator=validator)


def acknowledge(job: ClaimedJob, media_id: UUID, *, before: int, received: int, bytes_per_second: float | None) -> None:
    """Say that so much is durable. Raises Overtaken."""
    _move(job, media_id, before, received_bytes=received, bytes_per_second=bytes_per_second)


def reserve(job: ClaimedJob, pending: Pending, quota: Quota, upto: int) -> None:
    """Let it come to `upto` bytes in all. Raises MediaQuotaExceeded, Overtaken."""
    _must_be_held(job)
    deduplication.hold_library(pending.owner_id)
    quotas.reserve(_uploading(pending.media_id), quota, upto)
    db.session.flush()


def finish(
    job: ClaimedJob, pending: Pending, *, received: int, bytes_per_second: float | None, sha256: str | None
) -> None:
    """Everything is here: forget the URL and have it inspected, unless it is known already. Raises Overtaken."""
    deduplication.hold_library(pending.owner_id)
    said = {"received_bytes": received, "size_bytes": received, "bytes_per_second": bytes_per_second}
    _move(job, pending.media_id, pending.received_bytes, **said)
    db.session.execute(delete(MediaImport).where(MediaImport.media_id == pending.media_id))
    services.have_inspected(_uploading(pending.media_id), sha256=sha256)


def count_failure(job: ClaimedJob, media_id: UUID, *, has_progressed: bool) -> int:
    """One more attempt that came to nothing; answers how many did in a row. Raises Overtaken."""
    _must_be_held(job)
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
    """Give an import up, unless it has ended meanwhile or is no longer the worker's with that `job`; forget URL and bytes."""
    if job is not None and not queue.is_held(job):
        return
    owner_id = db.session.scalar(select(Media.owner_id).where(Media.id == media_id))
    if owner_id is None:
        return
    deduplication.hold_library(owner_id)
    try:
        media = _uploading(media_id)
    except Overtaken:
        return
    key, media.storage_key = media.storage_key, None
    media.reserved_bytes, media.bytes_per_second = 0, None
    services.reject(media, reason)
    db.session.execute(delete(MediaImport).where(MediaImport.media_id == media_id))
    deduplication.let_go([key])


def overdue() -> list[UUID]:
    """The media whose import took too long as a whole, whatever held it up."""
    late = select(MediaImport.media_id).where(MediaImport.give_up_at < clock.now())
    return list(db.session.scalars(late.limit(_AT_ONCE)))


def _uploading(media_id: UUID) -> Media:
    """The row of an import that has not ended. Raises Overtaken."""
    statement = select(Media).where(Media.id == media_id, Media.source_url.is_not(None))
    statement = statement.where(Media.status == MediaStatus.UPLOADING).with_for_update()
    media = db.session.scalar(statement.execution_options(populate_existing=True))
    if media is None:
        raise Overtaken
    return media


def _move(job: ClaimedJob, media_id: UUID, before: int, **values: Any) -> None:
    _must_be_held(job)
    moved = db.session.execute(
        update(Media)
        .where(Media.id == media_id, Media.status == MediaStatus.UPLOADING, Media.received_bytes == before)
        .values(**values)
        .returning(Media.id)
        .execution_options(synchronize_session=False)
    ).scalar()
    if moved is None:
        raise Overtaken


def _import_of(media_id: UUID, **values: Any) -> None:
    db.session.execute(
        update(MediaImport)
        .where(MediaImport.media_id == media_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def _must_be_held(job: ClaimedJob) -> None:
    if not queue.is_held(job):
        raise Overtaken


def must_be_held(job: ClaimedJob, media_id: UUID) -> Pending:
    """The import as it stands, if it is still this worker's. Raises Overtaken."""
    _must_be_held(job)
    pending = find(media_id)
    if pending is None:
        raise Overtaken
    return pending


def next_try(seconds: float) -> datetime:
    """So much later, by the clock that jobs come due by."""
    return clock.now() + timedelta(seconds=seconds)
