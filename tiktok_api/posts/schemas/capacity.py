"""The shapes of caps, of where a schedule runs into them, and of times that are free."""

from typing import Any

from marshmallow import fields, post_load, validate

from tiktok_api.posts.limits import Cap
from tiktok_api.posts.schemas.posts import EXAMPLE_TIME, PostSchema, choice
from tiktok_api.posts.vocabulary import PostMode, PostType, with_enums
from tiktok_api.web.openapi.json_schemas import Choice
from tiktok_api.web.schemas import EXAMPLE_ID, Instant, QueryInteger, Schema, any_of, nullable

_SOURCES = (
    "Where that comes from: `setting` (CREATOR_POSTS_PER_DAY, an estimate; APP_CREATORS_PER_DAY), `tiktok` (its "
    "documentation), or `learnt` from a refusal within a week."
)


def _source() -> fields.String:
    choices = Choice(["setting", "tiktok", "learnt"], name="CapSource")
    return fields.String(required=True, validate=choices, metadata={"example": "setting", "description": _SOURCES})


class StandingCapSchema(Schema):
    """One of TikTok's caps."""

    code = choice(Cap, example="creator_cap_reached", required=True, description="The reason of what is held for it.")
    allowed = nullable(fields.Integer, example=15, description="Null where it is unknown.")
    source = _source()
    used = fields.Integer(required=True, metadata={"example": 2, "description": "What counts in these 24 hours."})
    learnt_at = nullable(fields.AwareDateTime, example=None, description="When TikTok refused.")
    reopens_at = nullable(
        fields.AwareDateTime, example=None, description="When the next place is free; null while there is one."
    )


class CollisionSchema(Schema):
    """A post that would run into a cap. It is not refused for that: it is held when its time has come."""

    code = choice(Cap, example="creator_cap_reached", required=True)
    message = fields.String(
        required=True,
        metadata={"example": "TikTok lets a creator post 15 times in any 24 hours, and 15 are counted by then."},
    )
    pointer = nullable(fields.String, example="/targets/0/account_id")
    account_id = fields.UUID(required=True, metadata={"example": EXAMPLE_ID})
    at = fields.AwareDateTime(required=True, metadata={"example": EXAMPLE_TIME})
    found = fields.Integer(required=True, metadata={"example": 15})
    allowed = fields.Integer(required=True, metadata={"example": 15})
    source = _source()
    next_free_at = fields.List(
        fields.AwareDateTime(),
        required=True,
        metadata={"example": [EXAMPLE_TIME], "description": "Times from then on at which it would fit all caps."},
    )


class PlannedCollisionSchema(CollisionSchema):
    """A planned post that runs into a cap."""

    post_id = fields.UUID(required=True, metadata={"example": EXAMPLE_ID})
    publication_id = fields.UUID(required=True, metadata={"example": EXAMPLE_ID})


def _collisions_told(said: str, **metadata: Any) -> fields.List[Any]:
    metadata |= {"example": [], "description": said}
    return fields.List(fields.Nested(CollisionSchema), required=True, allow_none=True, metadata=metadata)


def collisions_of_row() -> fields.List[Any]:
    """Of one of many posts: the caps that its time runs into."""
    return _collisions_told(
        "The caps that its time runs into, with the posts before it counted; null if it was refused or has no time."
    )


class ScheduledPostSchema(PostSchema):
    """A post as it was just written, with the caps that its time runs into."""

    collisions = _collisions_told(
        "Told in this answer alone; its ETag does not depend on it. Null where the post has no time.", is_told_once=True
    )


class ForecastArgsSchema(Schema):
    """Of which accounts."""

    account_id = any_of(fields.UUID(metadata={"example": EXAMPLE_ID}))


class ForecastSchema(Schema):
    """What TikTok would refuse of all that is planned, if nothing were held."""

    planned = fields.Integer(required=True, metadata={"example": 120})
    colliding = fields.Integer(required=True, metadata={"example": 1})
    collisions = fields.List(
        fields.Nested(PlannedCollisionSchema), required=True, metadata={"description": "In their order, the first 100."}
    )


class NextFreeArgsSchema(Schema):
    """For which post."""

    after = Instant(metadata={"example": EXAMPLE_TIME, "description": "Without it: now."})
    mode = choice(PostMode, example="direct", load_default="direct")
    type = choice(PostType, example="video", load_default="video")
    count = QueryInteger(load_default=5, validate=validate.Range(1, 50), metadata={"example": 5})

    @post_load
    def _as_enums(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return with_enums(data)


class FreeTimesSchema(Schema):
    """Times at which another post would fit all caps."""

    account_id = fields.UUID(required=True, metadata={"example": EXAMPLE_ID})
    data = fields.List(
        fields.AwareDateTime(),
        required=True,
        metadata={"example": [EXAMPLE_TIME], "description": "Each as if the ones before it were taken."},
    )
