"""What nobody will come back for."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from uuid import UUID

from sqlalchemy import select

from tiktok_api import clock, events
from tiktok_api.db import db, end_reading
from tiktok_api.errors import Problem
from tiktok_api.media import deduplication, services
from tiktok_api.media.models import Media, MediaStatus
from tiktok_api.storage.port import Storage

ORPHAN_AGE = timedelta(days=2)
"""By the storage's own clock: bytes this old without a row were left by a process that died between two steps."""
_AT_ONCE = 500


def expired_uploads() -> list[UUID]:
    """The uploads that nobody finished in time."""
    expired = (Media.status == MediaStatus.UPLOADING, Media.expires_at < clock.now())
    return list(db.session.scalars(select(Media.id).where(*expired).limit(_AT_ONCE)))


def forget_upload(media_id: UUID) -> None:
    """Delete the row of an upload that is still expired, and its bytes after that.

    Until then it answers 410, afterwards 404. One that a post waits for stays until the post has been told and has failed.
    """
    media = _find_expired(media_id)
    if media is None:
        return
    try:
        services.object_if_needed(media)
    except Problem:
        events.announce("media.lapsed", media=media)
        return
    deduplication.hold_library(media.owner_id)
    if (media := _find_expired(media_id)) is not None:  # it may have been finished a moment ago
        deduplication.leave(media)


def _find_expired(media_id: UUID) -> Media | None:
    expired = (Media.id == media_id, Media.status == MediaStatus.UPLOADING, Media.expires_at < clock.now())
    return db.session.scalar(select(Media).where(*expired).execution_options(populate_existing=True))


def old_rejected(time_to_live: timedelta) -> list[UUID]:
    """What was rejected longer ago than that and still has its bytes."""
    rejected = select(Media.id).where(
        Media.status == MediaStatus.REJECTED,
        Media.storage_key.is_not(None),
        Media.updated_at < clock.now() - time_to_live,
    )
    return list(db.session.scalars(rejected.limit(_AT_ONCE)))


def let_go_of_rejected(media_id: UUID) -> None:
    """Forget where rejected content is; the row keeps its reason."""
    owner_id = db.session.scalar(select(Media.owner_id).where(Media.id == media_id))
    if owner_id is None:
        return
    deduplication.hold_library(owner_id)
    media = db.session.scalar(select(Media).where(Media.id == media_id).execution_options(populate_existing=True))
    if media is None:
        return
    key, media.storage_key = media.storage_key, None
    db.session.flush()
    deduplication.let_go([key])


def delete_orphans(storage: Storage) -> None:
    """Delete what is in storage, old, and in nobody's row."""
    for keys in _batches(storage.keys_before(datetime.now(UTC) - ORPHAN_AGE)):
        owned = deduplication.held_among(keys)
        end_reading()
        for key in keys:
            if key not in owned:
                storage.delete(key)


def _batches(keys: Iterator[str]) -> Iterator[list[str]]:
    while batch := list(islice(keys, _AT_ONCE)):
        yield batch
