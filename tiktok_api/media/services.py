"""The library: name and delete media, and record what inspection found."""

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Select, select, update
from sqlalchemy import delete as delete_rows

from tiktok_api import clock, events
from tiktok_api.auth.identity import Identity
from tiktok_api.db import db, locked
from tiktok_api.db.reads import Given, is_any, reading
from tiktok_api.errors import NotFound
from tiktok_api.jobs import queue
from tiktok_api.media import deduplication, quotas
from tiktok_api.media.errors import MediaInUse
from tiktok_api.media.inspection.inspect import Facts, Rejection
from tiktok_api.media.models import Media, MediaKind, MediaLabel, MediaStatus
from tiktok_api.media.queries import visible_to
from tiktok_api.media.quotas import Quota
from tiktok_api.storage.errors import StorageError, StorageMissing
from tiktok_api.storage.port import Storage

log = structlog.get_logger(__name__)

INSPECT = "media.inspect"
LONGEST_NAME = 255


def get_media(caller: Identity, media_id: UUID, *, to_change: bool = False) -> Media:
    """Returns the caller's media with this id, with `to_change` locked. Raises NotFound.

    Lock order: posts, library, media (`deduplication.lock_library`).
    """
    mine = select(Media).where(Media.id == media_id, *visible_to(caller))
    fresh = mine.execution_options(populate_existing=True)
    media = locked(mine, key_share=True) if to_change else db.session.scalar(fresh)
    if media is None:
        raise NotFound
    return media


@reading
def _named(given: Given) -> Select[Any]:
    query = select(Media).where(is_any(Media.id, given["ids"]), *visible_to(given))
    return query.with_for_update(read=True, of=Media) if "is_locked" in given else query


def get_many(caller: Identity, ids: Iterable[UUID], *, is_locked: bool = False) -> dict[UUID, Any]:
    """Returns those of `ids` that are the caller's, by id, to be looked at.

    `is_locked`: an inspection that ends at this moment waits until this transaction is committed.
    """
    wanted = set(ids)
    found = _named.all(**caller.reach, ids=wanted, is_locked=is_locked or None) if wanted else []
    return {media.id: media for media in found}


def get_changeable(caller: Identity, media_id: UUID, *, to_change: bool = False) -> Media:
    """Returns the caller's media if they may change or delete it, with `to_change` locked.

    Raises NotFound, and what a listener of `media.changing` raises: a confined key may see media that other posts show too.
    """
    media = get_media(caller, media_id, to_change=to_change)
    if caller.account_ids is not None:
        events.announce("media.changing", caller=caller, media=media)
    return media


def read_bytes(storage: Storage, media: Media, first: int, last: int) -> Iterator[bytes]:
    """The bytes `first` to `last`, both included as in a Content-Range, in pieces of at most 1 MiB.

    Raises StorageMissing before the first piece when the content is gone, StorageUnreachable at any.
    """
    return storage.read(str(media.storage_key), first, last)


def is_stored(storage: Storage, key: str, size: int) -> bool:
    """Returns True if all bytes are still stored. Raises StorageUnreachable when that cannot be known."""
    try:
        return storage.size(key) == size
    except StorageMissing:
        return False


def change(caller: Identity, media_id: UUID, *, name: str | None = None, labels: list[str] | None = None) -> Media:
    """Change the name that people see, and the labels; what is not given stays. Raises NotFound."""
    media = get_changeable(caller, media_id, to_change=True)
    if name is not None:
        media.name = clean_name(name)
    if labels is not None and labels != media.labels:
        _label(media, labels)
    db.session.flush()
    return media


def _label(media: Media, labels: list[str]) -> None:
    media.labels = labels
    db.session.execute(delete_rows(MediaLabel).where(MediaLabel.media_id == media.id))
    db.session.add_all(MediaLabel(owner_id=media.owner_id, media_id=media.id, label=label) for label in labels)


def delete(caller: Identity, media_id: UUID, *, precondition: Callable[[Media], None] = lambda _: None) -> None:
    """Delete media from the library. A job deletes its bytes afterwards, unless a duplicate shares them.

    `precondition` gets the locked row and may refuse. Higher domains that use the media object by answering
    `media.may_be_deleted` with False or an exception. Raises NotFound, MediaInUse.
    """
    check_deletable(get_changeable(caller, media_id))
    deduplication.lock_library(caller.user_id)
    media = get_media(caller, media_id, to_change=True)  # read again: it may have a duplicate by now, or be deleted
    precondition(media)
    deduplication.remove(media)


