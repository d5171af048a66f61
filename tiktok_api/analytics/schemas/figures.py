"""Overview, dashboard, growth, engagement, and accounts side by side."""

from typing import Any

from marshmallow import fields, validate

from tiktok_api.accounts.models import AccountStatus
from tiktok_api.analytics.figures.accounts_compared import MOST_COMPARED
from tiktok_api.analytics.metrics import Interval, Metric
from tiktok_api.analytics.schemas import windows
from tiktok_api.analytics.schemas.readings import captured_at_field, reason_field
from tiktok_api.analytics.schemas.selection import SelectionArgsSchema
from tiktok_api.analytics.schemas.series import IntervalArgsSchema
from tiktok_api.analytics.schemas.sums import (
    ComparisonSchema,
    RateComparisonSchema,
    SumPointSchema,
    SumsSchema,
    WindowBeforeSchema,
)
from tiktok_api.analytics.schemas.windows import PeriodSchema, WindowArgsSchema
from tiktok_api.analytics.videos.schemas.leaderboard import RankedPostSchema
from tiktok_api.analytics.videos.vocabulary import RankedBy
from tiktok_api.posts.vocabulary import PostType
from tiktok_api.web.openapi.json_schemas import Choice
from tiktok_api.web.schemas import EXAMPLE_ID, Boolean, Schema, nullable


def _count(example: int = 3, description: str = "") -> fields.Integer:
    metadata: dict[str, Any] = {"example": example} | ({"description": description} if description else {})
    return fields.Integer(required=True, metadata=metadata)


class BoundedCountSchema(Schema):
    """A number of publications: a post on two accounts counts twice."""

    count = _count(12, "Counted up to 10,000.")
    is_exact = Boolean(required=True, metadata={"example": True, "description": "False if there are more."})


class PublicationCountsSchema(Schema):
    """What went live in the window, and what is planned."""

    published = fields.Nested(BoundedCountSchema, required=True)
    scheduled = fields.Nested(BoundedCountSchema, required=True)


class AccountStatesSchema(Schema):
    """The accounts by their state."""

    total = _count(12)
    active = _count(11)
    expired = _count(1)
    revoked = _count(0)
    error = _count(0)
    to_reconnect = _count(1, "Whose creators must consent again.")
    never_read = _count(0, "Of which nothing was read yet.")


class OverviewSchema(SumsSchema):
    """All of the accounts at a glance."""

    posts = fields.Nested(PublicationCountsSchema, required=True)
    accounts = fields.Nested(AccountStatesSchema, required=True)
    top_posts = fields.List(
        fields.Nested(RankedPostSchema),
        required=True,
        metadata={"description": "Those that gained most views in the window, five at most."},
    )
    top_posts_by = fields.String(
        required=True,
        validate=Choice(RankedBy),
        metadata={
            "example": "gained",
            "description": "`total` where no account was read before the window, so that no gain is known: then by all views.",
        },
    )


class DashboardSeriesSchema(Schema):
    """Followers and views day by day."""

    followers = fields.List(fields.Nested(SumPointSchema), required=True)
    views = fields.List(fields.Nested(SumPointSchema), required=True)


class DashboardAccountSchema(Schema):
    """An account, how it grows, and how it is."""

    account_id = fields.UUID(required=True, metadata={"example": EXAMPLE_ID})
    username = nullable(fields.String, example="ada")
    name = nullable(fields.String, example="Ada", description="Your label for it, or what it calls itself.")
    status = fields.String(required=True, validate=Choice(AccountStatus), metadata={"example": "active"})
    status_reason = nullable(fields.String, example=None)
    is_to_reconnect = Boolean(
        required=True, metadata={"example": False, "description": "Its creator must consent again."}
    )
    followers = nullable(fields.Integer, example=18412)
    change = nullable(fields.Integer, example=791, description="Followers gained in the window.")
    captured_at = nullable(
        fields.AwareDateTime, example="2027-03-02T11:40:12Z", description="When followers were last read."
    )
    reason = reason_field()


class NextPostSchema(Schema):
    """A post that goes out soon."""

    id = fields.UUID(required=True, metadata={"example": EXAMPLE_ID})
    type = fields.String(required=True, validate=Choice(PostType), metadata={"example": "video"})
    caption = fields.String(required=True, metadata={"example": "Morning light over the harbour"})
    title = fields.String(required=True, metadata={"example": ""})
    publish_at = fields.AwareDateTime(required=True, metadata={"example": "2027-03-03T17:00:00Z"})
    labels = fields.List(fields.String(), required=True, metadata={"example": ["spring campaign"]})
    account_ids = fields.List(fields.UUID(allow_none=True), required=True, metadata={"example": [EXAMPLE_ID]})


class AttentionSchema(Schema):
    """What a person must look after."""

    accounts_to_reconnect = _count(1)
    accounts_in_error = _count(0)
    held = fields.Nested(BoundedCountSchema, required=True)
    unconfirmed = fields.Nested(BoundedCountSchema, required=True)


class DashboardSchema(OverviewSchema):
    """What fills a screen, in one answer."""

    series = fields.Nested(DashboardSeriesSchema, required=True)
    largest_accounts = fields.List(
        fields.Nested(DashboardAccountSchema),
        required=True,
        metadata={"description": "Those with the most followers, 50 at most."},
    )
    next_posts = fields.List(fields.Nested(NextPostSchema), required=True)
    attention = fields.Nested(AttentionSchema, required=True)


