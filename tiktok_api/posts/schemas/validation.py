"""The shapes of validation: problems and warnings of a post, each with its place and what it rests on."""

from marshmallow import fields

from tiktok_api.posts.preflight.rules import Basis
from tiktok_api.posts.schemas.posts import EXAMPLE_TIME, SlotSchema
from tiktok_api.web.openapi.json_schemas import Choice
from tiktok_api.web.schemas import EXAMPLE_ID, VALUE, Boolean, Schema, nullable

_CHECKED = (
    "`live`: TikTok was asked now, or at most a minute ago; `cached`: it could not be asked, so by what it said last; "
    "`not_checked`: neither was possible."
)


class ValidatedSlotSchema(SlotSchema):
    """When the post would go out; without it, at its own time, or now."""


class ValidationItemSchema(Schema):
    """One reason why TikTok would refuse the post, or may."""

    code = fields.String(required=True, metadata={"example": "video_duration"})
    pointer = fields.String(
        required=True, metadata={"description": "Where in the post's JSON (RFC 6901).", "example": "/media_ids/0"}
    )
    message = fields.String(required=True, metadata={"example": "This creator may post up to 180 s."})
    account_id = nullable(
        fields.UUID, example=EXAMPLE_ID, description="Of the targets, the one that this is true for; null: all of them."
    )
    found = fields.Raw(
        required=True, metadata=VALUE | {"description": "What is there, where that helps.", "example": 214.5}
    )
    allowed = fields.Raw(required=True, metadata=VALUE | {"description": "A bound, a range or a list.", "example": 180})
    retryable = Boolean(
        required=True,
        metadata={"description": "Whether it may pass without a change to the post.", "example": False},
    )
    checked = nullable(
        fields.String,
        validate=Choice(Basis),
        example="live",
        description=f"{_CHECKED} Null: it needs no word of TikTok's.",
    )
    checked_at = nullable(fields.AwareDateTime, example=EXAMPLE_TIME, description="When TikTok said so.")
    next_free_at = fields.List(
        fields.AwareDateTime(),
        required=True,
        metadata={"example": [], "description": "Of a cap that the time runs into: when there is a place."},
    )


class TargetFactsSchema(Schema):
    """What was counted for one target; lengths in UTF-16 code units."""

    account_id = nullable(fields.UUID, example=EXAMPLE_ID, description="Null: the post names no account yet.")
    checked = fields.String(
        required=True, validate=Choice(Basis), metadata={"description": _CHECKED, "example": "live"}
    )
    checked_at = nullable(fields.AwareDateTime, example=EXAMPLE_TIME)
    caption_length = fields.Integer(required=True, metadata={"example": 15})
    title_length = fields.Integer(required=True, metadata={"example": 0})
    description_length = fields.Integer(required=True, metadata={"example": 0})
    hashtags = fields.List(fields.String(metadata={"example": "studio"}), required=True)
    mentions = fields.List(fields.String(metadata={"example": "ada"}), required=True)


class ValidationSchema(Schema):
    """Everything that speaks against a post, at once."""

    is_publishable = Boolean(required=True, metadata={"description": "Whether there is no problem.", "example": False})
    publish_at = fields.AwareDateTime(
        required=True, metadata={"description": "The time that was assumed.", "example": EXAMPLE_TIME}
    )
    problems = fields.List(fields.Nested(ValidationItemSchema), required=True)
    warnings = fields.List(fields.Nested(ValidationItemSchema), required=True)
    facts = fields.List(fields.Nested(TargetFactsSchema), required=True)
