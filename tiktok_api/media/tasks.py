"""When media work is done: inspection once everything has arrived, sweeping now and then."""

import hashlib
from datetime import timedelta

import structlog

from tiktok_api import clock
from tiktok_api.db import end_reading, transaction
from tiktok_api.jobs.registry import Again, Ticket, task
from tiktok_api.media import inspecting, services, sweeping
from tiktok_api.media.inspecting import Facts
from tiktok_api.media.models import Media
from tiktok_api.settings import Settings
from tiktok_api.storage.errors import StorageFull, StorageUnreachable
from tiktok_api.storage.port import Storage

log = structlog.get_logger(__name__)

_PAUSE = timedelta(seconds=30)


@task(services.INSPECT)
def inspect_media(ticket: Ticket, *, storage: Storage) -> Again | None:
    """Look inside a file that has arrived. Whoever dies on the way leaves it to be inspected again."""
    media = services.find_uninspected(ticket.subject) if ticket.subject else None
    end_reading()
    try:
        if media is not None:
            _inspect(media, storage)
    except (StorageUnreachable, StorageFull) as error:  # which says nothing about the file, however long it lasts
        log.warning("media.inspection_waits", media=str(ticket.subject), error=str(error))
        return Again(clock.now() + _PAUSE)
    return None


def _inspect(media: Media, storage: Storage) -> None:
    key = str(media.storage_key)
    storage.seal(key, size=media.received_bytes)
    with storage.local_copy(key) as path:
        sha256 = media.sha256
        if sha256 is None:
            with path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        outcome = inspecting.inspect(path)
    thumbnail_key = None
    if isinstance(outcome, Facts) and outcome.thumbnail:
        thumbnail_key = storage.new_key()
        storage.put(thumbnail_key, outcome.thumbnail)
    with transaction():
        is_settled = services.settle_inspection(media.id, outcome, sha256=sha256, thumbnail_key=thumbnail_key)
    if not is_settled and thumbnail_key is not None:
        services.discard(storage, [thumbnail_key])


def _hourly(_settings: Settings) -> timedelta:
    return timedelta(hours=1)


@task("media.sweep", every=_hourly)
def sweep_media(ticket: Ticket, *, storage: Storage, settings: Settings) -> None:
    """Forget uploads that nobody finished, files that were rejected, and bytes that belong to nobody."""
    for media_id in sweeping.expired_uploads():
        with transaction():
            key = sweeping.forget_upload(media_id)
        if key is not None:
            services.discard(storage, [key])
    with transaction():
        keys = sweeping.let_go_of_rejected(timedelta(seconds=settings.upload_ttl_seconds))
    services.discard(storage, keys)
    sweeping.delete_orphans(storage)
