"""Photos that TikTok would refuse, made into new ones within its limits."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from uuid import UUID

from sqlalchemy import select

from tiktok_api import clock
from tiktok_api.auth.identity import Identity
from tiktok_api.db import db
from tiktok_api.jobs import queue
from tiktok_api.media import quotas, services
from tiktok_api.media.deduplication import find_holder, hold_library
from tiktok_api.media.errors import MediaNotAPhoto, MediaQuotaExceeded
from tiktok_api.media.inspection.sandbox import Rejection, open_in_child
from tiktok_api.media.models import Media, MediaKind, MediaStatus
from tiktok_api.media.quotas import Quota

CONVERT = "media.convert"
SOURCE_GONE = Rejection(code="source_deleted", message="The photo was deleted before it could be converted.")
_LONGEST_NAME = 255
_SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".heic", ".heif", ".hif"})


class PhotoFormat(StrEnum):
    """What TikTok takes photos as."""

    JPEG = "jpeg"
    WEBP = "webp"

    @classmethod
    def of(cls, content_type: str) -> "PhotoFormat":
        """The format that has this content type."""
        return cls(content_type.removeprefix("image/"))

    @property
    def content_type(self) -> str:
        return f"image/{self.value}"

    @property
    def suffix(self) -> str:
        return ".jpg" if self is PhotoFormat.JPEG else ".webp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A photo that is still to be made, and where the one to make it from is, while that exists."""

    media_id: UUID
    owner_id: UUID
    wanted: PhotoFormat
    source_key: str | None
    source_content_type: str | None


def request_conversion(caller: Identity, media_id: UUID, *, wanted: PhotoFormat, quota: Quota) -> Media:
    """Promise a new photo, made from the caller's.

    Raises NotFound, MediaNotReady, MediaNotAPhoto, MediaQuotaExceeded.
    """
    hold_library(caller.user_id)  # nobody deletes the source meanwhile
    source = services.get_ready(caller, media_id)
    if source.kind is not MediaKind.PHOTO:
        raise MediaNotAPhoto(kind=source.kind)
    quotas.must_fit(caller.user_id, quota, more_bytes=1)  # its size is known only when it is made
    media = Media(
        owner_id=caller.user_id,
        source_id=source.id,
        status=MediaStatus.INSPECTING,
        kind=MediaKind.PHOTO,
        name=_name(source.name, wanted),
        content_type=wanted.content_type,
    )
    db.session.add(media)
    db.session.flush()
    queue.enqueue(CONVERT, due_at=clock.now(), subject=media.id)
    return media


def find_work(media_id: UUID) -> Work | None:
    """What there is to do for this photo; None: it is made already, or not wanted any more."""
    media = _find_unmade(media_id)
    if media is None:
        return None
    source = db.session.get(Media, media.source_id) if media.source_id else None
    return Work(
        media_id=media.id,
        owner_id=media.owner_id,
        wanted=PhotoFormat.of(str(media.content_type)),
        source_key=source.storage_key if source else None,
        source_content_type=source.content_type if source else None,
    )


def convert(path: Path, content_type: str, wanted: PhotoFormat) -> bytes | Rejection:
    """The photo at `path`, of this content type, as TikTok takes it: JPEG or WebP, at most 1080 × 1920 pixels and 20 MB.

    Upright, in sRGB, without metadata; transparency becomes white in a JPEG and stays in a WebP. Raises OpeningFailed.
    """
    opened = open_in_child(path, "convert", content_type, wanted.name)
    return opened if isinstance(opened, Rejection) else opened.picture


def keep(work: Work, content: bytes, storage_key: str, *, quota: Quota) -> bool:
    """Take the new photo into the library and have it inspected like any other. False: it is not needed, or does not fit."""
    hold_library(work.owner_id)
    media = _find_unmade(work.media_id)
    if media is None:
        return False
    sha256 = hashlib.sha256(content).hexdigest()
    is_known = find_holder(work.owner_id, sha256) is not None
    try:
        quotas.must_fit(work.owner_id, quota, more_bytes=0 if is_known else len(content), more_files=0)
    except MediaQuotaExceeded as problem:
        services.reject(media, Rejection(code=problem.code, message=str(problem)))
        return False
    media.storage_key, media.size_bytes, media.received_bytes = storage_key, len(content), len(content)
    services.have_inspected(media, sha256=sha256)
    return True


def refuse(work: Work, rejection: Rejection) -> None:
    """Note why there will be no new photo, unless there is one already or none is wanted any more."""
    hold_library(work.owner_id)
    media = _find_unmade(work.media_id)
    if media is not None:
        services.reject(media, rejection)


def _find_unmade(media_id: UUID) -> Media | None:
    unmade = (Media.id == media_id, Media.status == MediaStatus.INSPECTING, Media.storage_key.is_(None))
    return db.session.scalar(select(Media).where(*unmade).execution_options(populate_existing=True))


def _name(name: str, wanted: PhotoFormat) -> str:
    """What the new photo is called: `holiday.heic` becomes `holiday.jpg`."""
    path = PurePosixPath(name)
    stem = path.stem if path.suffix.lower() in _SUFFIXES else name
    return stem[: _LONGEST_NAME - len(wanted.suffix)] + wanted.suffix
