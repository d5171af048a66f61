"""Converts photos that TikTok would refuse into new ones within its limits."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import UUID

from sqlalchemy import select

from tiktok_api import clock
from tiktok_api.auth.identity import Identity
from tiktok_api.db import db
from tiktok_api.jobs import queue
from tiktok_api.media import quotas, services
from tiktok_api.media.deduplication import find_stored_copy, lock_library
from tiktok_api.media.errors import MediaQuotaExceeded
from tiktok_api.media.inspection.sandbox import Rejection, open_in_child
from tiktok_api.media.models import Media, MediaKind, MediaStatus
from tiktok_api.media.quotas import Quota

CONVERT = "media.convert"
SOURCE_GONE = Rejection(code="source_deleted", message="The photo was deleted before it could be converted.")
_SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".heic", ".heif", ".hif"})


class PhotoFormat(StrEnum):
    """The formats in which TikTok takes photos."""

    JPEG = "jpeg"
    WEBP = "webp"

    @classmethod
    def of(cls, content_type: str) -> "PhotoFormat":
        """Returns the format with this content type."""
        return cls(content_type.removeprefix("image/"))

    @property
    def content_type(self) -> str:
        return f"image/{self.value}"

    @property
    def suffix(self) -> str:
        return ".jpg" if self is PhotoFormat.JPEG else ".webp"


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingConversion:
    """A photo that is still to be made, and its source, if that still exists."""

    media_id: UUID
    owner_id: UUID
    wanted: PhotoFormat
    source_key: str | None
    source_content_type: str | None


def request_conversion(caller: Identity, source: Any, *, wanted: PhotoFormat, quota: Quota) -> Media:
    """Create a new photo and enqueue its conversion from `source`, a photo that is ready.

    Call it under the lock on the library. Raises MediaQuotaExceeded, InspectionsPending.
    """
    quotas.check_fits(caller.user_id, quota, more_bytes=1)  # its size is known only after the conversion
    media = Media(
        owner_id=caller.user_id,
        source_id=source.id,
        status=MediaStatus.INSPECTING,
        kind=MediaKind.PHOTO,
        name=_new_name(source.name, wanted),
        content_type=wanted.content_type,
    )
    db.session.add(media)
    db.session.flush()
    queue.enqueue(CONVERT, due_at=clock.now(), owner_id=media.owner_id, subject=media.id)
    return media


def find_pending(media_id: UUID) -> PendingConversion | None:
    """Returns the conversion if the photo is neither made nor deleted."""
    media = _find_unmade(media_id)
    if media is None:
        return None
    source = db.session.get(Media, media.source_id) if media.source_id else None
    return PendingConversion(
        media_id=media.id,
        owner_id=media.owner_id,
        wanted=PhotoFormat.of(str(media.content_type)),
        source_key=source.storage_key if source else None,
        source_content_type=source.content_type if source else None,
    )


def convert(path: Path, content_type: str, wanted: PhotoFormat) -> bytes | Rejection:
    """Convert the photo at `path`, of this content type, to at most 1080 × 1920 pixels and 20 MB.

    Upright, in sRGB, without metadata; transparency becomes white in a JPEG and stays in a WebP. Raises OpeningFailed.
    """
    opened = open_in_child(path, "convert", content_type, wanted.name)
    return opened if isinstance(opened, Rejection) else opened.picture


def store(pending: PendingConversion, content: bytes, storage_key: str, *, quota: Quota) -> bool:
    """Add the new photo to the library and request its inspection. Returns False if it is unwanted or exceeds the quota."""
    lock_library(pending.owner_id)
    media = _find_unmade(pending.media_id)
    if media is None:
        return False
    sha256 = hashlib.sha256(content).hexdigest()
    is_known = find_stored_copy(pending.owner_id, sha256) is not None
    try:
        quotas.check_fits(pending.owner_id, quota, more_bytes=0 if is_known else len(content), more_files=0)
    except MediaQuotaExceeded as problem:
        services.reject(media, Rejection(code=problem.code, message=problem.without_use().detail))
        return False
    media.storage_key, media.size_bytes, media.received_bytes = storage_key, len(content), len(content)
    services.request_inspection(media, sha256=sha256)
    return True


def reject(pending: PendingConversion, rejection: Rejection) -> None:
    """Mark the new photo as rejected, unless it is made or deleted already."""
    lock_library(pending.owner_id)
    media = _find_unmade(pending.media_id)
    if media is not None:
        services.reject(media, rejection)


def _find_unmade(media_id: UUID) -> Media | None:
    unmade = (Media.id == media_id, Media.status == MediaStatus.INSPECTING, Media.storage_key.is_(None))
    return db.session.scalar(select(Media).where(*unmade).execution_options(populate_existing=True))


def _new_name(name: str, wanted: PhotoFormat) -> str:
    """Returns the name of the new photo: `holiday.heic` becomes `holiday.jpg`."""
    path = PurePosixPath(name)
    stem = path.stem if path.suffix.lower() in _SUFFIXES else name
    return stem[: services.LONGEST_NAME - len(wanted.suffix)] + wanted.suffix
