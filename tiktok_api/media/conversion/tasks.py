"""The jobs that make media out of media: photos, films and frames."""

import hashlib
from datetime import timedelta
from tempfile import TemporaryFile
from typing import IO

import structlog

from tiktok_api import clock
from tiktok_api.db import end_reading, transaction
from tiktok_api.jobs.lanes import Lane
from tiktok_api.jobs.registry import ClaimedJob, RunAgain, task
from tiktok_api.media import cleanup, services
from tiktok_api.media.conversion import films, frames, photos, rendering, unmade
from tiktok_api.media.conversion.films import FilmLimits, PendingFilm
from tiktok_api.media.inspection import pauses
from tiktok_api.media.inspection.inspect import Rejection
from tiktok_api.media.quotas import Quota
from tiktok_api.settings import Settings
from tiktok_api.storage.errors import StorageFull, StorageMissing, StorageUnreachable
from tiktok_api.storage.port import Storage

log = structlog.get_logger(__name__)

_PAUSE = timedelta(seconds=30)
_PIECE_BYTES = 1024 * 1024


def wait_for_storage(job: ClaimedJob, error: Exception) -> RunAgain:
    """Try again later: a failing storage says nothing about the file, however long it lasts."""
    log.warning("media.waits_for_storage", kind=job.kind, media=str(job.subject), error=str(error))
    return RunAgain(clock.now() + _PAUSE)


@task(photos.CONVERT, lane=Lane.MEDIA)
def convert_photo(job: ClaimedJob, *, storage: Storage, settings: Settings) -> RunAgain | None:
    """Convert a photo. If the worker dies, the next one converts it again; the cleanup deletes bytes without a row."""
    pending = photos.find_pending(job.subject) if job.subject else None
    until = pauses.paused_until(pending.owner_id) if pending is not None else None
    end_reading()
    if until is not None:
        return RunAgain(until)
    try:
        if pending is not None:
            _make(pending, storage, Quota.of(settings))
    except (StorageUnreachable, StorageFull) as error:
        return wait_for_storage(job, error)
    return None


def _make(pending: photos.PendingConversion, storage: Storage, quota: Quota) -> None:
    outcome = _convert(pending, storage)
    if isinstance(outcome, Rejection):
        with transaction():
            pauses.pause_if_exhausting(pending.owner_id, outcome)
            unmade.reject(pending.owner_id, pending.media_id, outcome)
        return
    key = storage.new_key()
    storage.put(key, outcome)
    size_bytes, sha256 = len(outcome), hashlib.sha256(outcome).hexdigest()
    with cleanup.kept_or_discarded(storage, key), transaction():
        is_kept = unmade.store(
            pending.owner_id, pending.media_id, key, size_bytes=size_bytes, sha256=sha256, quota=quota
        )
    if not is_kept:
        services.discard(storage, [key])


def _convert(pending: photos.PendingConversion, storage: Storage) -> bytes | Rejection:
    if pending.source_key is None:
        return unmade.SOURCE_GONE
    try:
        with storage.local_copy(pending.source_key) as path:
            return photos.convert(path, str(pending.source_content_type), pending.wanted)
    except StorageMissing:
        return unmade.SOURCE_GONE


@task(films.FILM, lane=Lane.FILM)
def make_film(job: ClaimedJob, *, storage: Storage, settings: Settings) -> RunAgain | None:
    """Convert a video or make a slideshow. If the worker dies, its child does too, and the next worker makes the film again."""
    pending = films.find_pending(job)
    until = pauses.paused_until(pending.owner_id) if pending is not None else None
    end_reading()
    if pending is None:
        return None
    if until is not None:
        return RunAgain(until)
    limits = FilmLimits.of(settings)

    def tell(percentage: float) -> None:
        with transaction():
            is_wanted = films.store_progress(job, pending.media_id, percentage)
        if not is_wanted:
            raise rendering.Unwanted

    maker = rendering.Maker(storage, limits.cpu_seconds, tell)
    try:
        _film(pending, maker, limits.quota)
    except rendering.Unwanted:
        return None
    except (StorageUnreachable, StorageFull) as error:
        return wait_for_storage(job, error)
    return None


def _film(pending: PendingFilm, maker: rendering.Maker, quota: Quota) -> None:
    storage = maker.storage
    with TemporaryFile() as target:
        rejection = maker.make(pending, target)
        if rejection is not None:
            with transaction():
                pauses.pause_if_exhausting(pending.owner_id, rejection)
                unmade.reject(pending.owner_id, pending.media_id, rejection)
            return
        key = storage.new_key()
        with cleanup.kept_or_discarded(storage, key):
            size_bytes, sha256 = _store_file(storage, key, target)
            with transaction():
                is_kept = unmade.store(
                    pending.owner_id, pending.media_id, key, size_bytes=size_bytes, sha256=sha256, quota=quota
                )
    if not is_kept:
        services.discard(storage, [key])


def _store_file(storage: Storage, key: str, file: IO[bytes]) -> tuple[int, str]:
    """Store all of `file` in pieces. Returns its size and hash."""
    file.seek(0)
    digest = hashlib.sha256()
    storage.create(key)
    with storage.append(key) as appender:
        appender.rewind(0)
        while piece := file.read(_PIECE_BYTES):
            digest.update(piece)
            appender.write(piece)
        size_bytes = appender.flush()
    storage.finalize(key, size=size_bytes)
    return size_bytes, digest.hexdigest()


@task(frames.FRAMES, lane=Lane.MEDIA)
def draw_frames(job: ClaimedJob, *, storage: Storage) -> RunAgain | None:
    """Draw the frames of a video. If the worker dies, the next one draws them again; the cleanup deletes bytes without a row."""
    pending = frames.find_pending(job.subject) if job.subject else None
    until = pauses.paused_until(pending.owner_id) if pending is not None else None
    end_reading()
    if until is not None:
        return RunAgain(until)
    try:
        if pending is not None:
            _draw(pending, storage)
    except (StorageUnreachable, StorageFull) as error:
        return wait_for_storage(job, error)
    return None


def _draw(pending: frames.PendingFrames, storage: Storage) -> None:
    try:
        with storage.local_copy(pending.source.key) as path:
            outcome = rendering.draw_frames(path, pending.source.content_type, pending.count)
    except StorageMissing:
        outcome = unmade.SOURCE_GONE
    if isinstance(outcome, Rejection):
        with transaction():
            pauses.pause_if_exhausting(pending.owner_id, outcome)
            frames.reject(pending, outcome)
        return
    stored: list[tuple[int, str]] = []
    for timestamp_ms, picture in outcome:
        stored.append((timestamp_ms, storage.new_key()))
        storage.put(stored[-1][1], picture)
    with transaction():
        is_kept = frames.store(pending, stored)
    if not is_kept:
        services.discard(storage, [key for _, key in stored])