def discard(storage: Storage, keys: Iterable[str]) -> None:
    """Delete content that is in no library. What cannot be deleted now is left to the cleanup."""
    for key in keys:
        try:
            storage.delete(key)
        except StorageError as error:
            log.warning("media.not_discarded", key=key, error=str(error))


def check_deletable(media: Media) -> None:
    """Raises MediaInUse, or the exception of a listener, if the media is still needed."""
    if False in events.ask("media.may_be_deleted", media=media):
        raise MediaInUse


def add_received(
    caller: Identity,
    *,
    storage_key: str,
    name: str,
    content_type: str | None,
    size_bytes: int,
    sha256: str,
    quota: Quota,
) -> Media:
    """Add a stored file to the library and request its inspection. Raises MediaQuotaExceeded, InspectionsPending."""
    deduplication.lock_library(caller.user_id)
    is_known = deduplication.find_stored_copy(caller.user_id, sha256) is not None
    quotas.check_fits(caller.user_id, quota, more_bytes=0 if is_known else size_bytes)
    media = Media(
        owner_id=caller.user_id,
        name=clean_name(name),
        content_type=content_type,
        size_bytes=size_bytes,
        received_bytes=size_bytes,
        storage_key=storage_key,
    )
    db.session.add(media)
    request_inspection(media, sha256=sha256)
    return media


def change_unfinished(media_id: UUID, changes: Mapping[str, Any], *, received_before: int) -> Media | None:
    """Change an upload or import, by compare-and-set. Returns it; None unless it is unfinished and stands at `received_before`."""
    changed = (
        update(Media)
        .where(Media.id == media_id, Media.status == MediaStatus.UPLOADING, Media.received_bytes == received_before)
        .values(**changes)
        .returning(Media)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    return db.session.scalar(changed)


def request_inspection(media: Media, *, sha256: str | None) -> None:
    """Enqueue the inspection of complete media, unless its content is already known.

    Without `sha256` the job computes the hash. With it, call this function under the lock on the library.
    """
    media.status, media.expires_at, media.reserved_bytes = MediaStatus.INSPECTING, None, 0
    db.session.flush()
    if sha256 is None or not _is_known(media, sha256):
        queue.enqueue(INSPECT, due_at=clock.now(), owner_id=media.owner_id, subject=media.id)


def store_hash(media_id: UUID, owner_id: UUID, *, sha256: str) -> Media | None:
    """Store the hash of media. Returns the media if it must be inspected, None if a duplicate's result was copied."""
    deduplication.lock_library(owner_id)
    media = find_uninspected(media_id)
    return None if media is None or _is_known(media, sha256) else media


def _is_known(media: Media, sha256: str) -> bool:
    is_hashed = media.sha256 is not None
    is_known = deduplication.copy_facts(media) if is_hashed else deduplication.store_hash(media, sha256)
    if is_known:
        events.announce("media.inspected", media=media)
    return is_known


def find_uninspected(media_id: UUID) -> Media | None:
    """Returns the media if it still waits for its inspection."""
    found = select(Media).where(Media.id == media_id, Media.status == MediaStatus.INSPECTING)
    return db.session.scalar(found.execution_options(populate_existing=True))


def store_inspection(media_id: UUID, owner_id: UUID, outcome: Facts | Rejection, *, thumbnail_key: str | None) -> bool:
    """Store the result of an inspection.

    Returns False if another worker or a duplicate was faster, or the media was deleted.
    """
    deduplication.lock_library(owner_id)
    media = find_uninspected(media_id)
    if media is None or _is_known(media, str(media.sha256)):
        return False
    if isinstance(outcome, Rejection):
        reject(media, outcome)
        return True
    facts = asdict(outcome) | {"kind": MediaKind(outcome.kind), "status": MediaStatus.READY}
    del facts["thumbnail"]
    for name, value in facts.items():
        setattr(media, name, value)
    media.thumbnail_key = thumbnail_key
    db.session.flush()
    events.announce("media.inspected", media=media)
    return True


def reject(media: Media, reason: Rejection) -> None:
    """Mark media as rejected, with the reason. Call it under the lock on the library."""
    media.status, media.rejection = MediaStatus.REJECTED, asdict(reason)
    db.session.flush()
    events.announce("media.inspected", media=media)


def clean_name(name: str) -> str:
    """Returns a file's name for people: its last part, printable, at most 255 characters. It is never used as a path."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rstrip("/").rpartition("/")[2]
    shown = "".join(character for character in last if character.isprintable()).strip()
    return shown[:LONGEST_NAME] or "untitled"
