"""The JSON shapes of media."""

from marshmallow import fields, validate

from tiktok_api.media.checks import Severity
from tiktok_api.media.models import MediaKind, MediaStatus
from tiktok_api.media.services import LONGEST_NAME
from tiktok_api.outbound.urls import LONGEST as LONGEST_URL
from tiktok_api.web.openapi.json_schemas import Choice, Pattern
from tiktok_api.web.pagination import PageArgsSchema
from tiktok_api.web.parsing.labels import Label, Labels
from tiktok_api.web.schemas import EXAMPLE_ID, VALUE, Boolean, QueryBoolean, Schema, any_of, nullable
from tiktok_api.web.signed_links import SignedUrl

_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


class RejectionSchema(Schema):
    """Why a file was not taken."""

    code = fields.String(required=True, metadata={"description": "Stable, for programs.", "example": "file_truncated"})
    message = fields.String(required=True, metadata={"example": "The end of the file is missing."})


_ORIENTATION = (
    "EXIF's 1 to 8 of a photo; of a video the clockwise degrees by which it is turned, before it is mirrored if it is. "
    "Width and height already have it in them, and pixels that are not square."
)


class MediaSchema(Schema):
    """A video or photo. What inspection finds is null until the status is `ready`; width and height are as seen."""

    id = fields.UUID(required=True, metadata={"example": EXAMPLE_ID})
    status = fields.String(required=True, validate=Choice(MediaStatus), metadata={"example": "ready"})
    kind = nullable(fields.String, example="video", validate=Choice(MediaKind))
    name = fields.String(required=True, metadata={"example": "launch.mp4"})
    labels = Labels(required=True)
    source_id = nullable(
        fields.UUID,
        example=None,
        description="What it was converted from, while that exists; of a slideshow the first photo.",
    )
    progress = nullable(
        fields.Float,
        example=None,
        description="How many per cent of a converted video or a slideshow are made; null: it is not being made.",
    )
    content_type = nullable(fields.String, example="video/mp4", description="As found; before that, as you said.")
    size_bytes = nullable(fields.Integer, example=48_213_004, description="Null while its length is deferred.")
    received_bytes = fields.Integer(required=True, metadata={"example": 48_213_004})
    sha256 = nullable(fields.String, example=_SHA256)
    duplicate_of = nullable(
        fields.UUID,
        example=None,
        description="What you have uploaded before with the same content; null for the first, or once that is deleted.",
    )
    container = nullable(fields.String, example="mp4")
    width = nullable(fields.Integer, example=1080)
    height = nullable(fields.Integer, example=1920)
    orientation = nullable(fields.Integer, example=0, description=_ORIENTATION)
    duration_seconds = nullable(fields.Float, example=14.2)
    fps = nullable(fields.Float, example=30.0)
    video_codec = nullable(fields.String, example="h264")
    audio_codec = nullable(fields.String, example="aac")
    has_audio = nullable(Boolean, example=True)
    bitrate = nullable(fields.Integer, example=6_000_000, description="Bits per second over the whole file.")
    has_thumbnail = Boolean(required=True, metadata={"example": True})
    thumbnail_url = nullable(
        SignedUrl,
        attribute="thumbnail_link",
        example="https://api.example.com/api/v1/media/01932f0a-7c1e-7d3c-9d8e-1f2a3b4c5d6e/linked-thumbnail?expires=1804593600&signature=4f…",
        description="For `<img>`, without a token. Signed, good for 20 to 30 minutes, the same for ten; null: no picture yet.",
    )
    content_url = nullable(
        SignedUrl,
        attribute="content_link",
        example="https://api.example.com/api/v1/media/01932f0a-7c1e-7d3c-9d8e-1f2a3b4c5d6e/linked-content?expires=1804593600&signature=9a…",
        description="For `<video>` and `<img>`, without a token, as `thumbnail_url`; null until the media is ready.",
    )
    source_url = nullable(
        fields.String,
        example=None,
        description="Where it was imported from, without the query; null: it was uploaded.",
    )
    rejection = fields.Nested(RejectionSchema, allow_none=True, metadata={"example": None})
    expires_at = nullable(
        fields.AwareDateTime,
        example=None,
        description="When an unfinished upload is forgotten; null once it is finished.",
    )
    created_at = fields.AwareDateTime(required=True, metadata={"example": "2027-03-02T12:00:00Z"})
    updated_at = fields.AwareDateTime(required=True, metadata={"example": "2027-03-02T12:00:09Z"})


