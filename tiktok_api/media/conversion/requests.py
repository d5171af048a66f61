"""What a client may wish for of a conversion: of a photo its format, of a video which part of it."""

from typing import Any
from uuid import UUID

from tiktok_api.auth.identity import Identity
from tiktok_api.media import queries
from tiktok_api.media.conversion import films, photos
from tiktok_api.media.conversion.films import FilmLimits
from tiktok_api.media.conversion.photos import PhotoFormat
from tiktok_api.media.deduplication import lock_library
from tiktok_api.media.errors import ConversionUnfit
from tiktok_api.media.models import Media, MediaKind

_OF_VIDEOS = ("trim_start_seconds", "trim_end_seconds", "max_duration_seconds")
FILM_FORMAT = "mp4"


def request_conversion(caller: Identity, media_id: UUID, wish: dict[str, Any], limits: FilmLimits) -> Media:
    """Create new media and enqueue the conversion of the caller's media into it.

    Raises NotFound, MediaNotReady, ConversionUnfit, MediaQuotaExceeded, InspectionsPending.
    """
    lock_library(caller.user_id)  # so that the source is not deleted meanwhile
    source = queries.show_ready(caller, media_id)
    if source.kind is MediaKind.VIDEO:
        _refuse_format(wish, {FILM_FORMAT}, "a video")
        part = films.Part(
            start_seconds=wish.get("trim_start_seconds", 0.0),
            end_seconds=wish.get("trim_end_seconds"),
            max_seconds=wish.get("max_duration_seconds", films.LONGEST_SECONDS),
        )
        return films.request_conversion(caller, source, part, limits)
    _refuse_format(wish, set(PhotoFormat), "a photo")
    for name in _OF_VIDEOS:
        if name in wish:
            raise ConversionUnfit.at(f"/{name}", code="not_for_photos", message="Only a video has a duration.")
    wanted = PhotoFormat(wish.get("format", PhotoFormat.JPEG))
    return photos.request_conversion(caller, source, wanted=wanted, quota=limits.quota)


def _refuse_format(wish: dict[str, Any], allowed: set[Any], what: str) -> None:
    if "format" in wish and wish["format"] not in allowed:
        shown = ", ".join(sorted(str(each) for each in allowed))
        raise ConversionUnfit.at("/format", code="format_unfit", message=f"From {what} can be made: {shown}.")
