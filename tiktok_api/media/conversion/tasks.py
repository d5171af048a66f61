"""The jobs that make media out of media: photos, films and frames."""

import hashlib
from contextlib import suppress
from tempfile import TemporaryFile
from typing import IO

from tiktok_api.db import transaction
from tiktok_api.jobs.lanes import Lane
from tiktok_api.jobs.registry import ClaimedJob, RunAgain, task
from tiktok_api.media import cleanup, services
from tiktok_api.media.conversion import films, frames, photos, rendering, unmade
from tiktok_api.media.conversion.films import FilmLimits, PendingFilm
from tiktok_api.media.inspection import pauses
from tiktok_api.media.inspection.admission import open_unless_paused
from tiktok_api.media.inspection.inspect import Rejection
from tiktok_api.media.quotas import Quota
from tiktok_api.settings import Settings
from tiktok_api.storage.errors import StorageMissing
from tiktok_api.storage.port import Storage

_PIECE_BYTES = 1024 * 1024


@task(photos.CONVERT, lane=Lane.MEDIA)
def convert_photo(job: ClaimedJob, *, storage: Storage, settings: Settings) -> RunAgain | None:
    """Convert a photo. If the worker dies, the next one converts it again; the cleanup deletes bytes without a row."""
    pending = photos.find_pending(job.subject) if job.subject else None
    return open_unless_paused(job, pending, lambda pending: _make(pending, storage, Quota.of(settings)))


def _make(pending: photos.PendingConversion, storage: Storage, quota: Quota) -> None:
    outcome = _convert(pending, storage)
    if isinstance(outcome, Rejection):
        _reject(pending, outcome)
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
    if pending.source is None:
        return unmade.SOURCE_GONE
    try:
        with storage.local_copy(pending.source.key) as path:
            return photos.convert(path, pending.source.content_type, pending.wanted)
    except StorageMissing:
        return unmade.SOURCE_GONE


def _reject(pending: photos.PendingConversion | PendingFilm, rejection: Rejection) -> None:
    with transaction():
        pauses.pause_if_exhausting(pending.owner_id, rejection)
        unmade.reject(pending.owner_id, pending.media_id, rejection)


@task(films.FILM, lane=Lane.FILM)
def make_film(job: ClaimedJob, *, storage: Storage, settings: Settings) -> RunAgain | None:
    """Convert a video or make a slideshow. If the worker dies, its child does too, and the next worker makes the film again."""
    limits = FilmLimits.of(settings)
    return open_unless_paused(job, films.find_pending(job), lambda pending: _film(job, pending, storage, limits))


def _film(job: ClaimedJob, pending: PendingFilm, storage: Storage, limits: FilmLimits) -> None:
    maker = rendering.Maker(storage, limits.cpu_seconds, lambda percentage: _tell(job, pending, percentage))
    with suppress(rendering.Unwanted), TemporaryFile() as target:
        rejection = maker.make(pending, target)
        if rejection is not None:
            _reject(pending, rejection)
            return
        key = storage.new_key()
        with cleanup.kept_or_discarded(storage, key):
            size_bytes, sha256 = _store_file(storage, key, target)
            with transaction():
                is_kept = unmade.store(
                    pending.owner_id,
                    pending.media_id,
                    key,
                    size_bytes=size_bytes,
                    sha256=sha256,
                    quota=limits.quota,
                )
        if not is_kept:
            services.discard(storage, [key])


def _tell(job: ClaimedJob, pending: PendingFilm, percentage: float) -> None:
    with transaction():
        is_wanted = films.store_progress(job, pending.media_id, percentage)
    if not is_wanted:
        raise rendering.Unwanted


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
    return open_unless_paused(job, pending, lambda pending: _draw(pending, storage))


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