class MediaFilterSchema(PageArgsSchema):
    """Which media to list, newest first."""

    kind = any_of(fields.String(validate=Choice(MediaKind), metadata={"example": "video"}))
    status = any_of(fields.String(validate=Choice(MediaStatus), metadata={"example": "ready"}))
    sha256 = fields.String(
        validate=Pattern("^[0-9a-fA-F]{64}$", error="Not a SHA-256 in hexadecimal."),
        metadata={"description": "Of the whole file, in hexadecimal.", "example": _SHA256},
    )
    used = QueryBoolean(metadata={"description": "Whether any post, of whatever status, shows it.", "example": True})
    label = any_of(Label())
    q = fields.String(
        validate=validate.Length(1, 100), metadata={"description": "Part of the name.", "example": "launch"}
    )


class ImportSchema(Schema):
    """Where to fetch a video or photo from."""

    url = fields.String(
        required=True,
        validate=validate.Length(1, LONGEST_URL),
        metadata={
            "format": "uri",
            "description": "Where it is, on the public internet, by https. It may hold credentials in its query: it is kept "
            "encrypted, and only until it is no longer needed.",
            "example": "https://cdn.example.com/launch.mp4",
        },
    )
    name = fields.String(
        validate=validate.Length(1, LONGEST_NAME),
        metadata={"description": "Its name in the library; without one, the URL's.", "example": "launch.mp4"},
    )


class MediaChangesSchema(Schema):
    """What can be changed about media: the name and the labels."""

    name = fields.String(validate=validate.Length(1, LONGEST_NAME), metadata={"example": "launch, take 2.mp4"})
    labels = Labels(metadata={"description": "All labels that it is to have."})


class UsageSchema(Schema):
    """How much a library holds. Quotas are null where there are none."""

    used_bytes = fields.Integer(
        required=True, metadata={"description": "Stored; the same content counts once.", "example": 734_003_200}
    )
    reserved_bytes = fields.Integer(
        required=True, metadata={"description": "What unfinished uploads count for.", "example": 48_213_004}
    )
    quota_bytes = nullable(fields.Integer, example=10_737_418_240)
    available_bytes = nullable(fields.Integer, example=9_955_202_036, description="What still fits.")
    files = fields.Integer(
        required=True, metadata={"description": "Unfinished uploads and duplicates included.", "example": 41}
    )
    quota_files = nullable(fields.Integer, example=None)


class UploadProgressSchema(Schema):
    """How far an upload is. `bytes_per_second` is that of the newest connection."""

    id = fields.UUID(required=True, metadata={"example": EXAMPLE_ID})
    status = fields.String(required=True, validate=Choice(MediaStatus), metadata={"example": "uploading"})
    received_bytes = fields.Integer(required=True, metadata={"example": 12_053_251})
    size_bytes = nullable(fields.Integer, example=48_213_004)
    percentage = nullable(fields.Float, example=25.0, description="0 to 100; null while the length is deferred.")
    bytes_per_second = nullable(fields.Float, example=4_017_750.3)
    eta_seconds = nullable(fields.Float, example=9.0)
    expires_at = nullable(fields.AwareDateTime, example="2027-03-03T12:00:00Z")


class ChecksArgsSchema(Schema):
    """For whom to check."""

    account_id = fields.UUID(
        metadata={"description": "Also hold it against what this account's creator may post.", "example": EXAMPLE_ID}
    )


class MediaCheckSchema(Schema):
    """One of TikTok's rules and how the media fares."""

    code = fields.String(required=True, metadata={"description": "The rule.", "example": "video_duration"})
    severity = fields.String(
        required=True,
        validate=Choice(Severity),
        metadata={
            "description": "TikTok refuses a problem; a warning may do, or is so little beyond a limit that TikTok decides.",
            "example": "problem",
        },
    )
    message = fields.String(required=True, metadata={"example": "This creator may post up to 180 s."})
    found = fields.Raw(metadata=VALUE | {"description": "The media's value.", "example": 214.5})
    allowed = fields.Raw(metadata=VALUE | {"description": "A bound, a range or a list.", "example": 180})


class MediaChecksSchema(Schema):
    """Whether TikTok would take the media, rule by rule."""

    is_postable = Boolean(required=True, metadata={"example": False})
    creator_info_at = nullable(
        fields.AwareDateTime,
        example="2027-03-02T11:58:00Z",
        description="When TikTok was asked what this creator may post; null: never, or no account was named.",
    )
    checks = fields.List(fields.Nested(MediaCheckSchema), required=True)
