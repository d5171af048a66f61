"""The JSON shapes of conversions, slideshows and frames."""

from marshmallow import fields, validate

from tiktok_api.media.conversion.films import LONGEST_SECONDS
from tiktok_api.media.conversion.frames import MOST_FRAMES
from tiktok_api.media.conversion.photos import PhotoFormat
from tiktok_api.media.conversion.requests import FILM_FORMAT
from tiktok_api.media.conversion.slideshows import (
    FEWEST_PHOTOS,
    MOST_PHOTOS,
    SlideFit,
    SlideshowShape,
)
from tiktok_api.media.conversion.slideshows import LONGEST_SECONDS as LONGEST_SLIDE_SECONDS
from tiktok_api.media.conversion.slideshows import SHORTEST_SECONDS as SHORTEST_SLIDE_SECONDS
from tiktok_api.media.models import FrameSetStatus
from tiktok_api.media.schemas import RejectionSchema
from tiktok_api.media.services import LONGEST_NAME
from tiktok_api.web.openapi.json_schemas import Choice
from tiktok_api.web.schemas import EXAMPLE_ID, Number, QueryInteger, Schema
from tiktok_api.web.signed_links import SignedUrl

_DAY_SECONDS = 86_400


class ConversionSchema(Schema):
    """What media are to be made into. A photo has a `format`; of a video you may choose a part."""

    format = fields.String(
        validate=Choice((*PhotoFormat, FILM_FORMAT)),
        metadata={
            "description": "Of a photo: JPEG (what it becomes without a choice), or WebP, which keeps transparency. Of a video: MP4.",
            "example": "jpeg",
        },
    )
    trim_start_seconds = Number(
        allow_nan=False,
        validate=validate.Range(0, _DAY_SECONDS),
        metadata={"description": "Of a video: where the part begins.", "example": 2.5},
    )
    trim_end_seconds = Number(
        allow_nan=False,
        validate=validate.Range(0, _DAY_SECONDS, min_inclusive=False),
        metadata={"description": "Of a video: where the part ends; beyond the end means the end.", "example": 62.5},
    )
    max_duration_seconds = Number(
        allow_nan=False,
        validate=validate.Range(1, LONGEST_SECONDS),
        metadata={
            "description": "Of a video: how long the part is at most; by default the 10 minutes that TikTok takes.",
            "example": 60,
        },
    )


class SlideshowSchema(Schema):
    """What a slideshow is made of."""

    media_ids = fields.List(
        fields.UUID(metadata={"example": EXAMPLE_ID}),
        required=True,
        validate=validate.Length(FEWEST_PHOTOS, MOST_PHOTOS),
        metadata={
            "description": "Photos that are `ready`, in their order; one may come several times.",
            "example": [EXAMPLE_ID, EXAMPLE_ID],
        },
    )
    seconds_each = Number(
        load_default=3.0,
        allow_nan=False,
        validate=validate.Range(SHORTEST_SLIDE_SECONDS, LONGEST_SLIDE_SECONDS),
        metadata={"description": "How long each photo is shown; all together at most 10 minutes.", "example": 3.0},
    )
    fit = fields.String(
        load_default=SlideFit.FIT.value,
        validate=Choice(SlideFit),
        metadata={
            "description": "`fit` shows all of each photo between black bars, `fill` cuts what is too much.",
            "example": "fit",
        },
    )
    shape = fields.String(
        load_default=SlideshowShape.PORTRAIT.value,
        validate=Choice(SlideshowShape),
        metadata={
            "description": "1080 × 1920 pixels for portrait, 1920 × 1080 for landscape, 1080 × 1080 for square.",
            "example": "portrait",
        },
    )
    audio_media_id = fields.UUID(
        metadata={
            "description": "A video that is `ready`, whose sound is played from its beginning; it is not repeated.",
            "example": EXAMPLE_ID,
        }
    )
    name = fields.String(
        load_default="slideshow.mp4",
        validate=validate.Length(1, LONGEST_NAME),
        metadata={"description": "Its name in the library.", "example": "summer.mp4"},
    )


class FramesArgsSchema(Schema):
    """How many frames."""

    count = QueryInteger(
        load_default=8, validate=validate.Range(1, MOST_FRAMES), metadata={"description": "How many.", "example": 8}
    )


class FrameSchema(Schema):
    """One picture of a video."""

    timestamp_ms = fields.Integer(
        required=True,
        metadata={"description": "From the beginning of the video; send it as the cover's time.", "example": 1775},
    )
    url = SignedUrl(
        required=True,
        attribute="link",
        metadata={
            "description": "A JPEG of at most 640 pixels a side, for `<img>`, without a token. Signed, good for 20 to 30 minutes.",
            "example": "https://api.example.com/api/v1/media/frames/01932f0a-7c1e-7d3c-9d8e-1f2a3b4c5d6e/linked-picture?expires=1804593600&signature=4f…",
        },
    )


class FramesSchema(Schema):
    """Evenly spaced pictures of a video: of the middles of as many equal parts."""

    media_id = fields.UUID(required=True, metadata={"example": EXAMPLE_ID})
    status = fields.String(
        required=True,
        validate=Choice(FrameSetStatus),
        metadata={"description": "`pending`: ask again in a second.", "example": "ready"},
    )
    count = fields.Integer(required=True, metadata={"example": 8})
    rejection = fields.Nested(RejectionSchema, allow_none=True, metadata={"example": None})
    data = fields.List(fields.Nested(FrameSchema), required=True)
