"""The shapes of lists and counts of posts, and of copies."""

from typing import Any

from marshmallow import fields, validate

from tiktok_api.posts.queries.sort_orders import PostSort
from tiktok_api.posts.schemas.posts import EXTERNAL_ID, PostSchema, choice
from tiktok_api.posts.vocabulary import PostStatus, PostType
from tiktok_api.web.openapi.json_schemas import Choice
from tiktok_api.web.pagination import MOST_COUNTED, PageArgsSchema
from tiktok_api.web.parsing.labels import LONGEST_LABEL, Label
from tiktok_api.web.parsing.moments import MomentField, is_in_calendar
from tiktok_api.web.schemas import EXAMPLE_ID, Boolean, FaultSchema, Schema, any_of


def _moment(name: str, *, example: str, description: str) -> Any:
    return MomentField(
        data_key=name, validate=is_in_calendar, metadata={"example": example, "description": description}
    )


class PostCountArgsSchema(Schema):
    """Which posts are counted."""

    account_id = any_of(fields.UUID(metadata={"example": EXAMPLE_ID}))
    type = any_of(choice(PostType, example="video"))
    tag = any_of(
        fields.String(validate=validate.Length(1, LONGEST_LABEL), metadata={"example": "agency"}),
        description="A tag of one of its accounts; with account_id, of one of these.",
    )
    label = any_of(Label())
    since = _moment(
        "from", example="2027-03-02", description="Going out on this day of yours or later, or from this instant on."
    )
    until = _moment(
        "to", example="2027-03-31", description="Going out on this day of yours or earlier, or before this instant."
    )
    q = fields.String(
        validate=validate.Length(1, 200),
        metadata={
            "example": "studio",
            "description": "A part of the caption, or of the title or description of photos. What a target"
            " overrides is not looked at.",
        },
    )
    external_id = any_of(fields.String(validate=EXTERNAL_ID, metadata={"example": "cms-4711"}))


class PostListArgsSchema(PostCountArgsSchema, PageArgsSchema):
    """Which posts, and in which order."""

    status = any_of(choice(PostStatus, example="scheduled"))
    sort = fields.String(
        validate=Choice(PostSort),
        load_default=PostSort.NEWEST_CREATED.value,
        metadata={
            "example": "-created_at",
            "description": "By creation or by `publish_at`; a minus says that the latest come first. Sorted by `publish_at`, the "
            "list has only posts with a time.",
        },
    )


class StatusCountSchema(Schema):
    """How many posts have a status."""

    status = choice(PostStatus, example="scheduled", required=True)
    count = fields.Integer(
        required=True, metadata={"example": 12, "description": f"Counted up to {MOST_COUNTED:,}: see `is_exact`."}
    )
    is_exact = Boolean(required=True, metadata={"example": True, "description": "False if there are more."})


class LabelCountSchema(Schema):
    """How many posts have a label."""

    label = fields.String(required=True, metadata={"example": "spring campaign"})
    count = fields.Integer(required=True, metadata={"example": 12})
    is_exact = Boolean(required=True, metadata={"example": True})


class PostCountsSchema(Schema):
    """Posts counted by status, each of them named, and by label."""

    statuses = fields.List(fields.Nested(StatusCountSchema), required=True)
    labels = fields.List(
        fields.Nested(LabelCountSchema),
        required=True,
        metadata={"description": "The labels in use, the first 100 by name; of all your posts, whatever the filters."},
    )


class DuplicateSchema(Schema):
    """The new draft, and what the original had that it has not."""

    post = fields.Nested(PostSchema, required=True)
    left_out = fields.List(
        fields.Nested(FaultSchema),
        required=True,
        metadata={
            "description": "Pointers into the original: `media_deleted`, `account_disconnected`.",
            "example": [],
        },
    )
