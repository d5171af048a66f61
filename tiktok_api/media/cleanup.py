"""Deletes what is no longer needed: expired uploads, rejected content, and stored bytes without a row."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from tiktok_api import clock, events
from tiktok_api.db import db, end_reading
from tiktok_api.errors import Problem
from tiktok_api.media import deduplication, services
from tiktok_api.media.models import Media, MediaStatus
from tiktok_api.storage.port import Storage

log = structlog.get_logger(__name__)

ORPHAN_AGE = timedelta(days=2)
"""By the storage's clock: older bytes without a row were left by a process that died between two steps."""
_BATCH = 500


@contextmanager
def kept_or_discarded(storage: Storage, key: str | None) -> Iterator[None]:
    """The block is to store a row that names `key`. If it fails, the content is deleted, unless a row names it after all."""
    try:
        yield
    except BaseException as error:
        is_undecided = isinstance(error, DBAPIError) and error.connection_invalidated  # it may be committed yet
        if key is not None and not is_undecided:
            _discard_unless_kept(storage, key)
        raise


def _discard_unless_kept(storage: Storage, key: str) -> None:
    """Delete content that no row names. A failure alone does not prove that: it may have come after the commit.

    Asks on a connection of its own, since the block's own may be of no more use. What cannot be known now is left to the
    cleanup.
    """
    try:
        with db.engine.connect() as connection:
            is_kept = any(connection.execute(each.limit(1)).first() for each in deduplication.naming([key]))
    except SQLAlchemyError as error:
        log.warning("media.not_discarded", key=key, error=str(error))
        return
    if not is_kept:
        services.discard(storage, [key])


def find_expired() -> list[UUID]:
    """Returns the uploads that were not finished in time."""
    return list(db.session.scalars(select(Media.id).where(_is_expired()).limit(_BATCH)))


def delete_expired(media_id: UUID) -> None:
    """Delete an upload that is still expired; a job deletes its bytes afterwards.

    Until then it answers 410, afterwards 404. An upload that a post waits for stays until the post was told and has failed.
    """
    media = _find_expired(media_id)
    if media is None:
        return
    try:
        services.check_deletable(media)
    except Problem:
        events.announce("media.lapsed", media=media)
        return
    deduplication.lock_library(media.owner_id)
    if (media := _find_expired(media_id)) is not None:  # read again: it may have been finished meanwhile
        deduplication.remove(media)


def _find_expired(media_id: UUID) -> Media | None:
    expired = select(Media).where(Media.id == media_id, _is_expired())
    return db.session.scalar(expired.execution_options(populate_existing=True))


def _is_expired() -> ColumnElement[bool]:
    """The condition that `Media.is_lapsed` is for a row."""
    return (Media.status == MediaStatus.UPLOADING) & (Media.expires_at < clock.now())


def find_old_rejected(time_to_live: timedelta) -> list[UUID]:
    """Returns media that was rejected longer ago than `time_to_live` and still has its bytes."""
    rejected = select(Media.id).where(
        Media.status == MediaStatus.REJECTED,
        Media.storage_key.is_not(None),
        Media.updated_at < clock.now() - time_to_live,
    )
    return list(db.session.scalars(rejected.limit(_BATCH)))


def release_rejected(media_id: UUID) -> None:
    """Enqueue the deletion of rejected content; the row keeps its reason."""
    owner_id = db.session.scalar(select(Media.owner_id).where(Media.id == media_id))
    if owner_id is None:
        return
    deduplication.lock_library(owner_id)
    media = db.session.scalar(select(Media).where(Media.id == media_id).execution_options(populate_existing=True))
    if media is None:
        return
    key, media.storage_key = media.storage_key, None
    db.session.flush()
    deduplication.release_bytes(owner_id, [key])


def delete_orphans(storage: Storage) -> None:
    """Delete old stored content that no row uses."""
    for keys in _batches(storage.keys_before(datetime.now(UTC) - ORPHAN_AGE)):
        owned = deduplication.keys_in_use(keys)
        end_reading()
        for key in keys:
            if key not in owned:
                storage.delete(key)


def _batches(keys: Iterator[str]) -> Iterator[list[str]]:
    while batch := list(islice(keys, _BATCH)):
        yield batch
