"""The shapes of acting on many posts by their ids."""

from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates, validates_schema

from tiktok_api.posts.bulk.batches import MOST_AT_ONCE
from tiktok_api.posts.schemas.capacity import collisions_of_row
from tiktok_api.posts.schemas.posts import CancelledTargetSchema, PostSlotSchema, SlotSchema
from tiktok_api.posts.vocabulary import SLOT, PostStatus
from tiktok_api.web.openapi.json_schemas import Choice
from tiktok_api.web.schemas import EXAMPLE_ID, ProblemSchema, Schema, places_of_repeated

_ONE_TO_MOST = validate.Length(1, MOST_AT_ONCE, error="1 to 100 posts.")


def _ids(**options: Any) -> fields.List[Any]:
    return fields.List(fields.UUID(metadata={"example": EXAMPLE_ID}), validate=_ONE_TO_MOST, **options)


class _EachIdOnceSchema(Schema):
    """What names posts by `ids`."""

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def _name_each_once(self, data: dict[str, Any], sent: Any, **_: Any) -> None:
        ids = data.get("ids", [])
        again = places_of_repeated(ids)
        if again and len(ids) == len(sent["ids"]):  # else what is no id is left out, and the places are not those sent
            raise ValidationError({place: ["Names a post twice."] for place in again}, "ids")


class PostIdsSchema(_EachIdOnceSchema):
    """Which posts."""

    ids = _ids(required=True)


class ScheduledItemSchema(PostSlotSchema):
    """A post and its own time."""

    id = fields.UUID(required=True, metadata={"example": EXAMPLE_ID})


class BulkScheduleSchema(_EachIdOnceSchema, SlotSchema):
    """Either `ids` and one time for all, or `items` with a time for each."""

    ids = _ids()
    items = fields.List(fields.Nested(ScheduledItemSchema), validate=_ONE_TO_MOST)

    @validates("items")
    def _name_each_item_once(self, value: list[dict[str, Any]], **_: Any) -> None:
        if again := places_of_repeated(item.get("id") for item in value):
            raise ValidationError({place: {"id": ["Names a post twice."]} for place in again})

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def _is_one_of_both(self, _data: dict[str, Any], sent: Any, **_: Any) -> None:
        named = sent.keys() if isinstance(sent, dict) else {"ids", *SLOT}
        if ("ids" in named) == ("items" in named):
            raise ValidationError("Give either ids with one time, or items with a time each.", "ids")
        if "ids" in named and not named & set(SLOT):
            raise ValidationError("Give publish_at, or local_time with timezone.", "publish_at")
        if "items" in named and named & set(SLOT):
            raise ValidationError("Each of the items has its own time.", "items")

    @post_load
    def _gather(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Returns the slots by the ids of the posts, in the order that was sent."""
        slot = {name: data[name] for name in SLOT if name in data}
        items = data.get("items", [{"id": each, **slot} for each in data.get("ids", [])])
        return {"slots": {item["id"]: {name: item[name] for name in SLOT if name in item} for item in items}}


class BulkActedSchema(Schema):
    """What became of one post."""

    id = fields.UUID(required=True, metadata={"example": EXAMPLE_ID})
    status = fields.String(
        required=True, validate=Choice(["done", "refused"], name="BulkActionStatus"), metadata={"example": "done"}
    )
    post_status = fields.String(
        required=True,
        allow_none=True,
        validate=Choice(PostStatus),
        metadata={
            "example": "scheduled",
            "description": "The post's status now; null if it was refused or is deleted.",
        },
    )
    problem = fields.Nested(
        ProblemSchema,
        allow_none=True,
        metadata={
            "example": None,
            "description": "What the single operation would have answered; null unless refused.",
        },
    )


class BulkActionSchema(Schema):
    """What became of each post, in the order that was sent."""

    results = fields.List(fields.Nested(BulkActedSchema), required=True)
    done = fields.Integer(required=True, metadata={"example": 1})
    refused = fields.Integer(required=True, metadata={"example": 0})


class BulkTimedSchema(BulkActedSchema):
    """What became of one post, and the caps that its time runs into."""

    collisions = collisions_of_row()


class BulkScheduledSchema(BulkActionSchema):
    """What became of each post and of its time, in the order that was sent."""

    results = fields.List(fields.Nested(BulkTimedSchema), required=True)


class BulkCancelledSchema(BulkActedSchema):
    """What became of one post and of each of its targets."""

    targets = fields.List(
        fields.Nested(CancelledTargetSchema),
        required=True,
        metadata={"description": "What became of each target; empty if the post was refused."},
    )


class BulkCancellationSchema(BulkActionSchema):
    """What became of each post and of its targets, in the order that was sent."""

    results = fields.List(fields.Nested(BulkCancelledSchema), required=True)
