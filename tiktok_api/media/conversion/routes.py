"""The endpoints that make new media, and frames to choose a cover by."""

from typing import Any
from uuid import UUID

from flask import Response

from tiktok_api.auth.identity import caller
from tiktok_api.db import transaction
from tiktok_api.extensions import service
from tiktok_api.media import queries
from tiktok_api.media.conversion import frames, requests, slideshows
from tiktok_api.media.conversion.films import FilmLimits
from tiktok_api.media.conversion.schemas import ConversionSchema, FramesArgsSchema, FramesSchema, SlideshowSchema
from tiktok_api.media.downloads import responses
from tiktok_api.media.downloads.links import linked
from tiktok_api.media.downloads.routes import blp
from tiktok_api.media.errors import (
    ConversionUnfit,
    FramesPending,
    InspectionsPending,
    MediaNotAVideo,
    MediaNotReady,
    MediaQuotaExceeded,
    SlideshowUnfit,
)
from tiktok_api.media.models import FRAME_LINK
from tiktok_api.media.schemas import MediaSchema
from tiktok_api.settings import Settings
from tiktok_api.web.serializing import dump, to_json


@blp.post("/<uuid:media_id>/convert")
@blp.arguments(ConversionSchema, required=False)
@blp.response(202, MediaSchema)
@blp.raises(MediaNotReady, ConversionUnfit, MediaQuotaExceeded, InspectionsPending)
def convert_media(wish: dict[str, Any], media_id: UUID) -> Any:
    """Make a photo or video into one that TikTok takes

    Answers new media that names its source in `source_id`. A photo becomes a JPEG or WebP of at most 1080 × 1920 or 1920 × 1080
    pixels and 20 MB, upright, in sRGB, without metadata; it is never enlarged, and transparency becomes white in a JPEG. A video
    becomes an MP4 with H.264 and AAC, its index in front, upright, of at most 1080 × 1920 or 1920 × 1080 pixels and at least
    360 a side (what is too narrow gets black bars), with 23 to 60 frames a second evenly spaced, without metadata, and as long
    as TikTok takes: choose another part by `trim_start_seconds`, `trim_end_seconds` and `max_duration_seconds`. Any media that are
    `ready` can be converted, also within the limits, and videos of older devices too (AVI, FLV, MPEG, WMV). `progress` tells how
    far a video is; deleting the new media ends its making. Ask for it until its status is `ready` or `rejected`; from then on
    neither needs the other.
    """
    with transaction():
        limits = FilmLimits.of(service(Settings))
        return queries.as_seen(caller, requests.request_conversion(caller, media_id, wish, limits))


@blp.post("/slideshows")
@blp.arguments(SlideshowSchema)
@blp.response(202, MediaSchema)
@blp.raises(SlideshowUnfit, MediaQuotaExceeded, InspectionsPending)
def make_slideshow(wish: dict[str, Any]) -> Any:
    """Make a video of photos

    Answers new media, an MP4 with 30 frames a second, that names the first photo in `source_id`. `progress` tells how far it is;
    deleting it ends its making. Ask for it until its status is `ready` or `rejected`.
    """
    with transaction():
        limits = FilmLimits.of(service(Settings))
        return queries.as_seen(caller, slideshows.request_slideshow(caller, **wish, limits=limits))


@blp.get("/<uuid:media_id>/frames")
@blp.arguments(FramesArgsSchema, location="query")
@blp.response(200, FramesSchema)
@blp.alt_response(202, schema=FramesSchema, description="They are being drawn; ask again.", success=True)  # type: ignore[untyped-decorator]
@blp.raises(MediaNotReady, MediaNotAVideo, FramesPending)
def show_frames(args: dict[str, int], media_id: UUID) -> Any:
    """Show evenly spaced frames of a video, to choose a cover by

    Asked for the first time, they are drawn in the background: 202 until they are there. They are kept with the video.
    """
    found = frames.find(caller, media_id, args["count"])
    if found is None:
        with transaction():
            found = frames.request(caller, media_id, args["count"])
    if found.is_pending:
        return Response(to_json(dump(FramesSchema, found)), status=202, content_type="application/json")
    return found


@blp.get("/frames/<uuid:frame_id>/linked-picture")
@linked(blp, "The picture", "image/jpeg")
def show_linked_frame(link: dict[str, str], frame_id: UUID) -> Response:
    """Show the picture that the `url` of a frame leads to

    Take the URL from the frames of a video: it is signed, good for some minutes, and needs no token.
    """
    frame = frames.show_signed(frame_id)
    stored = responses.thumbnail_under(frame.storage_key) if frame else None
    return responses.follow(FRAME_LINK, frame_id, stored, link)
