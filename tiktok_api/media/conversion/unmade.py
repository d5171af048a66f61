"""New media that are still to be made, and their sources: found, named, and added to the library or rejected in the end."""

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Self
from uuid import UUID

from sqlalchemy import select

from tiktok_api.db import db
from tiktok_api.media import quotas, services
from tiktok_api.media.deduplication import find_stored_copy, lock_library
from tiktok_api.media.errors import MediaQuotaExceeded
from tiktok_api.media.inspection.sandbox import Rejection
from tiktok_api.media.models import Media, MediaStatus
from tiktok_api.media.quotas import Quota

SOURCE_GONE = Rejection(code="source_deleted", message="What it is made from was deleted before it could be made.")
IS_UNMADE = (Media.status == MediaStatus.INSPECTING, Media.storage_key.is_(None))


@dataclass(frozen=True, slots=True)
class Source:
    """Media that new ones are made from."""

    key: str
    content_type: str

    @classmethod
    def of(cls, row: Any) -> Self:
        """Returns the source in a row of media that are stored."""
        return cls(str(row.storage_key), str(row.content_type))


def find(media_id: UUID) -> Media | None:
    """Returns the media if they are neither made nor deleted."""
    unmade = select(Media).where(Media.id == media_id, *IS_UNMADE)
    return db.session.scalar(unmade.execution_options(populate_existing=True))


def store(owner_id: UUID, media_id: UUID, storage_key: str, *, size_bytes: int, sha256: str, quota: Quota) -> bool:
    """Add what was made to the library and request its inspection. Returns False if it is unwanted or exceeds the quota."""
    media = _find_to_end(owner_id, media_id)
    if media is None:
        return False
    db.session.flush()  # its own reservation does not count against it
    is_known = find_stored_copy(owner_id, sha256) is not None
    try:
        quotas.check_fits(owner_id, quota, more_bytes=0 if is_known else size_bytes, more_files=0)
    except MediaQuotaExceeded as problem:
        services.reject(media, Rejection(code=problem.code, message=problem.without_use().detail))
        return False
    media.storage_key, media.size_bytes, media.received_bytes = storage_key, size_bytes, size_bytes
    services.request_inspection(media, sha256=sha256)
    return True


def reject(owner_id: UUID, media_id: UUID, rejection: Rejection) -> None:
    """Mark the new media as rejected, unless they are made or deleted already."""
    media = _find_to_end(owner_id, media_id)
    if media is not None:
        services.reject(media, rejection)


def _find_to_end(owner_id: UUID, media_id: UUID) -> Media | None:
    """Lock the library. Returns the media, which reserve nothing from here on."""
    lock_library(owner_id)
    media = find(media_id)
    if media is not None:
        media.reserved_bytes, media.progress = 0, None
    return media


def new_name(name: str, suffix: str, *, instead_of: frozenset[str]) -> str:
    """Returns the name of the new media: `holiday.heic` becomes `holiday.jpg`, if `.heic` is one of `instead_of`."""
    path = PurePosixPath(name)
    stem = path.stem if path.suffix.lower() in instead_of else name
    return stem[: services.LONGEST_NAME - len(suffix)] + suffix
