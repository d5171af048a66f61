"""The list of an account's videos."""

from marshmallow import fields

from tiktok_api.analytics.metrics import Reason
from tiktok_api.web.openapi.json_schemas import Choice
from tiktok_api.web.pagination import PageArgsSchema
from tiktok_api.web.schemas import EXAMPLE_ID, Boolean, QueryBoolean, Schema, nullable, page_of
from tiktok_api.web.signed_links import SignedUrl


class VideoListArgsSchema(PageArgsSchema):
    """Which videos to list."""

    include_gone = QueryBoolean(
        load_default=False,
        metadata={"description": "Include videos that were deleted or are not public any more.", "example": False},
    )


class VideoSchema(Schema):
    """A video on TikTok with its latest numbers; they are null until they were read."""

    id = fields.UUID(required=True, metadata={"example": EXAMPLE_ID})
    video_id = fields.String(required=True, metadata={"description": "TikTok's own.", "example": "7077642457847994444"})
    posted_at = nullable(fields.AwareDateTime, example="2027-02-14T17:00:00Z")
    title = nullable(fields.String, example="Morning light over the harbour")
    description = nullable(fields.String, example="Morning light over the harbour #morning #sea")
    share_url = nullable(fields.String, example="https://www.tiktok.com/@ada/video/7077642457847994444")
    cover_url = nullable(
        SignedUrl,
        attribute="cover_link",
        example=f"https://api.example.com/api/v1/pictures/covers/{EXAMPLE_ID}?expires=1804593600&signature=9a…",
        description="For `<img>`, without a token: our copy, since TikTok's own link expires within hours. Signed, valid for 20 to "
        "30 minutes, the same for ten; null until it was fetched.",
    )
    duration_seconds = nullable(fields.Integer, example=15)
    views = nullable(fields.Integer, example=40213)
    likes = nullable(fields.Integer, example=3120)
    comments = nullable(fields.Integer, example=241)
    shares = nullable(fields.Integer, example=187)
    captured_at = nullable(
        fields.AwareDateTime, example="2027-03-02T11:40:12Z", description="When the four numbers were read."
    )
    is_restated = Boolean(
        required=True, metadata={"description": "TikTok has lowered a number at least once.", "example": False}
    )
    gone_at = nullable(
        fields.AwareDateTime, example=None, description="When it was found to be deleted or not public any more."
    )


class AccountVideosSchema(page_of(VideoSchema)):  # type: ignore[misc]  # a class made at run time
    """One page of an account's videos, and when the list was read."""

    captured_at = nullable(
        fields.AwareDateTime,
        example="2027-03-02T11:40:15Z",
        description="When the whole list was last read; null: never yet, so an empty list means nothing.",
    )
    reason = nullable(
        fields.String,
        example=None,
        validate=Choice(Reason),
        description="Why videos are not read: not_read_yet or scope_missing.",
    )
