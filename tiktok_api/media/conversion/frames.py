"""Evenly spaced pictures of a video, to choose a cover by: drawn once when they are first asked for, and kept with the video."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from tiktok_api import clock
from tiktok_api.auth.identity import Identity
from tiktok_api.db import db
from tiktok_api.db.reads import Given, reading
from tiktok_api.jobs import queue
from tiktok_api.media import queries
from tiktok_api.media.conversion.unmade import Source
from tiktok_api.media.deduplication import lock_library
from tiktok_api.media.errors import FramesPending, MediaNotAVideo
from tiktok_api.media.inspection.inspect import Rejection
from tiktok_api.media.models import Frame, FrameSet, FrameSetStatus, Media, MediaKind

FRAMES = "media.frames"
MOST_FRAMES = 20
MOST_PENDING = 10
"""Sets of one user that are still to be drawn: each may take a minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFrames:
    """A set of frames as the API shows it; without frames until it is ready."""

    media_id: UUID
    status: FrameSetStatus
    count: int
    rejection: dict[str, Any] | None
    data: Sequence[Any]

    @property
    def is_pending(self) -> bool:
        """True if the frames are still being drawn."""
        return self.status is FrameSetStatus.PENDING


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingFrames:
    """Frames that are still to be drawn, and their video."""

    set_id: UUID
    owner_id: UUID
    count: int
    source: Source


@reading
def _set(given: Given) -> Select[Any]:
    return select(FrameSet).where(FrameSet.media_id == given["media_id"], FrameSet.frame_count == given["count"])


@reading
def _frames(given: Given) -> Select[Any]:
    return select(Frame).where(Frame.frame_set_id == given["set_id"]).order_by(Frame.number)


def find(caller: Identity, media_id: UUID, count: int) -> ShownFrames | None:
    """Returns the frames of the caller's video; None if they were never asked for. Raises NotFound, MediaNotReady, MediaNotAVideo."""
    media = queries.show_ready(caller, media_id)
    if media.kind is not MediaKind.VIDEO:
        raise MediaNotAVideo(kind=media.kind)
    found = _set.first(media_id=media_id, count=count)
    if found is None:
        return None
    frames = _frames.all(set_id=found.id) if found.status is FrameSetStatus.READY else []
    return ShownFrames(media_id=media_id, status=found.status, count=count, rejection=found.rejection, data=frames)


def request(caller: Identity, media_id: UUID, count: int) -> ShownFrames:
    """Enqueue the drawing of frames, unless it was already. Raises what `find` raises, and FramesPending."""
    lock_library(caller.user_id)
    found = find(caller, media_id, count)
    if found is not None:
        return found
    is_pending = (FrameSet.owner_id == caller.user_id, FrameSet.status == FrameSetStatus.PENDING)
    if (db.session.scalar(select(func.count()).select_from(FrameSet).where(*is_pending)) or 0) >= MOST_PENDING:
        raise FramesPending(count=MOST_PENDING)
    frame_set = FrameSet(owner_id=caller.user_id, media_id=media_id, frame_count=count)
    db.session.add(frame_set)
    db.session.flush()
    queue.enqueue(FRAMES, due_at=clock.now(), owner_id=caller.user_id, subject=frame_set.id)
    return ShownFrames(media_id=media_id, status=FrameSetStatus.PENDING, count=count, rejection=None, data=[])


def find_pending(set_id: UUID) -> PendingFrames | None:
    """Returns the frames that are to be drawn, unless they are or the video was deleted."""
    is_pending = (FrameSet.id == set_id, FrameSet.status == FrameSetStatus.PENDING)
    found = db.session.execute(
        select(FrameSet.owner_id, FrameSet.frame_count, Media.storage_key, Media.content_type)
        .join(Media, Media.id == FrameSet.media_id)
        .where(*is_pending)
    ).one_or_none()
    if found is None:
        return None
    source = Source.of(found)
    return PendingFrames(set_id=set_id, owner_id=found.owner_id, count=found.frame_count, source=source)


def store(pending: PendingFrames, frames: Sequence[tuple[int, str]]) -> bool:
    """Store the frames: milliseconds and storage keys. Returns False if another worker was faster, or the video is deleted."""
    found = _lock_pending(pending)
    if found is None:
        return False
    found.status = FrameSetStatus.READY
    db.session.add_all(
        Frame(frame_set_id=found.id, number=number, timestamp_ms=timestamp_ms, storage_key=key)
        for number, (timestamp_ms, key) in enumerate(frames)
    )
    db.session.flush()
    return True


def reject(pending: PendingFrames, rejection: Rejection) -> None:
    """Record that the frames cannot be drawn."""
    found = _lock_pending(pending)
    if found is not None:
        found.status, found.rejection = FrameSetStatus.FAILED, asdict(rejection)
        db.session.flush()


def _lock_pending(pending: PendingFrames) -> FrameSet | None:
    lock_library(pending.owner_id)
    found = select(FrameSet).where(FrameSet.id == pending.set_id, FrameSet.status == FrameSetStatus.PENDING)
    return db.session.scalar(found.execution_options(populate_existing=True))


@reading
def _signed(given: Given) -> Select[Any]:
    return select(Frame).where(Frame.id == given["id"])


def show_signed(frame_id: UUID) -> Any | None:
    """Returns a frame of any owner, or None. The caller checks the signature of a link to it, which is the proof."""
    return _signed.first(id=frame_id)
