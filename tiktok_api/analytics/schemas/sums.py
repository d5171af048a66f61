"""Sums over several accounts: over a window, against the window before, and over time."""

from typing import Any

from marshmallow import fields

from tiktok_api.analytics.metrics import Interval, Metric
from tiktok_api.analytics.schemas import windows
from tiktok_api.analytics.schemas.readings import (
    captured_at_field,
    changed_since_field,
    is_restated_field,
    reason_field,
)
from tiktok_api.analytics.schemas.selection import SelectionArgsSchema
from tiktok_api.analytics.schemas.series import IntervalArgsSchema, SeveralSeriesArgsSchema
from tiktok_api.analytics.schemas.windows import PeriodSchema, WindowArgsSchema
from tiktok_api.web.openapi.json_schemas import Choice
from tiktok_api.web.schemas import Schema, nullable


class SumArgsSchema(SelectionArgsSchema, WindowArgsSchema):
    """Which accounts, in which window."""


class SumIntervalArgsSchema(SelectionArgsSchema, IntervalArgsSchema):
    """Which accounts, in which window, and how it is cut."""


class SumSeriesArgsSchema(SelectionArgsSchema, SeveralSeriesArgsSchema):
    """Which accounts and metrics, in which window, and how it is cut."""


def _count(description: str, example: int = 12) -> fields.Integer:
    return fields.Integer(required=True, metadata={"description": description, "example": example})


class _CountedSchema(Schema):
    """Of how many accounts a number is."""

    accounts = _count("The accounts that were asked for; with labels, those that have videos of them.")
    accounts_read = _count(
        "Of these, those that were read in this time. The last known values of the others are carried."
    )
    accounts_in_change = _count("Of these, those that were also read before: the change is theirs.")


class _ComparedSchema(_CountedSchema):
    """Of how many accounts a comparison is, and how old its readings are."""

    accounts_compared = _count("Of these, those with a change in both windows: only they are compared.")
    captured_at = captured_at_field()
    oldest_captured_at = nullable(
        fields.AwareDateTime,
        example="2027-03-02T10:02:51Z",
        description="When the oldest reading in the sum was taken; `captured_at` is the newest.",
    )
    is_restated = is_restated_field()
    reason = reason_field()
    comparison_reason = nullable(
        reason_field().__class__,
        example=None,
        validate=reason_field().validate,
        description="Why there is no comparison with the window before; `not_positive_before`: nothing was gained then, so "
        "that there is no ratio to it.",
    )


class ComparisonSchema(_ComparedSchema):
    """One metric over a window, and against the window before.

    The value is the sum of the last known values of all accounts, null if none was read in the window; the change is that of the
    accounts that were read in it and before it.
    """

    value = nullable(fields.Integer, example=184_120)
    change = nullable(fields.Integer, example=7_910)
    change_compared = nullable(
        fields.Integer, example=7_700, description="The change of the accounts that are compared."
    )
    change_before = nullable(fields.Integer, example=7_000, description="Their change in the window before.")
    relative_change = nullable(
        fields.Float, example=0.1, description="(change_compared - change_before) / change_before."
    )


class RateComparisonSchema(_ComparedSchema):
    """(likes + comments + shares) / views, gained by the same videos in the same window; null without views."""

    value = nullable(fields.Float, example=0.087302)
    value_compared = nullable(fields.Float, example=0.087302, description="That of the accounts that are compared.")
    value_before = nullable(fields.Float, example=0.081104, description="Theirs in the window before.")


def _part(name: str, example: str, data_key: str) -> fields.Field[Any]:
    return fields.AwareDateTime(required=True, attribute=name, data_key=data_key, metadata={"example": example})


class WindowBeforeSchema(Schema):
    """The window before: as long as the window, and directly before it; whole months are compared with whole months."""

    starts_at = _part("starts_at", "2027-01-01T23:00:00Z", "from")
    ends_at = _part("ends_at", "2027-01-31T23:00:00Z", "to")


class SumsSchema(Schema):
    """Every metric of the accounts together, over a window and against the window before.

    `likes` and `videos` are the profiles' own counters. `views`, `comments`, `shares` and `interactions` (likes, comments and
    shares) are of the videos that TikTok lists.
    """

    starts_at = windows.starts_at()
    ends_at = windows.ends_at()
    timezone = windows.timezone()
    before = fields.Nested(WindowBeforeSchema, required=True)
    followers = fields.Nested(ComparisonSchema, required=True)
    following = fields.Nested(ComparisonSchema, required=True)
    likes = fields.Nested(ComparisonSchema, required=True)
    videos = fields.Nested(ComparisonSchema, required=True)
    views = fields.Nested(ComparisonSchema, required=True)
    comments = fields.Nested(ComparisonSchema, required=True)
    shares = fields.Nested(ComparisonSchema, required=True)
    interactions = fields.Nested(ComparisonSchema, required=True)
    engagement_rate = fields.Nested(RateComparisonSchema, required=True)


class SumPointSchema(PeriodSchema, _CountedSchema):
    """One metric over one day, week or month; `value` is null where no account was read: a gap, not a zero."""

    value = nullable(fields.Float, example=184_120)
    change = nullable(fields.Integer, example=310)
    captured_at = captured_at_field()
    changed_since = changed_since_field()
    is_restated = is_restated_field()
    reason = reason_field()


class OtherSumSeriesSchema(Schema):
    """A further metric over the same periods."""

    metric = fields.String(required=True, validate=Choice(Metric), metadata={"example": "views"})
    points = fields.List(fields.Nested(SumPointSchema), required=True)


class SumSeriesSchema(Schema):
    """One metric of several accounts together over time. The changes of the points add up to the change of the window."""

    metric = fields.String(required=True, validate=Choice(Metric), metadata={"example": "followers"})
    interval = fields.String(required=True, validate=Choice(Interval), metadata={"example": "day"})
    starts_at = windows.starts_at()
    ends_at = windows.ends_at("2027-02-01T23:00:00Z")
    timezone = windows.timezone()
    accounts = _count("How many accounts it is about.")
    points = fields.List(fields.Nested(SumPointSchema), required=True)
    others = fields.List(
        fields.Nested(OtherSumSeriesSchema),
        required=True,
        metadata={"description": "The further metrics that were asked for, in their order.", "example": []},
    )
