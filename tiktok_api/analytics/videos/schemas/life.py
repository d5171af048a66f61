"""The life of one post."""

from typing import Any

from marshmallow import fields

from tiktok_api.analytics.metrics import Reason
from tiktok_api.analytics.schemas.readings import changed_since_field, is_restated_field
from tiktok_api.analytics.schemas.windows import PeriodSchema
from tiktok_api.analytics.videos.life import NotComparable
from tiktok_api.analytics.videos.schemas.leaderboard import PostNumbersSchema, PostOriginSchema, of_video
from tiktok_api.web.openapi.json_schemas import Choice
from tiktok_api.web.parsing.timezones import is_timezone
from tiktok_api.web.schemas import EXAMPLE_ID, Boolean, Schema, nullable


class LifeArgsSchema(Schema):
    """The days of a history."""

    timezone = fields.String(
        validate=is_timezone,
        metadata={"description": "The time zone of the days. Without it: your own.", "example": "Europe/Berlin"},
    )


def _age(example: float) -> fields.Field[Any]:
    return nullable(
        fields.Float, example=example, description="Hours since it was posted; null if TikTok does not say when."
    )


class LifePointSchema(Schema):
    """One reading of a post. The numbers are null if TikTok left one out."""

    captured_at = fields.AwareDateTime(required=True, metadata={"example": "2027-02-14T20:00:12Z"})
    age_hours = _age(3.003333)
    views = nullable(fields.Integer, example=640)
    likes = nullable(fields.Integer, example=51)
    comments = nullable(fields.Integer, example=4)
    shares = nullable(fields.Integer, example=2)
    is_restated = is_restated_field()
    reason = nullable(fields.String, example=None, validate=Choice(Reason), description="Why the numbers are null.")


class CountersSchema(Schema):
    """The four counters."""

    views = nullable(fields.Integer, example=640)
    likes = nullable(fields.Integer, example=51)
    comments = nullable(fields.Integer, example=4)
    shares = nullable(fields.Integer, example=2)


class LifeDaySchema(PeriodSchema):
    """One day of a post. A day without a reading is a gap, and the next change is counted from before it."""

    value = fields.Nested(CountersSchema, required=True, metadata={"description": "The last reading of the day."})
    change = fields.Nested(
        CountersSchema, required=True, metadata={"description": "Its difference from the one before."}
    )
    captured_at = nullable(fields.AwareDateTime, example="2027-02-14T22:00:12Z")
    changed_since = changed_since_field()
    is_restated = is_restated_field()
    reason = nullable(fields.String, example=None, validate=Choice(Reason), description="Why the numbers are null.")


class ViewsByAgeSchema(Schema):
    """The views between two readings, by the age of the post. A longer interval was not read in between."""

    starts_at = fields.AwareDateTime(required=True, metadata={"example": "2027-02-14T19:00:12Z"})
    ends_at = fields.AwareDateTime(required=True, metadata={"example": "2027-02-14T20:00:12Z"})
    from_hours = _age(2.003333)
    to_hours = _age(3.003333)
    views = fields.Integer(required=True, metadata={"description": "Gained in between.", "example": 120})
    views_per_hour = fields.Float(required=True, metadata={"example": 120})


class PeerComparisonSchema(Schema):
    """A post's views in its first reading at an age of 24 to 48 hours, beside the account's other posts at that age."""

    views = nullable(fields.Integer, example=4210)
    age_hours = _age(24.6)
    median_views = nullable(fields.Float, example=2804.5, description="Of the other posts.")
    posts = fields.Integer(
        required=True, metadata={"description": "How many other posts that is of, 5,000 at most.", "example": 33}
    )
    ratio = nullable(fields.Float, example=1.501159, description="The post's views by the median; null if either is.")
    reason = nullable(
        fields.String, example=None, validate=Choice(NotComparable), description="Why it cannot be compared."
    )


class VideoLifeSchema(PostOriginSchema):
    """A video from the time it was posted."""

    total = fields.Nested(PostNumbersSchema, required=True, metadata={"description": "In the latest reading."})
    captured_at = nullable(fields.AwareDateTime, example="2027-03-02T11:40:12Z", description="When that was read.")
    is_restated = of_video("is_restated")
    points = fields.List(
        fields.Nested(LifePointSchema),
        required=True,
        metadata={
            "description": "The last reading of each hour of the first 48, then of each day; the first 400 of them."
        },
    )
    days = fields.List(
        fields.Nested(LifeDaySchema),
        required=True,
        metadata={
            "description": "From the day it was posted, or first read, 400 at most. The changes add up to what was gained since."
        },
    )
    views_by_age = fields.List(fields.Nested(ViewsByAgeSchema), required=True)
    at_24_hours = fields.Nested(PeerComparisonSchema, required=True)


class PostLifeSchema(Schema):
    """The history of a post: one video or, of a post of ours, each video that came from it."""

    id = fields.UUID(required=True, metadata={"description": "As it was asked for.", "example": EXAMPLE_ID})
    timezone = fields.String(required=True, metadata={"example": "Europe/Berlin"})
    videos = fields.List(
        fields.Nested(VideoLifeSchema),
        required=True,
        metadata={"description": "Empty as long as TikTok has not listed a video of the post. 10 at most."},
    )
    has_more = Boolean(required=True, metadata={"description": "The post has more videos.", "example": False})
