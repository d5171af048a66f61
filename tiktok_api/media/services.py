"""The library: finding, naming, reading and deleting media, and settling what inspection found."""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Select, select, update

from tiktok_api import clock, events
from tiktok_api.auth.identity import Identity
from tiktok_api.db import db
from tiktok_api.errors import NotFound
from tiktok_api.jobs import queue
from tiktok_api.media.errors import MediaInUse, MediaNotReady
from tiktok_api.media.inspecting import Facts, Rejection
from tiktok_api.media.models import Media, MediaKind, MediaStatus
from tiktok_api.storage.errors import StorageError
from tiktok_api.storage.port import Storage

log = structlog.get_logger(__name__)

INSPECT = "media.inspect"
_LONGEST_NAME = 255


def get_media(caller: Identity, media_id: UUID) -> Media:
    """The caller's media with this id. Raises NotFound."""
    media = db.session.scalar(select(Media).where(Media.id == media_id, Media.owner_id == caller.user_id))
    if media is None:
        raise NotFound
    return media


def get_many(caller: Identity, ids: Iterable[UUID]) -> dict[UUID, Media]:
    """Those of `ids` that are the caller's, by id; what is not is left out."""
    found = db.session.scalars(select(Media).where(Media.id.in_(set(ids)), Media.owner_id == caller.user_id))
    return {media.id: media for media in found}


def get_ready(caller: Identity, media_id: UUID) -> Media:
    """The caller's media, inspected and found good. Raises NotFound, MediaNotReady."""
    media = get_media(caller, media_id)
    if not media.is_ready:
        raise MediaNotReady(status=media.status)
    return media


def read_bytes(storage: Storage, media: Media, first: int, last: int) -> Iterator[bytes]:
    """The bytes `first` to `last`, both included as in a Content-Range, in pieces of at most 1 MiB.

    Raises StorageMissing before the first piece when the content is gone, StorageUnreachable at any.
    """
    return storage.read(str(media.storage_key), first, last)


def in_library(
    caller: Identity, *, kind: MediaKind | None = None, status: MediaStatus | None = None, q: str | None = None
) -> Select[Media]:
    """A select of the caller's media; `q` is looked for in the name, ignoring case."""
    statement = select(Media).where(Media.owner_id == caller.user_id)
    if kind is not None:
        statement = statement.where(Media.kind == kind)
    if status is not None:
        statement = statement.where(Media.status == status)
    if q:
        statement = statement.where(Media.name.icontains(q, autoescape=True))
    return statement


def rename(caller: Identity, media_id: UUID, *, name: str) -> Media:
    """Give it another name, for people only. Raises NotFound."""
    media = get_media(caller, media_id)
    media.name = clean_name(name)
    db.session.flush()
    return media


def delete(caller: Identity, media_id: UUID) -> list[str]:
    """Take it out of the library; answers the storage keys to delete once that is committed.

    Whoever uses it may object by answering `media.may_be_deleted` with False or an exception. Raises NotFound, MediaInUse.
    """
    media = get_media(caller, media_id)
    object_if_needed(media)
    db.session.delete(media)
    db.session.flush()
    return [key for key in (media.storage_key, media.thumbnail_key) if key]


def discard(storage: Storage, keys: Iterable[str]) -> None:
    """Delete content that is in nobody's library any more; what cannot be deleted now is swept later."""
    for key in keys:
        try:
            storage.delete(key)
        except StorageError as error:
            log.warning("media.not_discarded", key=key, error=str(error))


def object_if_needed(media: Media) -> None:
    """Raises MediaInUse, or what somebody else raises, where it is still needed."""
    if False in events.ask("media.may_be_deleted", media=media):
        raise MediaInUse


def add_received(
    caller: Identity, *, storage_key: str, name: str, content_type: str | None, size_bytes: int, sha256: str
) -> Media:
    """Take a file that is in storage already into the library and have it inspected."""
    media = Media(
        owner_id=caller.user_id,
        status=MediaStatus.INSPECTING,
        name=clean_name(name),
        content_type=content_type,
        size_bytes=size_bytes,
        received_bytes=size_bytes,
        sha256=sha256,
        storage_key=storage_key,
    )
    db.session.add(media)
    db.session.flush()
    promise_inspection(media.id)
    return media


def promise_inspection(media_id: UUID) -> None:
    """Have it inspected as soon as a worker is free."""
    queue.promise(INSPECT, due_at=clock.now(), subject=media_id)


def find_uninspected(media_id: UUID) -> Media | None:
    """The media if it still waits to be inspected."""
    return db.session.scalar(select(Media).where(Media.id == media_id, Media.status == MediaStatus.INSPECTING))


def settle_inspection(media_id: UUID, outcome: Facts | Rejection, *, sha256: str, thumbnail_key: str | None) -> bool:
    """Write down what inspection found. False: somebody else has done so, or the media is gone."""
    values: dict[str, Any] = {"sha256": sha256, "expires_at": None, "thumbnail_key": thumbnail_key}
    if isinstance(outcome, Rejection):
        values |= {"status": MediaStatus.REJECTED, "rejection": asdict(outcome)}
    else:
        facts = asdict(outcome)
        facts.pop("thumbnail")
        values |= facts | {"status": MediaStatus.READY, "kind": MediaKind(outcome.kind)}
    settled = db.session.execute(
        update(Media)
        .where(Media.id == media_id, Media.status == MediaStatus.INSPECTING)
        .values(values)
        .returning(Media.id)
        .execution_options(synchronize_session=False)
    ).scalar()
    if settled is None:
        return False
    media = db.session.execute(select(Media).where(Media.id == media_id).execution_options(populate_existing=True))
    events.announce("media.inspected", media=media.scalar_one())
    return True


def clean_name(name: str) -> str:
    """A file's name as people may see it: its last part, printable, at most 255 characters. It is never used as a path."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rstrip("/").rpartition("/")[2]
    shown = "".join(character for character in last if character.isprintable()).strip()
    return shown[:_LONGEST_NAME] or "untitled"
