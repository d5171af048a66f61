"""The shapes of the calendar and of its feeds."""

from marshmallow import fields, validate

from tiktok_api.posts.capacity.days import MOST_DAYS
from tiktok_api.posts.schemas.posts import EXAMPLE_TIME, choice
from tiktok_api.posts.vocabulary import PostStatus, PostType
from tiktok_api.web.parsing.labels import Label
from tiktok_api.web.parsing.moments import DayField
from tiktok_api.web.parsing.timezones import is_timezone
from tiktok_api.web.schemas import EXAMPLE_ID, Boolean, QueryInteger, Schema, any_of

_LONGEST_NAME = 100
_FEED_URL = "https://api.example.com/api/v1/posts/calendar.ics?token=cal_3fQx9aWm0JrYc5oVnTzK1dLbE7uHsGpNqXiRtDfZy8A"


class DaysArgsSchema(Schema):
    """Which days."""

    first = DayField(data_key="from", metadata={"example": "2026-03-01", "description": "Without it: today."})
    last = DayField(
        data_key="to",
        metadata={"example": "2026-03-07", "description": f"Without it: a week. At most {MOST_DAYS} days."},
    )
    timezone = fields.String(
        validate=is_timezone, metadata={"example": "Europe/Berlin", "description": "Without it: your own time zone."}
    )


class CalendarArgsSchema(DaysArgsSchema):
    """Which days, and of which posts."""

    account_id = any_of(fields.UUID(metadata={"example": EXAMPLE_ID}))
    status = any_of(choice(PostStatus, example="scheduled"))
    limit = QueryInteger(
        load_default=10,
        validate=validate.Range(1, 50),
        metadata={
            "example": 10,
            "description": "How many posts of each day to list at most; `GET /posts` has all of a day.",
        },
    )


def _count() -> fields.Integer:
    return fields.Integer(required=True, metadata={"example": 0})


class CalendarCountsSchema(Schema):
    """How many posts of a day have each status."""

    draft = _count()
    scheduled = _count()
    publishing = _count()
    published = _count()
    delivered = _count()
    partly_published = _count()
    failed = _count()
    cancelled = _count()


class CalendarEntrySchema(Schema):
    """A post on the calendar."""

    post_id = fields.UUID(required=True, attribute="id", metadata={"example": EXAMPLE_ID})
    title = fields.String(
        required=True,
        metadata={"example": "Our new #studio", "description": "The beginning of its words, in one line."},
    )
    type = choice(PostType, example="video", required=True)
    status = choice(PostStatus, example="scheduled", required=True)
    publish_at = fields.AwareDateTime(required=True, metadata={"example": EXAMPLE_TIME})
    local_time = fields.String(
        required=True,
        metadata={
            "example": "2027-03-02T13:00:00+01:00",
            "description": "The same instant in the calendar's time zone.",
        },
    )
    account_ids = fields.List(
        fields.UUID(),
        required=True,
        metadata={"example": [EXAMPLE_ID], "description": "Its targets, without accounts that were disconnected."},
    )


class CalendarDaySchema(Schema):
    """A day, also one without posts."""

    date = fields.Date(required=True, metadata={"example": "2027-03-02"})
    total = fields.Integer(required=True, metadata={"example": 1})
    counts = fields.Nested(CalendarCountsSchema, required=True)
    entries = fields.List(fields.Nested(CalendarEntrySchema), required=True)
    has_more = Boolean(
        required=True,
        metadata={"example": False, "description": "Whether the day has more posts than `entries` lists."},
    )


class CalendarSchema(Schema):
    """What goes out by day."""

    timezone = fields.String(required=True, metadata={"example": "Europe/Berlin"})
    days = fields.List(fields.Nested(CalendarDaySchema), required=True)


class CalendarFeedArgsSchema(Schema):
    """The secret of a feed."""

    token = fields.String(
        load_default="",
        validate=validate.Length(max=200),
        metadata={"example": "cal_3fQx9a…", "description": "Do not log it."},
    )


class CalendarFeedRequestSchema(Schema):
    """What a new feed shows."""

    name = Label(
        longest=_LONGEST_NAME,
        required=True,
        metadata={"example": "Our posts", "description": "What calendar programs call it."},
    )
    account_ids = fields.List(
        fields.UUID(metadata={"example": EXAMPLE_ID}),
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, 100),
        metadata={
            "example": [EXAMPLE_ID],
            "description": "Only posts for any of these accounts, and nothing of their other targets; null: all.",
        },
    )


class CalendarFeedSchema(Schema):
    """A feed without its secret."""

    id = fields.UUID(required=True, metadata={"example": EXAMPLE_ID})
    name = fields.String(required=True, metadata={"example": "Our posts"})
    account_ids = fields.List(
        fields.UUID(metadata={"example": EXAMPLE_ID}),
        required=True,
        allow_none=True,
        metadata={"example": [EXAMPLE_ID], "description": "The only accounts whose posts it shows; null: all."},
    )
    created_at = fields.AwareDateTime(required=True, metadata={"example": EXAMPLE_TIME})


class NewCalendarFeedSchema(CalendarFeedSchema):
    """A feed with its URL, which is never shown again."""

    url = fields.String(
        required=True, metadata={"example": _FEED_URL, "description": "For a calendar program to subscribe to."}
    )
