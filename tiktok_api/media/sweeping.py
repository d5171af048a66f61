"""What nobody will come back for."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from uuid import UUID

from sqlalchemy import select, update

from tiktok_api import clock
from tiktok_api.db import db, end_reading
from tiktok_api.errors import Problem
from tiktok_api.jobs import queue
from tiktok_api.media import services
from tiktok_api.media.models import Media, MediaStatus
from tiktok_api.storage.port import Storage

ORPHAN_AGE = timedelta(days=2)
"""By the storage's own clock: bytes this old without a row were left by a process that died between two steps."""
DELETE_BYTES = "media.delete_bytes"
_AT_ONCE = 500


def expired_uploads() -> list[UUID]:
    """The uploads that nobody finished in time."""
    expired = (Media.status == MediaStatus.UPLOADING, Media.expires_at < clock.now())
    return list(db.session.scalars(select(Media.id).where(*expired).limit(_AT_ONCE)))


def forget_upload(media_id: UUID) -> str | None:
    """Delete the row of an upload that is still expired; answers the storage key to delete once that is committed.

    Until then it answers 410, afterwards 404. One that a post waits for stays: the post says that it is missing.
    """
    media = db.session.scalar(select(Media).where(Media.id == media_id, Media.status == MediaStatus.UPLOADING))
    if media is None or media.expires_at is None or media.expires_at >= clock.now():
        return None
    try:
        services.object_if_needed(media)
    except Problem:
        return None
    key = media.storage_key
    db.session.delete(media)
    return key


def let_go_of_rejected(time_to_live: timedelta) -> list[str]:
    """Forget where rejected content is, once it is as old as that; answers the keys. The row keeps its reason."""
    rejected = select(Media.id, Media.storage_key).where(
        Media.status == MediaStatus.REJECTED,
        Media.storage_key.is_not(None),
        Media.updated_at < clock.now() - time_to_live,
    )
    found = db.session.execute(rejected.limit(_AT_ONCE)).all()
    db.session.execute(update(Media).where(Media.id.in_([row.id for row in found])).values(storage_key=None))
    return [str(row.storage_key) for row in found]


def promise_deletion(user_id: UUID) -> None:
    """Somebody leaves: have the bytes of all their media deleted; call it inside the transaction that removes them."""
    kept = db.session.execute(select(Media.storage_key, Media.thumbnail_key).where(Media.owner_id == user_id))
    for number, keys in enumerate(_batches(key for row in kept for key in row if key is not None)):
        key = f"{DELETE_BYTES}:{user_id}:{number}"
        queue.promise(DELETE_BYTES, due_at=clock.now(), unique_key=key, payload={"keys": keys})


def delete_orphans(storage: Storage) -> None:
    """Delete what is in storage, old, and in nobody's row."""
    for keys in _batches(storage.keys_before(datetime.now(UTC) - ORPHAN_AGE)):
        owned = set(db.session.scalars(select(Media.storage_key).where(Media.storage_key.in_(keys))))
        owned |= set(db.session.scalars(select(Media.thumbnail_key).where(Media.thumbnail_key.in_(keys))))
        end_reading()
        for key in keys:
            if key not in owned:
                storage.delete(key)


def _batches(keys: Iterator[str]) -> Iterator[list[str]]:
    while batch := list(islice(keys, _AT_ONCE)):
        yield batch
