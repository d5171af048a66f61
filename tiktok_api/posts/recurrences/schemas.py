"""The shapes of recurrences."""

from datetime import date, datetime
from typing import Any

from marshmallow import ValidationError, fields, validate

from tiktok_api.posts.recurrences.models import RecurrenceStatus
from tiktok_api.posts.recurrences.rules import LONGEST_RULE
from tiktok_api.posts.schemas.posts import EXAMPLE_TIME, PostDraftSchema, TargetSchema, choice
from tiktok_api.web.openapi.json_schemas import NO_CONTROL_CHARACTERS, PartOf, Pattern
from tiktok_api.web.pagination import PageArgsSchema
from tiktok_api.web.parsing.timezones import is_timezone
from tiktok_api.web.schemas import EXAMPLE_ID, VALUE, Boolean, QueryBoolean, QueryInteger, Schema, nullable

_DAY = "(19[7-9][0-9]|2[0-9]{3})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_TIME = "T([01][0-9]|2[0-3]):[0-5][0-9]"
EXAMPLE_RULE = "FREQ=WEEKLY;BYDAY=MO,TH"
_RULE = (
    "A rule of RFC 5545 by which nothing happens more than once a day: FREQ (DAILY, WEEKLY, MONTHLY, YEARLY), INTERVAL, COUNT "
    "or UNTIL, BYDAY, BYMONTH, BYMONTHDAY, BYSETPOS and WKST. `local_time` is an occurrence only where the rule fits it."
)
_ROTATION = (
    "The media of one post after the other: the first occurrence shows the first list, the next one the second. A video post "
    "has one video in each."
)
_EXCEPTIONS = "Days (2027-03-09) or local times (2027-03-09T09:00) on which nothing happens."
EXAMPLE_MEDIA = [[EXAMPLE_ID], ["01932f0a-7c1e-7d3c-9d8e-1f2a3b4c5d6f"]]


def _is_on_the_calendar(value: str) -> None:
    try:
        datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
    except ValueError:
        raise ValidationError("This day is on no calendar.") from None


def _local_time(**options: Any) -> fields.String:
    error = "Not a local time, such as 2027-03-02T09:00: date, time to the minute, and no zone in it."
    return fields.String(
        validate=[Pattern(f"^{_DAY}{_TIME}$", error=error), _is_on_the_calendar],
        metadata={"example": "2027-03-02T09:00", "description": "The first wall time; its time of day is that of all."},
        **options,
    )


def _rule(**options: Any) -> fields.String:
    return fields.String(
        validate=[validate.Length(1, LONGEST_RULE), NO_CONTROL_CHARACTERS],
        metadata={"example": EXAMPLE_RULE, "description": _RULE},
        **options,
    )


def _timezone(**options: Any) -> fields.String:
    return fields.String(validate=is_timezone, metadata={"example": "Europe/Berlin"}, **options)


def _exceptions(**options: Any) -> fields.List[Any]:
    error = "Not a day (2027-03-09) or local time (2027-03-09T09:00)."
    one = fields.String(
        validate=[Pattern(f"^{_DAY}({_TIME})?$", error=error), _is_on_the_calendar], metadata={"example": "2027-03-09"}
    )
    return fields.List(
        one,
        validate=validate.Length(max=500),
        metadata={"example": ["2027-03-09"], "description": _EXCEPTIONS},
        **options,
    )


def _media_rotation(**options: Any) -> fields.List[Any]:
    turn = fields.List(fields.UUID(metadata={"example": EXAMPLE_ID}), validate=validate.Length(1, 35))
    return fields.List(
        turn,
        validate=validate.Length(1, 100),
        metadata={"example": EXAMPLE_MEDIA, "description": _ROTATION},
        **options,
    )


def _repeat_media(**options: Any) -> Boolean:
    said = "True: after the last media the first come again. False: the recurrence ends with the last."
    return Boolean(metadata={"example": True, "description": said}, **options)


class RecurringPostSchema(PostDraftSchema):
    """What each post says, as `POST /posts` takes it, but for its media, its time and the client's own id."""

    class Meta(PostDraftSchema.Meta):
        exclude = ("external_id", "media_ids", "publish_at", "local_time", "timezone")


class RecurringTargetSchema(TargetSchema):
    """An account that each post goes to, with what is different there."""


class RecurringContentSchema(RecurringPostSchema):
    """What each post says."""

    targets = fields.List(PartOf(RecurringTargetSchema), metadata={"example": [{"account_id": EXAMPLE_ID}]})


class RecurrenceChangesSchema(Schema):
    """What may be changed of a recurrence. Coming posts that no person has touched follow; lists are replaced as a whole."""

    rule = _rule()
    local_time = _local_time()
    timezone = _timezone()
    exceptions = _exceptions()
    post = fields.Nested(RecurringPostSchema)
    media_rotation = _media_rotation()
    repeat_media = _repeat_media()
    is_paused = Boolean(
        metadata={
            "example": False,
            "description": "While it is paused, none of its untouched posts is on the calendar.",
        }
    )


