"""Identical content of one owner is stored once: which rows share bytes, and when bytes are deleted.

Every upload keeps its row; rows of one owner with the same hash have the same storage key. The first of them is the original,
the others name it as `duplicate_of`. A row joins or leaves such a group only under the lock on the owner's library, so the
last row is always recognised. Bytes are deleted by a job that is enqueued in the same transaction: if a process dies, they
are deleted neither too early nor never. Rows of different owners never share, so no owner learns what others have.
"""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, or_, select, update

from tiktok_api import clock, events
from tiktok_api.auth.models import User
from tiktok_api.db import db
from tiktok_api.jobs import queue
from tiktok_api.media.inspection.inspect import Facts
from tiktok_api.media.models import Frame, FrameSet, Media, MediaStatus

DELETE_BYTES = "media.drop"
_FACTS = tuple(field.name for field in fields(Facts) if field.name != "thumbnail")
_REREAD = {"populate_existing": True}
_BATCH = 500


def lock_library(owner_id: UUID) -> None:
    """Lock the owner's library (row lock on `users`) until the transaction ends.

    Under the lock, no other transaction changes what the owner's rows share or how much they hold. Lock order: posts, library,
    media; any other order can deadlock. New rows that refer to the user do not wait.
    """
    db.session.execute(select(User.id).where(User.id == owner_id).with_for_update(key_share=True))


def store_hash(media: Media, sha256: str) -> bool:
    """Store the hash of complete content and, if its owner already has the same content, share that.

    Returns True if a duplicate was already inspected; its result is then copied. Content that was rejected before is
    inspected again, because the server may know more by now. Call it under the lock on the library.
    """
    media.sha256 = sha256
    original = db.session.scalar(_same_content(media).where(Media.duplicate_of.is_(None)).order_by(Media.id).limit(1))
    if original is None:
        db.session.flush()
        return False
    media.duplicate_of = original.id
    stored = find_stored_copy(media.owner_id, sha256, besides=media.id)
    if stored is not None and stored.storage_key != media.storage_key:
        own, media.storage_key = media.storage_key, stored.storage_key
        db.session.flush()
        _enqueue_deletion(media.owner_id, [str(own)], instead=stored)
    return copy_facts(media)


def copy_facts(media: Media) -> bool:
    """Copy the result of a duplicate that is ready. Returns False if there is none. Call it under the lock on the library."""
    ready = db.session.scalar(_same_content(media).where(Media.status == MediaStatus.READY).limit(1))
    if ready is not None:
        for name in ("status", "thumbnail_key", *_FACTS):
            setattr(media, name, getattr(ready, name))
    db.session.flush()
    return ready is not None


def find_stored_copy(owner_id: UUID, sha256: str, *, besides: UUID | None = None) -> Media | None:
    """Returns a row of this owner that has bytes with this hash, preferably one that is ready."""
    is_ready = case((Media.status == MediaStatus.READY, 0), else_=1)
    is_stored = (Media.owner_id == owner_id, Media.sha256 == sha256, Media.storage_key.is_not(None))
    others = [Media.id != besides] if besides else []
    statement = select(Media).where(*is_stored, *others).order_by(is_ready, Media.id).limit(1)
    return db.session.scalar(statement.execution_options(**_REREAD))


def remove(media: Media) -> None:
    """Delete a row. The oldest duplicate becomes the original; the last one takes the bytes with it.

    Call it under the lock on the library.
    """
    duplicates = select(Media.id).where(Media.duplicate_of == media.id).order_by(Media.id)
    heir = db.session.scalar(duplicates.limit(1))
    if heir is not None:
        _update(Media.id == heir, duplicate_of=None)
        _update(Media.duplicate_of == media.id, duplicate_of=heir)
    keys = [media.storage_key, media.thumbnail_key, *_frame_keys(FrameSet.media_id == media.id)]
    db.session.delete(media)
    db.session.flush()
    release_bytes(media.owner_id, keys)


def release_bytes(owner_id: queue.Owner, keys: list[str | None]) -> None:
    """Enqueue the deletion of those of `keys`, which were this owner's, that no row uses any more.

    A storage key without a row can never get one again, so the job's check cannot become outdated.
    """
    _enqueue_deletion(owner_id, [key for key in keys if key])


def keys_in_use(keys: list[str]) -> set[str]:
    """Returns those of `keys` that a row uses. Higher domains with stored content of their own answer `storage.keys_held`."""
    found = {key for each in naming(keys) for row in db.session.execute(each) for key in row if key}
    return found.union(*events.ask("storage.keys_held", keys=keys)) & set(keys)


def naming(keys: list[str]) -> tuple[Select[*tuple[Any, ...]], ...]:
    """Returns selects of the rows that name any of `keys`: of what is in the columns that hold keys."""
    of_media = or_(Media.storage_key.in_(keys), Media.thumbnail_key.in_(keys))
    return (
        select(Media.storage_key, Media.thumbnail_key).where(of_media),
        select(Frame.storage_key).where(Frame.storage_key.in_(keys)),
    )


def restore_shared(owner_id: UUID, *, lost: str, found: str) -> None:
    """Replace shared content that turned out to be lost: the rows that used `lost` get the newest bytes, `found`."""
    lock_library(owner_id)
    _update(Media.owner_id == owner_id, Media.storage_key == lost, storage_key=found)
    release_bytes(owner_id, [lost])


def release_all_bytes(user_id: UUID) -> None:
    """Enqueue the deletion of everything that a leaving user has stored; it happens after the rows are deleted."""
    rows = db.session.execute(select(Media.storage_key, Media.thumbnail_key).where(Media.owner_id == user_id)).all()
    keys = sorted({key for row in rows for key in row if key}.union(_frame_keys(FrameSet.owner_id == user_id)))
    for first in range(0, len(keys), _BATCH):
        _enqueue_deletion(user_id, keys[first : first + _BATCH])


def _frame_keys(which: ColumnElement[bool]) -> Sequence[str]:
    return db.session.scalars(select(Frame.storage_key).join(FrameSet).where(which)).all()


def _same_content(media: Media) -> Select[Media]:
    same = (Media.owner_id == media.owner_id, Media.sha256 == media.sha256, Media.id != media.id)
    return select(Media).where(*same).execution_options(**_REREAD)


def _enqueue_deletion(owner_id: queue.Owner, keys: list[str], *, instead: Media | None = None) -> None:
    """Enqueue a job that deletes `keys`. It first verifies that `instead`, which has the same content, is really stored."""
    payload: dict[str, Any] = {"keys": keys}
    if instead is not None:
        where = {"key": instead.storage_key, "size": instead.size_bytes, "owner_id": str(instead.owner_id)}
        payload["instead"] = where
    if keys:
        key = f"{DELETE_BYTES}:{keys[0]}"
        queue.enqueue(DELETE_BYTES, due_at=clock.now(), owner_id=owner_id, unique_key=key, payload=payload)


def _update(*which: ColumnElement[bool], **values: Any) -> None:
    db.session.execute(update(Media).where(*which).values(**values).execution_options(synchronize_session="fetch"))
