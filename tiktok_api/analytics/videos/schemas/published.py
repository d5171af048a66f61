"""What the posts of a window tell together: hashtags and hours of posting."""

from typing import Any

from marshmallow import fields, validate

from tiktok_api.analytics.schemas import windows
from tiktok_api.analytics.schemas.selection import SelectionArgsSchema
from tiktok_api.analytics.schemas.windows import WindowArgsSchema
from tiktok_api.analytics.videos.hashtags import MOST_TAGS
from tiktok_api.analytics.videos.life import NotComparable
from tiktok_api.analytics.videos.published import ENOUGH_POSTS, MOST_POSTS
from tiktok_api.analytics.videos.schemas.leaderboard import of_video
from tiktok_api.web.openapi.json_schemas import Choice
from tiktok_api.web.schemas import EXAMPLE_ID, Boolean, QueryInteger, Schema, nullable


class PublishedArgsSchema(WindowArgsSchema):
    """Posts that were published in a window."""

    label = SelectionArgsSchema._declared_fields["label"]


class PublishedOfAllArgsSchema(WindowArgsSchema, SelectionArgsSchema):
    """Posts that were published in a window, of some accounts or all."""


_MIN_POSTS = QueryInteger(
    load_default=1,
    validate=validate.Range(1, MOST_POSTS),
    metadata={"example": 3, "description": "Leave out hashtags of fewer posts."},
)


class HashtagsArgsSchema(PublishedArgsSchema):
    """Hashtags of the posts of one account."""

    min_posts = _MIN_POSTS


class HashtagsOfAllArgsSchema(PublishedOfAllArgsSchema):
    """Hashtags of the posts of some accounts or all."""

    min_posts = _MIN_POSTS


class TaggedPostSchema(Schema):
    """A post, in short."""

    id = fields.UUID(required=True, metadata={"description": "Of the video.", "example": EXAMPLE_ID})
    video_id = of_video("video_id")
    account_id = fields.UUID(required=True, metadata={"example": EXAMPLE_ID})
    posted_at = of_video("posted_at")
    share_url = of_video("share_url")
    views = of_video("views")


class ComparedHashtagSchema(Schema):
    """How the posts with a hashtag did."""

    hashtag = fields.String(
        required=True, metadata={"description": "As it is most often written.", "example": "MorningLight"}
    )
    name = fields.String(
        required=True, metadata={"description": "The same for all spellings.", "example": "morninglight"}
    )
    posts = fields.Integer(required=True, metadata={"example": 9})
    posts_read = fields.Integer(
        required=True, metadata={"description": "Of these, the ones whose counters TikTok told.", "example": 9}
    )
    share_of_posts = fields.Float(required=True, metadata={"description": "Of all posts.", "example": 0.321429})
    median_views = nullable(fields.Float, example=2804, description="In their latest readings.")
    median_engagement_rate = nullable(fields.Float, example=0.087302, description="Of the posts with views.")
    is_enough = Boolean(
        required=True, metadata={"description": f"The medians are of {ENOUGH_POSTS} posts or more.", "example": True}
    )
    best_post = fields.Nested(
        TaggedPostSchema,
        required=True,
        allow_none=True,
        metadata={"description": "The one with most views; null if none was read."},
    )


def _statement(example: str) -> fields.Field[Any]:
    return nullable(
        fields.String, example=example, description="What too few posts cannot tell; null if there are enough."
    )


class HashtagsComparedSchema(Schema):
    """The hashtags of the posts that were published in a window, those of most posts first."""

    starts_at = windows.starts_at()
    ends_at = windows.ends_at()
    timezone = windows.timezone()
    posts = fields.Integer(required=True, metadata={"description": "Published in the window.", "example": 28})
    tagged_posts = fields.Integer(required=True, metadata={"description": "Of these, with a hashtag.", "example": 25})
    hashtags = fields.List(
        fields.Nested(ComparedHashtagSchema), required=True, metadata={"description": f"{MOST_TAGS} at most."}
    )
    has_more = Boolean(required=True, metadata={"description": "There are more hashtags.", "example": False})
    statement = _statement("Only 4 posts, and fewer than 3 with any one hashtag: their medians say little.")


class HourOfWeekSchema(Schema):
    """The posts of one hour of the week."""

    weekday = fields.Integer(required=True, metadata={"description": "1 is Monday, 7 Sunday.", "example": 3})
    hour = fields.Integer(required=True, metadata={"description": "Local, 0 to 23.", "example": 18})
    posts = fields.Integer(required=True, metadata={"example": 4})
    median_views_per_hour = nullable(
        fields.Float,
        example=112.5,
        description="Up to their first reading at an age of 24 to 48 hours; null without posts.",
    )
    is_enough = Boolean(required=True, metadata={"description": f"{ENOUGH_POSTS} posts or more.", "example": True})


class LeftOutSchema(Schema):
    """Posts that were not read at an age of 24 to 48 hours."""

    reason = fields.String(required=True, validate=Choice(NotComparable), metadata={"example": "too_young"})
    posts = fields.Integer(required=True, metadata={"example": 2})


class BestTimesSchema(Schema):
    """How posts did by the hour of the week at which they were posted."""

    starts_at = windows.starts_at()
    ends_at = windows.ends_at()
    timezone = windows.timezone()
    posts = fields.Integer(required=True, metadata={"description": "Behind all cells together.", "example": 31})
    left_out = fields.List(fields.Nested(LeftOutSchema), required=True)
    cells = fields.List(
        fields.Nested(HourOfWeekSchema), required=True, metadata={"description": "168, from Monday at 0 on."}
    )
    best = fields.List(
        fields.Nested(HourOfWeekSchema),
        required=True,
        metadata={"description": f"The best hours of {ENOUGH_POSTS} posts or more, three at most."},
    )
    is_enough = Boolean(required=True, metadata={"description": "There is such an hour.", "example": True})
    statement = _statement("Only 4 posts were read at an age of 24 to 48 hours: fewer than 3 in any hour say little.")
