"""One metric of an account over a window, and all of them."""

from typing import Any

from marshmallow import fields

from tiktok_api.analytics.metrics import Reason
from tiktok_api.analytics.schemas import windows
from tiktok_api.web.openapi.json_schemas import Choice
from tiktok_api.web.schemas import EXAMPLE_ID, Boolean, Schema, nullable

_WHY = "Why the value is null, or, where there is a value, why the change is: " + ", ".join(Reason) + "."


def captured_at_field() -> fields.Field[Any]:
    """When a number was read."""
    return nullable(
        fields.AwareDateTime,
        example="2027-03-02T11:40:12Z",
        description="When it was read from TikTok; null with the value.",
    )


def changed_since_field() -> fields.Field[Any]:
    """What a change is counted from."""
    return nullable(
        fields.AwareDateTime,
        example="2027-01-31T22:50:03Z",
        description="When the previous reading was taken, from which the change is counted; after a gap that may be long ago.",
    )


def is_restated_field() -> Boolean:
    """Whether TikTok has lowered a number."""
    return Boolean(
        required=True,
        metadata={
            "description": "A reading in this time was lower than the one before: TikTok corrected the number, or "
            "followers left. The lower number is kept.",
            "example": False,
        },
    )


def reason_field() -> fields.Field[Any]:
    """Why a number is null."""
    return nullable(fields.String, example=None, description=_WHY, validate=Choice(Reason))


class ReadingSchema(Schema):
    """One metric over a window: the last reading in it, and its difference from the last reading before it."""

    value = nullable(fields.Integer, example=18412)
    change = nullable(fields.Integer, example=791)
    captured_at = captured_at_field()
    changed_since = changed_since_field()
    is_restated = is_restated_field()
    reason = reason_field()


class EngagementSchema(Schema):
    """(likes + comments + shares) / views, gained by the same videos in the same window; null without views."""

    value = nullable(fields.Float, example=0.087302)
    captured_at = captured_at_field()
    changed_since = changed_since_field()
    is_restated = is_restated_field()
    reason = reason_field()


def _reading(value: int, change: int) -> fields.Nested:
    example = {name: field.metadata["example"] for name, field in ReadingSchema().fields.items()}
    return fields.Nested(
        ReadingSchema, required=True, metadata={"example": example | {"value": value, "change": change}}
    )


class SummarySchema(Schema):
    """The metrics of an account at the end of a window, and their changes in it.

    `likes` and `videos` are the profile's own counters. `views`, `comments` and `shares` are sums over the public videos;
    their changes count all videos, those deleted since included.
    """

    account_id = fields.UUID(required=True, metadata={"example": EXAMPLE_ID})
    starts_at = windows.starts_at()
    ends_at = windows.ends_at()
    timezone = windows.timezone()
    followers = _reading(18_412, 791)
    following = _reading(180, 3)
    likes = _reading(96_120, 3_004)
    videos = _reading(34, 2)
    views = _reading(1_204_551, 39_312)
    comments = _reading(8_310, 241)
    shares = _reading(6_022, 187)
    engagement_rate = fields.Nested(EngagementSchema, required=True)
    interactions = nullable(
        fields.Integer,
        example=3432,
        description="Likes, comments and shares that the videos gained in the window: the numerator of the rate; its "
        "denominator is the change of `views`.",
    )
