"""Identical content of one person is stored once: who shares whose bytes, and when bytes may go.

Every upload keeps its row; rows of one owner with the same hash hold the same storage key. The first of them is the
original, the others name it as `duplicate_of`. Whatever joins or leaves such a group does so while it holds the owner's
library, so the last one to leave is always found, and bytes go by a promise that is committed together with that: however
a process dies, they are deleted neither too early nor never. Owners never share: nobody learns what others have.
"""

from dataclasses import fields
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, or_, select, update

from tiktok_api import clock, events
from tiktok_api.auth.models import User
from tiktok_api.db import db
from tiktok_api.jobs import queue
from tiktok_api.media.inspection.inspect import Facts
from tiktok_api.media.models import Media, MediaStatus

DROP = "media.drop"
_FACTS = tuple(field.name for field in fields(Facts) if field.name != "thumbnail")
_FRESH = {"populate_existing": True}
_AT_ONCE = 500


def hold_library(owner_id: UUID) -> None:
    """Be the only one who changes what this owner's rows share, or how much they hold, until the transaction ends.

    Lock posts before and single media after it: whoever did it the other way round could wait for ever. New rows that
    refer to the user are not kept waiting.
    """
    db.session.execute(select(User.id).where(User.id == owner_id).with_for_update(key_share=True))


def place(media: Media, sha256: str) -> bool:
    """Write down the hash of what has arrived whole and, where its owner has that content already, share it.

    True: it is a duplicate of something ready, and ready by that. What was rejected is inspected again: the server may know
    better by now. Call it with the library held.
    """
    media.sha256 = sha256
    original = db.session.scalar(_twins(media).where(Media.duplicate_of.is_(None)).order_by(Media.id).limit(1))
    if original is None:
        db.session.flush()
        return False
    media.duplicate_of = original.id
    holder = find_holder(media.owner_id, sha256, besides=media.id)
    if holder is not None and holder.storage_key != media.storage_key:
        own, media.storage_key = media.storage_key, holder.storage_key
        db.session.flush()
        _promise_drop([str(own)], instead=holder)
    return copy_facts(media)


def copy_facts(media: Media) -> bool:
    """Take over what was found in a twin that is ready; False: there is none. Call it with the library held."""
    ready = db.session.scalar(_twins(media).where(Media.status == MediaStatus.READY).limit(1))
    if ready is not None:
        for name in ("status", "thumbnail_key", *_FACTS):
            setattr(media, name, getattr(ready, name))
    db.session.flush()
    return ready is not None


def find_holder(owner_id: UUID, sha256: str, *, besides: UUID | None = None) -> Media | None:
    """A row of this owner that has bytes with this hash; one that is ready where there is one."""
    is_ready = case((Media.status == MediaStatus.READY, 0), else_=1)
    held = (Media.owner_id == owner_id, Media.sha256 == sha256, Media.storage_key.is_not(None))
    others = [Media.id != besides] if besides else []
    statement = select(Media).where(*held, *others).order_by(is_ready, Media.id).limit(1)
    return db.session.scalar(statement.execution_options(**_FRESH))


def leave(media: Media) -> None:
    """Delete a row. The oldest of its duplicates becomes the original; bytes go with the last. Call it with the library held."""
    duplicates = select(Media.id).where(Media.duplicate_of == media.id).order_by(Media.id)
    heir = db.session.scalar(duplicates.limit(1))
    if heir is not None:
        _change(Media.id == heir, duplicate_of=None)
        _change(Media.duplicate_of == media.id, duplicate_of=heir)
    keys = [media.storage_key, media.thumbnail_key]
    db.session.delete(media)
    db.session.flush()
    let_go(keys)


def let_go(keys: list[str | None]) -> None:
    """Have those of `keys` deleted that no row holds any more. Nobody can come to hold a key that nobody holds."""
    _promise_drop([key for key in keys if key])


def held_among(keys: list[str]) -> set[str]:
    """Those of `keys` that some row holds; a higher domain that stores something answers `storage.keys_held`."""
    found = db.session.execute(
        select(Media.storage_key, Media.thumbnail_key).where(
            or_(Media.storage_key.in_(keys), Media.thumbnail_key.in_(keys))
        )
    )
    others = set[str]().union(*events.ask("storage.keys_held", keys=keys))
    return ({key for row in found for key in row if key} | others) & set(keys)


def give_back(owner_id: UUID, *, lost: str, found: str) -> None:
    """Content that was shared turned out to be lost; whoever relied on it gets the bytes that came last."""
    hold_library(owner_id)
    _change(Media.owner_id == owner_id, Media.storage_key == lost, storage_key=found)
    let_go([lost])


def let_everything_go(user_id: UUID) -> None:
    """Somebody leaves: what they stored goes once their rows are gone."""
    rows = db.session.execute(select(Media.storage_key, Media.thumbnail_key).where(Media.owner_id == user_id)).all()
    keys = sorted({key for row in rows for key in row if key})
    for first in range(0, len(keys), _AT_ONCE):
        _promise_drop(keys[first : first + _AT_ONCE])


def _twins(media: Media) -> Select[Media]:
    same = (Media.owner_id == media.owner_id, Media.sha256 == media.sha256, Media.id != media.id)
    return select(Media).where(*same).execution_options(**_FRESH)


def _promise_drop(keys: list[str], *, instead: Media | None = None) -> None:
    """Have `keys` deleted after this transaction; `instead`: who holds the same content, if it is really there."""
    payload: dict[str, Any] = {"keys": keys}
    if instead is not None:
        where = {"key": instead.storage_key, "size": instead.size_bytes, "owner_id": str(instead.owner_id)}
        payload["instead"] = where
    if keys:
        queue.enqueue(DROP, due_at=clock.now(), unique_key=f"{DROP}:{keys[0]}", payload=payload)


def _change(*which: ColumnElement[bool], **values: Any) -> None:
    db.session.execute(update(Media).where(*which).values(**values).execution_options(synchronize_session="fetch"))