class RecurrenceDraftSchema(Schema):
    """A new recurrence. The person's consent in `post` is that to each post."""

    rule = _rule(required=True)
    local_time = _local_time(required=True)
    timezone = _timezone(required=True)
    exceptions = _exceptions(load_default=list)
    post = fields.Nested(RecurringPostSchema, required=True)
    media_rotation = _media_rotation(required=True)
    repeat_media = _repeat_media(load_default=True)
    is_paused = Boolean(load_default=False, metadata={"example": False, "description": "Make no posts yet."})


class RecurrenceProblemSchema(Schema):
    """Why a post could not be scheduled."""

    code = fields.String(required=True, metadata={"example": "not_publishable"})
    message = fields.String(required=True, metadata={"example": "TikTok would refuse this post."})
    publish_at = fields.String(
        required=True,
        metadata={"example": EXAMPLE_TIME, "format": "date-time", "description": "The occurrence's time."},
    )
    is_final = Boolean(
        required=True,
        metadata={
            "example": False,
            "description": "False: it is tried again every hour until a day before its time. True: it is a draft now.",
        },
    )
    errors = fields.List(
        fields.Dict(values=fields.Raw(metadata=VALUE)),
        required=True,
        metadata={"example": [], "description": "As `errors` of a problem document."},
    )


class RecurrenceSchema(Schema):
    """A recurrence."""

    id = fields.UUID(required=True, metadata={"example": EXAMPLE_ID})
    status = choice(
        RecurrenceStatus, example="active", required=True, description="`ended`: all of its posts are made."
    )
    rule = _rule(required=True)
    local_time = _local_time(required=True)
    timezone = _timezone(required=True)
    exceptions = _exceptions(required=True)
    post = PartOf(
        RecurringContentSchema, required=True, metadata={"example": {"caption": "Our new #studio", "targets": []}}
    )
    media_rotation = _media_rotation(required=True)
    repeat_media = _repeat_media(required=True)
    is_paused = Boolean(required=True, metadata={"example": False})
    consented_at = fields.AwareDateTime(
        required=True,
        metadata={"example": EXAMPLE_TIME, "description": "When the person agreed; each post has the same."},
    )
    last_problem = fields.Nested(
        RecurrenceProblemSchema,
        required=True,
        allow_none=True,
        metadata={
            "example": None,
            "description": "Why a post could not be scheduled; a change of the recurrence clears it.",
        },
    )
    ended_at = nullable(fields.AwareDateTime, example=None)
    created_at = fields.AwareDateTime(required=True, metadata={"example": EXAMPLE_TIME})
    updated_at = fields.AwareDateTime(required=True, metadata={"example": EXAMPLE_TIME})


class RecurrenceListArgsSchema(PageArgsSchema):
    """Which part of the list."""


_MOST_SHOWN = 100
_COUNT = {"example": 10, "description": "How many occurrences to show."}


class PreviewArgsSchema(Schema):
    """How much of a preview."""

    count = QueryInteger(load_default=10, validate=validate.Range(1, _MOST_SHOWN), metadata=_COUNT)


class PreviewRequestSchema(Schema):
    """A recurrence that is not stored."""

    rule = _rule(required=True)
    local_time = _local_time(required=True)
    timezone = _timezone(required=True)
    exceptions = _exceptions(load_default=list)
    media_rotation = _media_rotation()
    repeat_media = _repeat_media(load_default=True)
    count = fields.Integer(load_default=10, strict=True, validate=validate.Range(1, _MOST_SHOWN), metadata=_COUNT)


class OccurrenceSchema(Schema):
    """One occurrence."""

    local_time = fields.String(required=True, metadata={"example": "2027-03-04T09:00"})
    publish_at = fields.AwareDateTime(required=True, metadata={"example": "2027-03-04T08:00:00Z"})
    note = nullable(
        fields.String,
        example=None,
        description="`moved_over_gap`: the clocks jump over this local time, and it goes out as if they had not. `first_of_two`: "
        "it is there twice, and the first counts.",
    )
    media_ids = fields.List(fields.UUID(), required=True, metadata={"example": [EXAMPLE_ID]})
    post_id = nullable(fields.UUID, example=None, description="The post, once it is made: 30 days ahead.")
    problem = fields.Nested(
        RecurrenceProblemSchema,
        required=True,
        allow_none=True,
        metadata={"example": None, "description": "Why it was made a draft."},
    )


class PreviewSchema(Schema):
    """The next occurrences, at most ten years ahead."""

    data = fields.List(fields.Nested(OccurrenceSchema), required=True)


class DeletionArgsSchema(Schema):
    """What becomes of posts that are scheduled."""

    cancel_scheduled = QueryBoolean(
        load_default=True, metadata={"example": True, "description": "Cancel the scheduled posts that it has made."}
    )


class RecurrenceDeletionSchema(Schema):
    """What was cancelled with the recurrence."""

    id = fields.UUID(required=True, metadata={"example": EXAMPLE_ID})
    cancelled_posts = fields.List(
        fields.UUID(metadata={"example": EXAMPLE_ID}), required=True, metadata={"example": [EXAMPLE_ID]}
    )
