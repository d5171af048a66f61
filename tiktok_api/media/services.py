"""The library: find, name, read and delete media, and record what inspection found."""

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, Select, false, or_, select, update

from tiktok_api import clock, events
from tiktok_api.auth.identity import Identity
from tiktok_api.db import db, locked
from tiktok_api.errors import NotFound
from tiktok_api.jobs import queue
from tiktok_api.media import deduplication, quotas
from tiktok_api.media.errors import MediaInUse, MediaNotReady
from tiktok_api.media.inspection.inspect import Facts, Rejection
from tiktok_api.media.models import Media, MediaKind, MediaStatus
from tiktok_api.media.quotas import Quota
from tiktok_api.storage.errors import StorageError, StorageMissing
from tiktok_api.storage.port import Storage

log = structlog.get_logger(__name__)

INSPECT = "media.inspect"
LONGEST_NAME = 255


def visible_to(caller: Identity) -> list[ColumnElement[bool]]:
    """Returns the conditions for the media that the caller may see.

    A key that is confined to accounts sees what a post that it may see shows, and what no post shows: that is about no
    account. Higher domains that show media answer `media.is_visible` with a condition on the column that they are given.
    """
    conditions: list[ColumnElement[bool]] = [Media.owner_id == caller.user_id]
    if caller.account_ids is not None:
        conditions += events.ask("media.is_visible", caller=caller, media_id=Media.id)
    return conditions


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


def get_many(caller: Identity, ids: Iterable[UUID], *, is_locked: bool = False) -> dict[UUID, Media]:
    """Returns those of `ids` that are the caller's, by id.

    `is_locked`: an inspection that ends at this moment waits until this transaction is committed.
    """
    wanted = set(ids)
    if not wanted:
        return {}
    mine = select(Media).where(Media.id.in_(wanted), *visible_to(caller))
    if is_locked:
        mine = mine.with_for_update(read=True, of=Media).execution_options(populate_existing=True)
    found = db.session.scalars(mine)
    return {media.id: media for media in found}


def get_changeable(caller: Identity, media_id: UUID, *, to_change: bool = False) -> Media:
    """Returns the caller's media if they may change or delete it, with `to_change` locked.

    Raises NotFound, and what a listener of `media.changing` raises: a confined key may see media that other posts show too.
    """
    media = get_media(caller, media_id, to_change=to_change)
    if caller.account_ids is not None:
        events.announce("media.changing", caller=caller, media=media)
    return media


@dataclass(frozen=True, slots=True)
class SeenMedia:
    """Media as a confined key sees it: it does not name hidden media of which it is a duplicate or a conversion."""

    media: Media
    duplicate_of: UUID | None
    source_id: UUID | None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.media, name)


def as_seen(caller: Identity, media: Media) -> Media | SeenMedia:
    """Returns media as the caller sees it."""
    return all_as_seen(caller, [media])[0]


def all_as_seen(caller: Identity, media: Sequence[Media]) -> Sequence[Media | SeenMedia]:
    """Returns a page of media as the caller sees them."""
    if caller.account_ids is None:
        return media
    seen = get_many(caller, [each for item in media for each in (item.duplicate_of, item.source_id) if each])
    return [
        SeenMedia(
            item,
            item.duplicate_of if item.duplicate_of in seen else None,
            item.source_id if item.source_id in seen else None,
        )
        for item in media
    ]


def get_ready(caller: Identity, media_id: UUID) -> Media:
    """Returns the caller's media if it is ready. Raises NotFound, MediaNotReady."""
    media = get_media(caller, media_id)
    if not media.is_ready:
        raise MediaNotReady(status=media.status)
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


def in_library(
    caller: Identity,
    *,
    kind: Sequence[MediaKind] = (),
    status: Sequence[MediaStatus] = (),
    sha256: str | None = None,
    used: bool | None = None,
    q: str | None = None,
) -> Select[Media]:
    """Returns a select of the caller's media; `q` is a part of the name, ignoring case.

    Higher domains that use media answer `media.is_used` with a condition on the column that they are given.
    """
    statement = select(Media).where(*visible_to(caller))
    if kind:
        statement = statement.where(Media.kind.in_(kind))
    if status:
        statement = statement.where(Media.status.in_(status))
    if sha256 is not None:
        statement = statement.where(Media.sha256 == sha256.lower())
    if used is not None:
        is_used = or_(false(), *events.ask("media.is_used", media_id=Media.id))
        statement = statement.where(is_used if used else ~is_used)
    if q:
        statement = statement.where(Media.name.icontains(q, autoescape=True))
    return statement


def rename(caller: Identity, media_id: UUID, *, name: str | None = None) -> Media:
    """Change the name that people see; without `name`, nothing changes. Raises NotFound."""
    media = get_changeable(caller, media_id, to_change=True)
    if name is not None:
        media.name = clean_name(name)
    db.session.flush()
    return media


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


def change_unfinished(media_id: UUID, changes: Mapping[str, Any], *, received_before: int) -> bool:
    """Change an upload or import, by compare-and-set. Returns False unless it is unfinished and stands at `received_before`."""
    changed = db.session.execute(
        update(Media)
        .where(Media.id == media_id, Media.status == MediaStatus.UPLOADING, Media.received_bytes == received_before)
        .values(**changes)
        .returning(Media.id)
        .execution_options(synchronize_session=False)
    ).scalar()
    return changed is not None


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
