"""When media work is done: fetching in its turn, inspection once everything has arrived, conversion on request, sweeping now and then."""

import hashlib
from datetime import timedelta
from uuid import UUID

import structlog

from tiktok_api import clock
from tiktok_api.db import end_reading, transaction
from tiktok_api.encryption import Encryptor
from tiktok_api.jobs.registry import ClaimedJob, RunAgain, task
from tiktok_api.media import cleanup, conversion, deduplication, services
from tiktok_api.media.imports import download
from tiktok_api.media.imports import imports as importing
from tiktok_api.media.imports.concurrency import Turnstile
from tiktok_api.media.inspection import inspect
from tiktok_api.media.inspection.inspect import Facts, Rejection
from tiktok_api.media.models import Media
from tiktok_api.media.quotas import Quota
from tiktok_api.metrics import counters
from tiktok_api.outbound import Fetcher, Patience
from tiktok_api.settings import Settings
from tiktok_api.storage.errors import StorageFull, StorageMissing, StorageUnreachable
from tiktok_api.storage.port import Storage

log = structlog.get_logger(__name__)

_PAUSE = timedelta(seconds=30)


@task(services.INSPECT)
def inspect_media(job: ClaimedJob, *, storage: Storage) -> RunAgain | None:
    """Look inside a file that has arrived. Whoever dies on the way leaves it to be inspected again."""
    media = services.find_uninspected(job.subject) if job.subject else None
    end_reading()
    try:
        return _inspect(media, storage) if media is not None else None
    except (StorageUnreachable, StorageFull) as error:
        return _wait(job, error)


def _wait(job: ClaimedJob, error: Exception) -> RunAgain:
    """Storage that fails says nothing about the file, however long it lasts."""
    log.warning("media.waits_for_storage", kind=job.kind, media=str(job.subject), error=str(error))
    return RunAgain(clock.now() + _PAUSE)


def _inspect(media: Media, storage: Storage) -> RunAgain | None:
    media_id, owner_id, key, sha256 = media.id, media.owner_id, str(media.storage_key), media.sha256
    storage.finalize(key, size=media.received_bytes)
    with storage.local_copy(key) as path:
        if sha256 is None:
            with path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        with transaction():
            recognized = services.recognize(media_id, owner_id, sha256=sha256)
        if recognized is None:
            return None
        if recognized.storage_key != key:  # it shares other bytes now, and these are about to go
            return RunAgain(clock.now())
        outcome = inspect.inspect(path)
    thumbnail_key = None
    if isinstance(outcome, Facts) and outcome.thumbnail:
        thumbnail_key = storage.new_key()
        storage.put(thumbnail_key, outcome.thumbnail)
    with transaction():
        is_settled = services.settle_inspection(media_id, owner_id, outcome, thumbnail_key=thumbnail_key)
    if is_settled:
        counters.inspections.labels("ready" if isinstance(outcome, Facts) else "rejected").inc()
    elif thumbnail_key is not None:
        services.discard(storage, [thumbnail_key])
    return None


@task(deduplication.DROP, most_failures=30)
def drop_bytes(job: ClaimedJob, *, storage: Storage) -> None:
    """Delete what no row holds any more. A duplicate goes only if what it shares instead is really there."""
    keys, instead = list(job.payload["keys"]), job.payload.get("instead")
    if instead is not None and not _is_there(storage, instead["key"], instead["size"]):
        storage.finalize(keys[0], size=instead["size"])
        with transaction():
            deduplication.give_back(UUID(instead["owner_id"]), lost=instead["key"], found=keys[0])
    held = deduplication.held_among(keys)
    end_reading()
    for key in keys:
        if key not in held:
            storage.delete(key)


def _is_there(storage: Storage, key: str, size: int) -> bool:
    try:
        return storage.size(key) == size
    except StorageMissing:
        return False


_UNTIL_OUR_TURN_SECONDS = 5.0
_CONNECT_SECONDS = 10.0


@task(importing.IMPORT)
def fetch_import(
    job: ClaimedJob,
    *,
    storage: Storage,
    encryptor: Encryptor,
    fetcher: Fetcher,
    settings: Settings,
    turnstile: Turnstile,
) -> RunAgain | None:
    """Fetch what is to be imported, unless it has ended meanwhile. Whoever dies on the way leaves it to be gone on with."""
    pending = importing.find(job.subject) if job.subject else None
    end_reading()
    if pending is None:
        return None
    with turnstile.turn(pending.owner_id) as is_ours:
        if not is_ours:
            return RunAgain(importing.next_try(_UNTIL_OUR_TURN_SECONDS))
        silence = settings.upload_stall_seconds
        patience = Patience(
            connect_seconds=min(_CONNECT_SECONDS, silence),
            head_seconds=silence,
            silence_seconds=silence,
            total_seconds=settings.import_max_seconds,
        )
        bounds = download.Bounds(max_bytes=settings.media_max_bytes, quota=Quota.of(settings), patience=patience)
        return download.attempt(job, pending, storage=storage, encryptor=encryptor, fetcher=fetcher, bounds=bounds)


@task(conversion.CONVERT)
def convert_photo(job: ClaimedJob, *, storage: Storage, settings: Settings) -> RunAgain | None:
    """Make a photo from another. Whoever dies on the way leaves it to be made again; bytes that nobody owns are swept."""
    work = conversion.find_work(job.subject) if job.subject else None
    end_reading()
    try:
        if work is not None:
            _make(work, storage, Quota.of(settings))
    except (StorageUnreachable, StorageFull) as error:
        return _wait(job, error)
    return None


def _make(work: conversion.Work, storage: Storage, quota: Quota) -> None:
    outcome = _convert(work, storage)
    if isinstance(outcome, Rejection):
        with transaction():
            conversion.refuse(work, outcome)
        return
    key = storage.new_key()
    storage.put(key, outcome)
    with transaction():
        is_kept = conversion.keep(work, outcome, key, quota=quota)
    if not is_kept:
        services.discard(storage, [key])


def _convert(work: conversion.Work, storage: Storage) -> bytes | Rejection:
    if work.source_key is None:
        return conversion.SOURCE_GONE
    try:
        with storage.local_copy(work.source_key) as path:
            return conversion.convert(path, str(work.source_content_type), work.wanted)
    except StorageMissing:
        return conversion.SOURCE_GONE


def _hourly(_settings: Settings) -> timedelta:
    return timedelta(hours=1)


@task("media.sweep", every=_hourly)
def sweep_media(job: ClaimedJob, *, storage: Storage, settings: Settings) -> None:
    """Forget uploads that nobody finished, give up late imports, forget files that were rejected, and bytes that belong to nobody."""
    for media_id in cleanup.expired_uploads():
        with transaction():
            cleanup.forget_upload(media_id)
    for media_id in importing.overdue():
        with transaction():
            importing.reject(media_id, importing.GAVE_UP)
    for media_id in cleanup.old_rejected(timedelta(seconds=settings.upload_ttl_seconds)):
        with transaction():
            cleanup.let_go_of_rejected(media_id)
    cleanup.delete_orphans(storage)
