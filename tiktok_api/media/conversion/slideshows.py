"""Videos of photos, each shown for some seconds, with the sound of a video."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID

from tiktok_api.auth.identity import Identity
from tiktok_api.errors import fault
from tiktok_api.media import services
from tiktok_api.media.conversion import films
from tiktok_api.media.conversion.films import FilmLimits
from tiktok_api.media.deduplication import lock_library
from tiktok_api.media.errors import SlideshowUnfit
from tiktok_api.media.models import Media, MediaKind

FEWEST_PHOTOS, MOST_PHOTOS = 2, 35
SHORTEST_SECONDS, LONGEST_SECONDS = 0.5, 60.0


class SlideFit(StrEnum):
    """How a photo of another shape is shown: as a whole between black bars, or cut to fill the screen."""

    FIT = "fit"
    FILL = "fill"


class SlideshowShape(StrEnum):
    """The size of a slideshow."""

    PORTRAIT = "portrait"
    LANDSCAPE = "landscape"
    SQUARE = "square"

    @property
    def size(self) -> tuple[int, int]:
        """Returns width and height in pixels."""
        return {"portrait": (1080, 1920), "landscape": (1920, 1080), "square": (1080, 1080)}[self.value]


def request_slideshow(
    caller: Identity,
    *,
    media_ids: Sequence[UUID],
    seconds_each: float,
    fit: str,
    shape: str,
    name: str,
    audio_media_id: UUID | None = None,
    limits: FilmLimits,
) -> Media:
    """Create a video and enqueue its making from the caller's photos, which may repeat.

    Raises SlideshowUnfit, MediaQuotaExceeded, InspectionsPending.
    """
    lock_library(caller.user_id)  # so that no photo is deleted meanwhile
    wanted = [*media_ids, *([audio_media_id] if audio_media_id else [])]
    known = services.get_many(caller, wanted)
    faults = [found for place, each in enumerate(media_ids) for found in _photo_faults(known.get(each), place)]
    if audio_media_id is not None:
        faults += _sound_faults(known.get(audio_media_id))
    seconds = seconds_each * len(media_ids)
    if seconds > films.LONGEST_SECONDS:
        message = f"That is {seconds:g} s together; a slideshow lasts at most {films.LONGEST_SECONDS:g} s."
        faults.append(fault("slideshow_too_long", message, pointer="/seconds_each"))
    if faults:
        raise SlideshowUnfit(errors=faults)
    width, height = SlideshowShape(shape).size
    wish = {"seconds_each": seconds_each, "width": width, "height": height, "is_filled": fit == SlideFit.FILL}
    clean = services.clean_name(name)
    return films.request(
        caller, "slideshow", list(media_ids), seconds, wish, limits, name=clean, sound_id=audio_media_id
    )


def _photo_faults(media: Any, place: int) -> list[dict[str, Any]]:
    pointer = f"/media_ids/{place}"
    faults = _readiness_faults(media, pointer)
    if not faults and media.kind is not MediaKind.PHOTO:
        return [fault("media_not_a_photo", "A slideshow is made of photos.", pointer=pointer)]
    return faults


def _sound_faults(media: Any) -> list[dict[str, Any]]:
    pointer = "/audio_media_id"
    faults = _readiness_faults(media, pointer)
    if not faults and not media.has_audio:
        return [fault("media_without_sound", "The sound is that of a video; this has none.", pointer=pointer)]
    return faults


def _readiness_faults(media: Any, pointer: str) -> list[dict[str, Any]]:
    if media is None:
        return [fault("unknown_media", "No such media of yours.", pointer=pointer)]
    if not media.is_ready:
        return [fault("media_not_ready", f"The media is {media.status}.", pointer=pointer)]
    return []
