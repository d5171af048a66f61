"""The requests and responses of analytics."""

from typing import Any

from marshmallow import fields

from tiktok_api.analytics.charts.labels import Show
from tiktok_api.analytics.metrics import Interval, Metric, Reason
from tiktok_api.analytics.windows import MOST_POINTS
from tiktok_api.web.openapi.json_schemas import Choice
from tiktok_api.web.pagination import PageArgsSchema
from tiktok_api.web.parsing.moments import MomentField
from tiktok_api.web.parsing.timezones import is_timezone
from tiktok_api.web.schemas import EXAMPLE_ID, Boolean, QueryBoolean, Schema, nullable, page_of
from tiktok_api.web.signed_links import SignedUrl


class WindowArgsSchema(Schema):
    """A window of time."""

    starts = MomentField(
        data_key="from",
        metadata={
            "description": "The first day, or the first instant. Without it: the 30 days up to the end.",
            "example": "2026-02-01",
        },
    )
    ends = MomentField(
        data_key="to",
        metadata={
            "description": "The last day, or the instant at which the window ends. Without it: today.",
            "example": "2026-03-02",
        },
    )
    timezone = fields.String(
        validate=is_timezone,
        metadata={"description": "The time zone of the days. Without it: your own.", "example": "Europe/Berlin"},
    )


class SeriesArgsSchema(WindowArgsSchema):
    """A series."""

    metric = fields.Enum(Metric, by_value=True, load_default=Metric.FOLLOWERS, metadata={"example": "views"})
    interval = fields.Enum(
        Interval,
        by_value=True,
        load_default=Interval.DAY,
        metadata={"example": "day", "description": f"Weeks begin on Monday. At most {MOST_POINTS} points at once."},
    )


class ChartArgsSchema(SeriesArgsSchema):
    """A chart."""

    show = fields.Enum(
        Show,
        by_value=True,
        load_default=Show.VALUE,
        metadata={"example": "value", "description": "The values, or the change in each period."},
    )


_WHY = "Why the value is null, or, where there is a value, why the change is: " + ", ".join(Reason) + "."


def _captured_at() -> fields.Field[Any]:
    return nullable(
        fields.AwareDateTime,
        example="2027-03-02T11:40:12Z",
        description="When it was read from TikTok; null with the value.",
    )


def _changed_since() -> fields.Field[Any]:
    return nullable(
        fields.AwareDateTime,
        example="2027-01-31T22:50:03Z",
        description="When the previous reading was taken, from which the change is counted; after a gap that may be long ago.",
    )


def _is_restated() -> Boolean:
    return Boolean(
        required=True,
        metadata={
            "description": "A reading in this time was lower than the one before: TikTok corrected the number, or "
            "followers left. The lower number is kept.",
            "example": False,
        },
    )


def _reason() -> fields.Field[Any]:
    return nullable(fields.String, example=None, description=_WHY, validate=Choice(Reason))


class ReadingSchema(Schema):
    """One metric over a window: the last reading in it, and its difference from the last reading before it."""

    value = nullable(fields.Integer, example=18412)
    change = nullable(fields.Integer, example=791)
    captured_at = _captured_at()
    changed_since = _changed_since()
    is_restated = _is_restated()
    reason = _reason()


class EngagementSchema(Schema):
    """(likes + comments + shares) / views, gained by the same videos in the same window; null without views."""

    value = nullable(fields.Float, example=0.087302)
    captured_at = _captured_at()
    changed_since = _changed_since()
    is_restated = _is_restated()
    reason = _reason()


def _reading(value: int, change: int) -> fields.Nested:
    example = {name: field.metadata["example"] for name, field in ReadingSchema().fields.items()}
    return fields.Nested(
        ReadingSchema, required=True, metadata={"example": example | {"value": value, "change": change}}
    )


def _window_field(kind: type[fields.Field[Any]], name: str, example: str, **options: Any) -> fields.Field[Any]:
    return kind(required=True, attribute=f"window.{name}", metadata={"example": example}, **options)


class SummarySchema(Schema):
    """The metrics of an account at the end of a window, and their changes in it.

    `likes` and `videos` are the profile's own counters. `views`, `comments` and `shares` are sums over the public videos;
    their changes count all videos, those deleted since included.
    """

    account_id = fields.UUID(required=True, metadata={"example": EXAMPLE_ID})
    starts_at = _window_field(fields.AwareDateTime, "starts_at", "2027-01-31T23:00:00Z", data_key="from")
    ends_at = _window_field(fields.AwareDateTime, "ends_at", "2027-03-02T23:00:00Z", data_key="to")
    timezone = _window_field(fields.String, "timezone", "Europe/Berlin")
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


class PointSchema(Schema):
    """One metric over one day, week or month; `value` is null where nothing was read: a gap, not a zero."""

    date = fields.Date(required=True, metadata={"description": "In the zone.", "example": "2027-02-01"})
    starts_at = fields.AwareDateTime(required=True, metadata={"example": "2027-01-31T23:00:00Z"})
    ends_at = fields.AwareDateTime(required=True, metadata={"example": "2027-02-01T23:00:00Z"})
    value = nullable(fields.Float, example=18412)
    change = nullable(fields.Integer, example=31)
    captured_at = _captured_at()
    changed_since = _changed_since()
    is_restated = _is_restated()
    reason = _reason()


class SeriesSchema(Schema):
    """One metric of an account over time. The changes of the points add up to the change of the window."""

    account_id = fields.UUID(required=True, metadata={"example": EXAMPLE_ID})
    metric = fields.String(required=True, validate=Choice(Metric), metadata={"example": "followers"})
    interval = fields.String(required=True, validate=Choice(Interval), metadata={"example": "day"})
    starts_at = _window_field(fields.AwareDateTime, "starts_at", "2027-01-31T23:00:00Z", data_key="from")
    ends_at = _window_field(fields.AwareDateTime, "ends_at", "2027-02-01T23:00:00Z", data_key="to")
    timezone = _window_field(fields.String, "timezone", "Europe/Berlin")
    points = fields.List(fields.Nested(PointSchema), required=True)


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
