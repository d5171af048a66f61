"""What nobody will come back for."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

from sqlalchemy import delete, select, update

from tiktok_api import clock
from tiktok_api.db import db, end_reading
from tiktok_api.media.models import Media, MediaStatus
from tiktok_api.storage.port import Storage

ORPHAN_AGE = timedelta(days=2)
"""By the storage's own clock: bytes this old without a row were left by a process that died between two steps."""
_AT_ONCE = 500


def forget_expired(time_to_live: timedelta) -> list[str]:
    """Delete the rows of uploads that expired, and let go of rejected content as old as that; answers the keys to delete.

    A rejected media keeps its row and its reason. Expired uploads answer 410 until they are swept, 404 afterwards.
    """
    now = clock.now()
    gone = db.session.execute(
        delete(Media).where(Media.status == MediaStatus.UPLOADING, Media.expires_at < now).returning(Media.storage_key)
    ).scalars()
    keys = [key for key in gone if key]
    rejected = select(Media.id, Media.storage_key).where(
        Media.status == MediaStatus.REJECTED, Media.storage_key.is_not(None), Media.updated_at < now - time_to_live
    )
    for media_id, key in db.session.execute(rejected).all():
        db.session.execute(update(Media).where(Media.id == media_id).values(storage_key=None))
        keys.append(str(key))
    return keys


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
