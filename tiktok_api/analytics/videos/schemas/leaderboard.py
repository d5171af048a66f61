"""Ranked posts."""

from typing import Any

from marshmallow import fields, validate

from tiktok_api.analytics.metrics import Reason
from tiktok_api.analytics.schemas.readings import changed_since_field, is_restated_field
from tiktok_api.analytics.schemas.selection import SelectionArgsSchema
from tiktok_api.analytics.schemas.videos import VideoSchema
from tiktok_api.analytics.schemas.windows import WindowArgsSchema
from tiktok_api.analytics.videos.vocabulary import PostedWhen, PostMetric, RankedBy, RankingOrder
from tiktok_api.posts.vocabulary import PostIdSource
from tiktok_api.web.openapi.json_schemas import Choice
from tiktok_api.web.pagination import PageArgsSchema
from tiktok_api.web.schemas import EXAMPLE_ID, QueryInteger, Schema, nullable, page_of


def of_video(name: str) -> fields.Field[Any]:
    """A field as the list of videos has it."""
    return VideoSchema._declared_fields[name]


class LeaderboardArgsSchema(WindowArgsSchema, SelectionArgsSchema, PageArgsSchema):
    """Posts and what they are ranked by."""

    metric = fields.Enum(
        PostMetric,
        by_value=True,
        load_default=PostMetric.VIEWS,
        metadata={"example": "views", "description": "`interactions` are likes, comments and shares together."},
    )
    by = fields.Enum(
        RankedBy,
        by_value=True,
        load_default=RankedBy.GAINED,
        metadata={"example": "gained", "description": "What a post gained in the window, or all it had at its end."},
    )
    posted = fields.Enum(
        PostedWhen,
        by_value=True,
        load_default=PostedWhen.ANY,
        metadata={"example": "any", "description": "Only posts that were published in the window, or all."},
    )
    order = fields.Enum(
        RankingOrder,
        by_value=True,
        load_default=RankingOrder.DESCENDING,
        metadata={"example": "desc", "description": "The best first, or the worst. Equal posts: by account and age."},
    )
    min_views = QueryInteger(
        load_default=0,
        validate=validate.Range(0, 10**12),
        metadata={
            "example": 100,
            "description": "Of `engagement_rate` alone: posts with fewer views (those that the rate is of) have no place.",
        },
    )


class PostNumbersSchema(Schema):
    """The counters of a post, and what is made of them."""

    views = nullable(fields.Integer, example=2150)
    likes = nullable(fields.Integer, example=180)
    comments = nullable(fields.Integer, example=12)
    shares = nullable(fields.Integer, example=9)
    interactions = nullable(fields.Integer, example=201, description="Likes, comments and shares.")
    engagement_rate = nullable(fields.Float, example=0.093488, description="Interactions per view; null without views.")
    reason = nullable(
        fields.String,
        example=None,
        validate=Choice(Reason),
        description="Why the rate, or everything, is null: no_views, no_reading_in_window or no_reading_before_window.",
    )


class PostOriginSchema(Schema):
    """A video, and what we know of its origin."""

    id = fields.UUID(required=True, metadata={"description": "Of the video.", "example": EXAMPLE_ID})
    video_id = of_video("video_id")
    account_id = fields.UUID(required=True, metadata={"example": EXAMPLE_ID})
    username = nullable(fields.String, example="ada")
    post_id = nullable(fields.UUID, example=EXAMPLE_ID, description="The post of ours that it came from, if any.")
    publication_id = nullable(fields.UUID, example=EXAMPLE_ID)
    matched_by = nullable(
        fields.String,
        example="tiktok",
        validate=Choice(PostIdSource),
        description="How that is known: named by TikTok's status or by its webhook, or matched with its list by evidence.",
    )
    title = of_video("title")
    description = of_video("description")
    posted_at = of_video("posted_at")
    duration_seconds = of_video("duration_seconds")
    share_url = of_video("share_url")
    cover_url = of_video("cover_url")
    gone_at = of_video("gone_at")


class RankedPostSchema(PostOriginSchema):
    """A post and its place."""

    rank = fields.Integer(required=True, metadata={"description": "From 1.", "example": 1})
    value = nullable(fields.Float, example=2150, description="The metric by which it has its place.")
    gained = fields.Nested(PostNumbersSchema, required=True, metadata={"description": "In the window."})
    total = fields.Nested(PostNumbersSchema, required=True, metadata={"description": "At the end of the window."})
    captured_at = fields.AwareDateTime(
        required=True, metadata={"description": "When the totals were read.", "example": "2027-03-02T11:40:12Z"}
    )
    changed_since = changed_since_field()
    is_restated = is_restated_field()


def _of_question(kind: type[fields.Field[Any]], name: str, example: Any, **options: Any) -> fields.Field[Any]:
    return kind(required=True, attribute=f"question.{name}", metadata={"example": example}, **options)


class LeaderboardPageSchema(page_of(RankedPostSchema)):  # type: ignore[misc]  # a class made at run time
    """Ranked posts. The gains of all posts of an account add up to the change of the account in the window."""

    starts_at = _of_question(fields.AwareDateTime, "window.starts_at", "2027-01-31T23:00:00Z", data_key="from")
    ends_at = _of_question(fields.AwareDateTime, "window.ends_at", "2027-03-02T23:00:00Z", data_key="to")
    timezone = _of_question(fields.String, "window.timezone", "Europe/Berlin")
    until = fields.AwareDateTime(
        required=True,
        attribute="question.until",
        metadata={
            "description": "Readings of this instant and later do not count, on later pages either.",
            "example": "2027-03-02T12:00:00Z",
        },
    )
    metric = _of_question(fields.String, "metric", "views", validate=Choice(PostMetric))
    by = _of_question(fields.String, "by", "gained", validate=Choice(RankedBy))
    accounts = fields.Integer(required=True, metadata={"description": "Accounts in question.", "example": 3})
    accounts_read = fields.Integer(
        required=True,
        metadata={
            "description": "Of these, the ones whose posts could be ranked: for gains, those read in the window and before it. "
            "With `posted` or `label`, only accounts that have such posts.",
            "example": 3,
        },
    )
    ranked = fields.Integer(required=True, metadata={"description": "Posts that have a place.", "example": 124})
    unranked = fields.Integer(
        required=True,
        metadata={
            "description": "Posts of these accounts that have none: TikTok has not told their counters yet, or they have too few "
            "views for a rate.",
            "example": 0,
        },
    )
