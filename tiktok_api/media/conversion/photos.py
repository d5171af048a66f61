"""Converts photos that TikTok would refuse into new ones within its limits."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

from tiktok_api import clock
from tiktok_api.auth.identity import Identity
from tiktok_api.db import db
from tiktok_api.jobs import queue
from tiktok_api.media import quotas
from tiktok_api.media.conversion import unmade
from tiktok_api.media.conversion.unmade import Source
from tiktok_api.media.inspection.sandbox import Rejection, open_in_child
from tiktok_api.media.models import Media, MediaKind, MediaStatus
from tiktok_api.media.quotas import Quota

CONVERT = "media.convert"
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
    source: Source | None


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
        name=unmade.new_name(source.name, wanted.suffix, instead_of=_SUFFIXES),
        content_type=wanted.content_type,
    )
    db.session.add(media)
    db.session.flush()
    queue.enqueue(CONVERT, due_at=clock.now(), owner_id=media.owner_id, subject=media.id)
    return media


def find_pending(media_id: UUID) -> PendingConversion | None:
    """Returns the conversion if the photo is neither made nor deleted."""
    media = unmade.find(media_id)
    if media is None:
        return None
    source = db.session.get(Media, media.source_id) if media.source_id else None
    return PendingConversion(
        media_id=media.id,
        owner_id=media.owner_id,
        wanted=PhotoFormat.of(str(media.content_type)),
        source=Source.of(source) if source and source.storage_key else None,
    )


def convert(path: Path, content_type: str, wanted: PhotoFormat) -> bytes | Rejection:
    """Convert the photo at `path`, of this content type, to at most 1080 × 1920 pixels and 20 MB.

    Upright, in sRGB, without metadata; transparency becomes white in a JPEG and stays in a WebP. Raises OpeningFailed.
    """
    opened = open_in_child(path, "convert", content_type, wanted.name)
    return opened if isinstance(opened, Rejection) else opened.picture
