"""How much one user may store. Distinct stored bytes count, and what unfinished uploads have reserved."""

from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from tiktok_api.db import db
from tiktok_api.db.reads import Given, reading
from tiktok_api.media.deduplication import lock_library
from tiktok_api.media.errors import InspectionsPending, MediaQuotaExceeded
from tiktok_api.media.models import UNINSPECTED, Media, MediaStatus
from tiktok_api.settings import Settings


@dataclass(frozen=True, slots=True)
class Quota:
    """The most bytes and files of one user; None means unlimited."""

    max_bytes: int | None = None
    max_files: int | None = None

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Returns the quota that the settings give to every user."""
        return cls(settings.media_quota_bytes_per_user, settings.media_quota_files_per_user)

    @property
    def is_unlimited(self) -> bool:
        return self.max_bytes is None and self.max_files is None


UNLIMITED = Quota()
MAX_UNINSPECTED = 200
"""Files of one user that are not inspected yet, unfinished uploads and imports included: inspection costs the server time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a user has stored, as `GET /media/usage` shows it."""

    used_bytes: int
    reserved_bytes: int
    quota_bytes: int | None
    files: int
    quota_files: int | None

    @property
    def available_bytes(self) -> int | None:
        """Returns how many more bytes fit; None if bytes are unlimited."""
        return None if self.quota_bytes is None else max(0, self.quota_bytes - self.used_bytes - self.reserved_bytes)


def select_totals(*which: ColumnElement[bool]) -> Select[Any]:
    """Returns a select of what the media that meet the conditions come to, in one row for `as_usage`.

    Shared content counts once, thumbnails and frames do not count. Films in the making have reserved what they may come to.
    """
    mine, is_unfinished = and_(*which), Media.status == MediaStatus.UPLOADING
    is_in_the_making = and_(Media.status == MediaStatus.INSPECTING, Media.progress.is_not(None))
    stored = select(Media.storage_key, Media.size_bytes).where(mine, ~is_unfinished, Media.storage_key.is_not(None))
    once = stored.distinct().subquery()
    reserved = select(func.coalesce(func.sum(Media.reserved_bytes), 0)).where(
        mine, or_(is_unfinished, is_in_the_making)
    )
    return select(
        select(func.coalesce(func.sum(once.c.size_bytes), 0)).scalar_subquery().label("used_bytes"),
        reserved.scalar_subquery().label("reserved_bytes"),
        select(func.count()).select_from(Media).where(mine).scalar_subquery().label("files"),
    )


def as_usage(totals: Any, quota: Quota) -> Usage:
    """Returns the row of `select_totals` beside the quota."""
    return Usage(
        used_bytes=int(totals.used_bytes),
        reserved_bytes=int(totals.reserved_bytes),
        quota_bytes=quota.max_bytes,
        files=totals.files,
        quota_files=quota.max_files,
    )


@reading
def _totals(given: Given) -> Select[Any]:
    return select_totals(Media.owner_id == given["owner_id"])


def check_fits(owner_id: UUID, quota: Quota, *, more_bytes: int, more_files: int = 1) -> None:
    """Raises MediaQuotaExceeded unless so many more bytes and files fit, InspectionsPending if too many are not inspected yet.

    Inside the transaction that adds the row or the bytes the check is exact, because it locks the library until the
    transaction ends. To refuse early, call it in a transaction of its own.
    """
    if quota.is_unlimited and more_files == 0:
        return
    lock_library(owner_id)
    if more_files > 0:
        _check_pending(owner_id)
    if quota.is_unlimited:
        return
    found = as_usage(_totals.first(owner_id=owner_id), quota)
    taken = found.used_bytes + found.reserved_bytes
    if quota.max_files is not None and more_files > 0 and found.files + more_files > quota.max_files:
        raise MediaQuotaExceeded.of("files", allowed=quota.max_files, used=found.files, requested=more_files)
    if quota.max_bytes is not None and more_bytes > 0 and taken + more_bytes > quota.max_bytes:
        raise MediaQuotaExceeded.of("bytes", allowed=quota.max_bytes, used=taken, requested=more_bytes)


def _check_pending(owner_id: UUID) -> None:
    is_pending = Media.status.in_(UNINSPECTED)
    pending = select(Media.id).where(Media.owner_id == owner_id, is_pending).limit(MAX_UNINSPECTED).subquery()
    if (db.session.scalar(select(func.count()).select_from(pending)) or 0) >= MAX_UNINSPECTED:
        raise InspectionsPending(count=MAX_UNINSPECTED)


def reserve(media: Media, quota: Quota, upto: int) -> None:
    """Let an unfinished upload count for `upto` bytes in all, less than before or more. Raises MediaQuotaExceeded.

    Call it inside the transaction that has read `media`.
    """
    if upto > media.reserved_bytes:
        check_fits(media.owner_id, quota, more_bytes=upto - media.reserved_bytes, more_files=0)
    media.reserved_bytes = upto
