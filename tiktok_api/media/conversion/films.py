"""Videos in the making, from another video or from photos: requested, found, shown in progress."""

from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from sqlalchemy import select, update

from tiktok_api import clock
from tiktok_api.auth.identity import Identity
from tiktok_api.db import db
from tiktok_api.jobs import queue
from tiktok_api.jobs.registry import ClaimedJob
from tiktok_api.media import checks, quotas
from tiktok_api.media.conversion import rates, unmade
from tiktok_api.media.conversion.unmade import Source
from tiktok_api.media.errors import ConversionUnfit
from tiktok_api.media.models import Media, MediaKind, MediaStatus
from tiktok_api.media.quotas import Quota
from tiktok_api.settings import Settings

FILM = "media.film"
LONGEST_SECONDS = float(checks.API_MAX_DURATION_SECONDS)
_CONTENT_TYPE = "video/mp4"
_OLDER_SUFFIXES = {".avi", ".flv", ".ts", ".mts", ".m2ts", ".mpg", ".mpeg", ".vob", ".wmv", ".asf", ".3gp"}
_SUFFIXES = frozenset({".mp4", ".mov", ".m4v", ".webm", ".mkv", ".qt"} | _OLDER_SUFFIXES)


@dataclass(frozen=True, slots=True)
class FilmLimits:
    """What a film may come to, and how long its making may take."""

    quota: Quota
    max_bytes: int
    cpu_seconds: float

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Returns the limits that the settings give."""
        return cls(Quota.of(settings), settings.media_max_bytes, settings.film_max_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The wished part of a video, in seconds from its beginning. `end_seconds` None: to its end."""

    start_seconds: float
    end_seconds: float | None
    max_seconds: float

    def length_in(self, duration_seconds: float) -> float:
        """Returns how long it is in a video that lasts so long. Raises ConversionUnfit if nothing is left."""
        if self.end_seconds is not None and self.end_seconds <= self.start_seconds:
            message = "The part must end after its beginning."
            raise ConversionUnfit.at("/trim_end_seconds", code="trim_empty", message=message)
        if self.start_seconds > 0 and self.start_seconds >= duration_seconds:
            message = f"The video lasts {duration_seconds:.3f} s; nothing is left of it."
            raise ConversionUnfit.at("/trim_start_seconds", code="trim_beyond_end", message=message)
        end = duration_seconds if self.end_seconds is None else min(duration_seconds, self.end_seconds)
        return min(end - self.start_seconds, self.max_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingFilm:
    """A film that is still to be made. `sources` are in their order; None: one of them, or the sound, was deleted."""

    media_id: UUID
    owner_id: UUID
    verb: str
    wish: dict[str, Any]
    sources: list[Source] | None
    sound: Source | None


def request_conversion(caller: Identity, source: Any, part: Part, limits: FilmLimits) -> Media:
    """Create a new video and enqueue its conversion from `source`, a video that is ready.

    Call it under the lock on the library. Raises ConversionUnfit, MediaQuotaExceeded, InspectionsPending.
    """
    seconds = max(1.0, part.length_in(source.duration_seconds or 0.0))
    wish = {"start": part.start_seconds, "end": part.end_seconds, "most_seconds": part.max_seconds}
    name = unmade.new_name(source.name, ".mp4", instead_of=_SUFFIXES)
    return request(caller, "film", [source.id], seconds, wish, limits, name=name)


def request(
    caller: Identity,
    verb: str,
    source_ids: list[UUID],
    seconds: float,
    wish: dict[str, Any],
    limits: FilmLimits,
    *,
    name: str,
    sound_id: UUID | None = None,
) -> Media:
    """Create a video of so many seconds and enqueue its making; it names the first source, and counts for what it may come to.

    Call it under the lock on the library. Raises MediaQuotaExceeded, InspectionsPending.
    """
    bits = rates.bits_for(seconds, limits.max_bytes)
    most_bytes = min(limits.max_bytes, rates.most_bytes_of(seconds, bits))
    quotas.check_fits(caller.user_id, limits.quota, more_bytes=most_bytes)
    media = Media(
        owner_id=caller.user_id,
        source_id=source_ids[0],
        status=MediaStatus.INSPECTING,
        kind=MediaKind.VIDEO,
        name=name,
        content_type=_CONTENT_TYPE,
        reserved_bytes=most_bytes,
        progress=0.0,
    )
    db.session.add(media)
    db.session.flush()
    bounds = {"bits": bits, "max_bytes": most_bytes}
    ids = {"sources": [str(each) for each in source_ids], "sound": str(sound_id) if sound_id else None}
    payload = {"verb": verb, "wish": wish | bounds, **ids}
    queue.enqueue(FILM, due_at=clock.now(), owner_id=media.owner_id, subject=media.id, payload=payload)
    return media


def find_pending(job: ClaimedJob) -> PendingFilm | None:
    """Returns the film if it is neither made nor deleted."""
    media = unmade.find(job.subject) if job.subject else None
    if media is None:
        return None
    ids = [UUID(each) for each in job.payload["sources"]]
    sound_id = UUID(job.payload["sound"]) if job.payload["sound"] else None
    wanted = {*ids, *([sound_id] if sound_id else [])}
    rows = db.session.scalars(select(Media).where(Media.id.in_(wanted), Media.owner_id == media.owner_id))
    known = {row.id: Source.of(row) for row in rows}
    return PendingFilm(
        media_id=media.id,
        owner_id=media.owner_id,
        verb=job.payload["verb"],
        wish=job.payload["wish"],
        sources=[known[each] for each in ids] if wanted <= known.keys() else None,
        sound=known.get(sound_id) if sound_id else None,
    )


def store_progress(job: ClaimedJob, media_id: UUID, percentage: float) -> bool:
    """Show how far a film is. Returns False if it is deleted or ended, or the job is another worker's by now."""
    shown = update(Media).where(Media.id == media_id, *unmade.IS_UNMADE).values(progress=percentage)
    found = shown.returning(Media.id).execution_options(synchronize_session=False)
    return queue.is_held(job) and db.session.scalar(found) is not None
