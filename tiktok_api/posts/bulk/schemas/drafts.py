"""The shapes of creating many posts."""

from typing import Any

from marshmallow import fields, validate

from tiktok_api.posts.bulk.batches import MOST_AT_ONCE
from tiktok_api.posts.schemas.capacity import collisions_of_row
from tiktok_api.posts.schemas.posts import PostDraftSchema
from tiktok_api.web.openapi.json_schemas import Choice
from tiktok_api.web.schemas import EXAMPLE_ID, ProblemSchema, QueryBoolean, Schema, nullable


class JudgedApart(fields.Nested):
    """An item that is taken as it was sent: it is judged by its schema later, by itself."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        return value


class BulkDraftsSchema(Schema):
    """Several new posts, each as `POST /posts` takes one."""

    posts = fields.List(
        JudgedApart(PostDraftSchema), required=True, validate=validate.Length(1, MOST_AT_ONCE, error="1 to 100 posts.")
    )


class BulkCreationArgsSchema(Schema):
    """What becomes of the rows."""

    dry_run = QueryBoolean(
        load_default=False,
        metadata={"example": True, "description": "Check everything as creating would, and keep nothing."},
    )
    all_or_nothing = QueryBoolean(
        load_default=False,
        metadata={
            "example": True,
            "description": "If any post is refused, create none: 422 `rows_refused` with the faults of all of them.",
        },
    )


class BulkCreatedSchema(Schema):
    """What became of one post."""

    row = fields.Integer(
        required=True,
        metadata={
            "example": 1,
            "description": "Its place in `posts`, or among the rows after the CSV's header, from 1 on; empty rows count.",
        },
    )
    status = fields.String(
        required=True,
        validate=Choice(["created", "would_be_created", "refused"], name="BulkCreationStatus"),
        metadata={"example": "created"},
    )
    post_id = nullable(fields.UUID, example=EXAMPLE_ID, description="Null unless it was created.")
    collisions = collisions_of_row()
    problem = fields.Nested(
        ProblemSchema,
        allow_none=True,
        metadata={"example": None, "description": "What `POST /posts` would have answered; null unless refused."},
    )


class BulkCreationSchema(Schema):
    """What became of each post, in their order."""

    results = fields.List(fields.Nested(BulkCreatedSchema), required=True)
    created = fields.Integer(
        required=True, metadata={"example": 1, "description": "How many were created, or would have been."}
    )
    refused = fields.Integer(required=True, metadata={"example": 0})
