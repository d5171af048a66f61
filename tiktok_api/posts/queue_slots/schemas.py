"""The shapes of queues and their slots."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates, validates_schema

from tiktok_api.posts.queue_slots.slots import WEEKDAYS
from tiktok_api.posts.schemas.posts import EXAMPLE_TIME
from tiktok_api.web.openapi.json_schemas import Choice, Pattern
from tiktok_api.web.parsing.timezones import is_timezone
from tiktok_api.web.schemas import EXAMPLE_ID, Boolean, QueryInteger, Schema, nullable, places_of_repeated

MOST_SLOTS = 50
_EXAMPLE = [{"weekday": "monday", "time": "09:00"}, {"weekday": "thursday", "time": "18:30"}]


class QueueSlotSchema(Schema):
    """A time of each week."""

    weekday = fields.String(required=True, validate=Choice(WEEKDAYS, name="Weekday"), metadata={"example": "monday"})
    time = fields.String(
        required=True,
        validate=Pattern("^([01][0-9]|2[0-3]):[0-5][0-9]$", error="Not a time of the day, such as 09:00."),
        metadata={"example": "09:00"},
    )


class QueueSlotsRequestSchema(Schema):
    """The weekly times of an account; they replace those that were there."""

    timezone = fields.String(required=True, validate=is_timezone, metadata={"example": "Europe/Berlin"})
    slots = fields.List(
        fields.Nested(QueueSlotSchema),
        required=True,
        validate=validate.Length(max=MOST_SLOTS),
        metadata={"example": _EXAMPLE},
    )

    @validates("slots")
    def _name_each_time_once(self, value: list[Mapping[str, str]], **_: Any) -> None:
        again = places_of_repeated((slot["weekday"], slot["time"]) if len(slot) == 2 else None for slot in value)
        if again:
            raise ValidationError({place: {"time": ["Names a time twice."]} for place in again})

    @post_load
    def _sort(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        in_order = sorted(data["slots"], key=lambda slot: (WEEKDAYS.index(slot["weekday"]), slot["time"]))
        return data | {"slots": [{"weekday": slot["weekday"], "time": slot["time"]} for slot in in_order]}


class QueueSlotsSchema(Schema):
    """The weekly times of an account, in the order of the week."""

    account_id = fields.UUID(required=True, metadata={"example": EXAMPLE_ID})
    timezone = fields.String(required=True, metadata={"example": "Europe/Berlin"})
    slots = fields.List(fields.Nested(QueueSlotSchema), required=True, metadata={"example": _EXAMPLE})
    updated_at = nullable(fields.AwareDateTime, example=EXAMPLE_TIME, description="Null: none were chosen yet.")


class NextSlotsArgsSchema(Schema):
    """How many slots."""

    count = QueryInteger(
        load_default=10,
        validate=validate.Range(1, 100),
        metadata={"example": 10, "description": "How many slots to show."},
    )


class FreeSlotSchema(Schema):
    """A slot at which nothing of the account goes out."""

    publish_at = fields.AwareDateTime(required=True, attribute="at", metadata={"example": "2027-03-01T08:00:00Z"})
    local_time = fields.String(required=True, metadata={"example": "2027-03-01T09:00"})
    timezone = fields.String(required=True, metadata={"example": "Europe/Berlin"})


class NextSlotsSchema(Schema):
    """The next free slots, at most five years ahead."""

    data = fields.List(fields.Nested(FreeSlotSchema), required=True)


class QueueMoveSchema(Schema):
    """Move all queued posts: by a number of slots, or anew over the slots as they are now."""

    by = fields.Integer(
        strict=True,
        validate=validate.Range(1, 100),
        metadata={"example": 1, "description": "Each goes out so many free slots later."},
    )
    relay = Boolean(
        metadata={"description": "True, instead of `by`: the first goes to the next free slot, the others follow."}
    )

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def _is_one_way(self, _data: dict[str, Any], sent: Any, **_: Any) -> None:
        data = sent if isinstance(sent, dict) else {}
        if ("by" in data) == (data.get("relay") is True):
            raise ValidationError("Give either this or `relay: true`.", "by")


class MovedPostSchema(Schema):
    """A queued post and its new time."""

    post_id = fields.UUID(required=True, attribute="id", metadata={"example": EXAMPLE_ID})
    publish_at = fields.AwareDateTime(required=True, metadata={"example": "2027-03-01T08:00:00Z"})
    local_time = nullable(fields.String, example="2027-03-01T09:00")
    timezone = nullable(fields.String, example="Europe/Berlin")


class MovedQueueSchema(Schema):
    """The queue as it is now, in the order of its times."""

    data = fields.List(fields.Nested(MovedPostSchema), required=True)