_METRIC = {"example": "followers"}
_IS_GAINED = Choice([metric for metric in Metric if metric is not Metric.ENGAGEMENT_RATE], name="GainedMetric")


class AccountGrowthArgsSchema(WindowArgsSchema):
    """Which metric, in which window."""

    metric = fields.String(
        load_default=Metric.FOLLOWERS.value,
        validate=_IS_GAINED,
        metadata=_METRIC | {"description": "A rate is not gained."},
    )


class GrowthArgsSchema(SelectionArgsSchema, AccountGrowthArgsSchema):
    """Which accounts and metric, in which window."""


class DayOfGrowthSchema(Schema):
    """A day and what was gained on it."""

    date = fields.Date(required=True, metadata={"description": "In the zone.", "example": "2027-02-14"})
    change = fields.Integer(required=True, metadata={"example": 211})
    accounts = _count(12, "How many accounts were read on this day and on the day before: the change is theirs.")


def _best_or_worst() -> fields.Nested:
    example = {"date": "2027-02-14", "change": 211, "accounts": 12}
    return fields.Nested(DayOfGrowthSchema, required=True, allow_none=True, metadata={"example": example})


class GrowthSchema(Schema):
    """What a metric gained in a window, and on its days.

    Days are counted that are whole, over, and follow a day that was read too. A change after a gap is not that of one day: it is
    in `total` and in nothing else.
    """

    metric = fields.String(required=True, validate=_IS_GAINED, metadata=_METRIC)
    starts_at = windows.starts_at()
    ends_at = windows.ends_at()
    timezone = windows.timezone()
    before = fields.Nested(WindowBeforeSchema, required=True)
    total = fields.Nested(ComparisonSchema, required=True)
    average_per_day = nullable(fields.Float, example=26.37, description="Of the days that are counted.")
    best_day = _best_or_worst()
    worst_day = _best_or_worst()
    days = _count(30, "All days of the window.")
    days_counted = _count(27)
    days_after_gap = _count(1, "Read, but not on the day before.")
    days_partly_read = _count(0, "Not comparable: less than nine tenths of the accounts of the fullest day changed.")
    days_unread = _count(1)
    reason = reason_field()


class EngagementPointSchema(PeriodSchema):
    """The rate over one day, week or month, and the gains that it is made of."""

    value = nullable(fields.Float, example=0.087302)
    views = nullable(fields.Integer, example=39_312)
    likes = nullable(fields.Integer, example=3_004)
    comments = nullable(fields.Integer, example=241)
    shares = nullable(fields.Integer, example=187)
    accounts = _count(12)
    accounts_read = _count(12)
    accounts_in_change = _count(12)
    captured_at = captured_at_field()
    is_restated = Boolean(
        required=True, metadata={"description": "TikTok lowered one of the numbers.", "example": False}
    )
    reason = reason_field()


class EngagementReportSchema(Schema):
    """The engagement rate over a window and the one before, its four counters, and the rate over time.

    All four are gains of the same videos, read in the same syncs; `likes` are those of the videos, not the profile's.
    """

    starts_at = windows.starts_at()
    ends_at = windows.ends_at()
    timezone = windows.timezone()
    before = fields.Nested(WindowBeforeSchema, required=True)
    interval = fields.String(required=True, validate=Choice(Interval), metadata={"example": "day"})
    rate = fields.Nested(RateComparisonSchema, required=True)
    views = fields.Nested(ComparisonSchema, required=True)
    likes = fields.Nested(ComparisonSchema, required=True)
    comments = fields.Nested(ComparisonSchema, required=True)
    shares = fields.Nested(ComparisonSchema, required=True)
    interactions = fields.Nested(ComparisonSchema, required=True)
    points = fields.List(fields.Nested(EngagementPointSchema), required=True)


class CompareArgsSchema(IntervalArgsSchema):
    """Which accounts are put side by side."""

    account_id = fields.List(
        fields.UUID(),
        data_key="account_ids",
        validate=validate.Length(2, MOST_COMPARED),
        metadata={
            "description": f"Two to {MOST_COMPARED} of your accounts; repeat it for each. Without it: all of yours, if they are no more.",
            "example": [EXAMPLE_ID, "01932f0a-7c1e-7d3c-9d8e-1f2a3b4c5d6f"],
        },
    )
    metric: fields.Field[Any] = fields.Enum(
        Metric,
        by_value=True,
        load_default=None,
        allow_none=False,
        metadata={"example": "followers", "description": "Of which each account also gets a series. Without it: none."},
    )


class ComparedAccountSchema(SumsSchema):
    """One of the accounts."""

    account_id = fields.UUID(required=True, metadata={"example": EXAMPLE_ID})
    username = nullable(fields.String, example="ada")
    name = nullable(fields.String, example="Ada")
    points = fields.List(
        fields.Nested(SumPointSchema),
        required=True,
        metadata={"description": "The series of `metric`; empty without one.", "example": []},
    )


class AccountsComparedSchema(Schema):
    """Some accounts over equal windows, each against the window before."""

    starts_at = windows.starts_at()
    ends_at = windows.ends_at()
    timezone = windows.timezone()
    before = fields.Nested(WindowBeforeSchema, required=True)
    metric = nullable(fields.String, example="followers", validate=Choice(Metric))
    interval = nullable(fields.String, example="day", validate=Choice(Interval))
    accounts = fields.List(fields.Nested(ComparedAccountSchema), required=True)
