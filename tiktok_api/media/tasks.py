"""When media work is done: inspection once everything has arrived, sweeping now and then."""

import hashlib
from datetime import timedelta
from uuid import UUID

from tiktok_api import clock
from tiktok_api.db import end_reading, transaction
from tiktok_api.jobs.registry import Again, Ticket, task
from tiktok_api.media import inspecting, services, sharing, sweeping
from tiktok_api.media.inspecting import Facts
from tiktok_api.settings import Settings
from tiktok_api.storage.errors import StorageMissing
from tiktok_api.storage.port import Storage


@task(services.INSPECT)
def inspect_media(ticket: Ticket, *, storage: Storage) -> Again | None:
    """Look inside a file that has arrived. Whoever dies on the way leaves it to be inspected again."""
    media = services.find_uninspected(ticket.subject) if ticket.subject else None
    end_reading()
    if media is None:
        return None
    media_id, owner_id, key, sha256 = media.id, media.owner_id, str(media.storage_key), media.sha256
    storage.seal(key, size=media.received_bytes)
    with storage.local_copy(key) as path:
        if sha256 is None:
            with path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        with transaction():
            media = services.recognize(media_id, owner_id, sha256=sha256)
        if media is None:
            return None
        if media.storage_key != key:  # it shares other bytes now, and these are about to go
            return Again(clock.now())
        outcome = inspecting.inspect(path)
    thumbnail_key = None
    if isinstance(outcome, Facts) and outcome.thumbnail:
        thumbnail_key = storage.new_key()
        storage.put(thumbnail_key, outcome.thumbnail)
    with transaction():
        is_settled = services.settle_inspection(media_id, owner_id, outcome, thumbnail_key=thumbnail_key)
    if not is_settled and thumbnail_key is not None:
        storage.delete(thumbnail_key)
    return None


@task(sharing.DROP, most_failures=30)
def drop_bytes(ticket: Ticket, *, storage: Storage) -> None:
    """Delete what no row holds any more. A duplicate goes only if what it shares instead is really there."""
    keys, instead = list(ticket.payload["keys"]), ticket.payload.get("instead")
    if instead is not None and not _is_there(storage, instead["key"], instead["size"]):
        storage.seal(keys[0], size=instead["size"])
        with transaction():
            sharing.give_back(UUID(instead["owner_id"]), lost=instead["key"], found=keys[0])
    held = sharing.held_among(keys)
    end_reading()
    for key in keys:
        if key not in held:
            storage.delete(key)


def _is_there(storage: Storage, key: str, size: int) -> bool:
    try:
        return storage.size(key) == size
    except StorageMissing:
        return False


def _hourly(_settings: Settings) -> timedelta:
    return timedelta(hours=1)


@task("media.sweep", every=_hourly)
def sweep_media(ticket: Ticket, *, storage: Storage, settings: Settings) -> None:
    """Forget uploads that nobody finished, files that were rejected, and bytes that belong to nobody."""
    for media_id in sweeping.expired_uploads():
        with transaction():
            sweeping.forget_upload(media_id)
    for media_id in sweeping.old_rejected(timedelta(seconds=settings.upload_ttl_seconds)):
        with transaction():
            sweeping.let_go_of_rejected(media_id)
    sweeping.delete_orphans(storage)
