"""The jobs of media: inspections, deletions, imports, and the hourly cleanup; importing this module also adds those of conversions."""

import hashlib
from datetime import timedelta
from uuid import UUID

from tiktok_api import clock
from tiktok_api.db import end_reading, transaction
from tiktok_api.encryption import Encryptor
from tiktok_api.jobs.lanes import Lane
from tiktok_api.jobs.registry import ClaimedJob, RunAgain, hourly, task
from tiktok_api.media import cleanup, deduplication, services
from tiktok_api.media.conversion import tasks as conversion_tasks
from tiktok_api.media.imports import download
from tiktok_api.media.imports import services as imports
from tiktok_api.media.inspection import inspect, pauses
from tiktok_api.media.inspection.admission import open_unless_paused
from tiktok_api.media.inspection.inspect import Facts
from tiktok_api.media.models import Media
from tiktok_api.media.quotas import Quota
from tiktok_api.metrics import counters
from tiktok_api.outbound import Fetcher, Patience
from tiktok_api.settings import Settings
from tiktok_api.storage.port import Storage

TASK_MODULES = (conversion_tasks,)
"""The drawers' modules that register their tasks when they are imported."""


@task(services.INSPECT, lane=Lane.MEDIA)
def inspect_media(job: ClaimedJob, *, storage: Storage) -> RunAgain | None:
    """Inspect a complete file. If the worker dies, the next one inspects it again."""
    media = services.find_uninspected(job.subject) if job.subject else None
    return open_unless_paused(job, media, lambda media: _inspect(media, storage))


def _inspect(media: Media, storage: Storage) -> RunAgain | None:
    media_id, owner_id, key, sha256 = media.id, media.owner_id, str(media.storage_key), media.sha256
    storage.finalize(key, size=media.received_bytes)
    with storage.local_copy(key) as path:
        if sha256 is None:
            with path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        with transaction():
            recognized = services.store_hash(media_id, owner_id, sha256=sha256)
        if recognized is None:
            return None
        if recognized.storage_key != key:  # it shares other bytes now, and a job deletes these
            return RunAgain(clock.now())
        outcome = inspect.inspect(path)
    thumbnail_key = None
    if isinstance(outcome, Facts) and outcome.thumbnail:
        thumbnail_key = storage.new_key()
        storage.put(thumbnail_key, outcome.thumbnail)
    with cleanup.kept_or_discarded(storage, thumbnail_key), transaction():
        pauses.pause_if_exhausting(owner_id, outcome)
        is_stored = services.store_inspection(media_id, owner_id, outcome, thumbnail_key=thumbnail_key)
    if is_stored:
        counters.inspections.labels("ready" if isinstance(outcome, Facts) else "rejected").inc()
    elif thumbnail_key is not None:
        services.discard(storage, [thumbnail_key])
    return None


@task(deduplication.DELETE_BYTES, lane=Lane.MEDIA, most_failures=30)
def delete_bytes(job: ClaimedJob, *, storage: Storage) -> None:
    """Delete bytes that no row uses. A duplicate's own bytes are deleted only if the shared ones are really stored."""
    keys, instead = list(job.payload["keys"]), job.payload.get("instead")
    if instead is not None and not services.is_stored(storage, instead["key"], instead["size"]):
        storage.finalize(keys[0], size=instead["size"])
        with transaction():
            deduplication.restore_shared(UUID(instead["owner_id"]), lost=instead["key"], found=keys[0])
    used = deduplication.keys_in_use(keys)
    end_reading()
    for key in keys:
        if key not in used:
            storage.delete(key)


_CONNECT_SECONDS = 10.0


@task(imports.IMPORT, lane=Lane.IMPORT)
def fetch_import(
    job: ClaimedJob,
    *,
    storage: Storage,
    encryptor: Encryptor,
    fetcher: Fetcher,
    settings: Settings,
) -> RunAgain | None:
    """Download an import, unless it has ended meanwhile. If the worker dies, the next one resumes."""
    pending = imports.find_pending(job.subject) if job.subject else None
    end_reading()
    if pending is None:
        return None
    silence = settings.upload_stall_seconds
    patience = Patience(
        connect_seconds=min(_CONNECT_SECONDS, silence),
        head_seconds=silence,
        silence_seconds=silence,
        total_seconds=settings.import_max_seconds,
    )
    limits = download.ImportLimits(
        max_bytes=settings.media_max_bytes,
        quota=Quota.of(settings),
        patience=patience,
        turn_seconds=settings.import_turn_seconds,
    )
    return download.attempt(job, pending, storage=storage, encryptor=encryptor, fetcher=fetcher, limits=limits)


@task("media.sweep", lane=Lane.MEDIA, every=hourly)
def sweep_media(job: ClaimedJob, *, storage: Storage, settings: Settings) -> None:
    """Delete expired uploads, reject overdue imports, and delete rejected content and bytes without a row."""
    for media_id in cleanup.find_expired():
        with transaction():
            cleanup.delete_expired(media_id)
    for media_id in imports.find_overdue():
        with transaction():
            imports.reject(media_id, imports.TIMED_OUT)
    for media_id in cleanup.find_old_rejected(timedelta(seconds=settings.upload_ttl_seconds)):
        with transaction():
            cleanup.release_rejected(media_id)
    cleanup.delete_orphans(storage)
