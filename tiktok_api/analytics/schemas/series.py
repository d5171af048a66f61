"""Series of a metric."""

from marshmallow import fields, validate

from tiktok_api.analytics.metrics import Interval, Metric
from tiktok_api.analytics.schemas import windows
from tiktok_api.analytics.schemas.readings import (
    captured_at_field,
    changed_since_field,
    is_restated_field,
    reason_field,
)
from tiktok_api.analytics.schemas.windows import PeriodSchema, WindowArgsSchema
from tiktok_api.analytics.windows import MOST_POINTS
from tiktok_api.web.openapi.json_schemas import Choice
from tiktok_api.web.schemas import EXAMPLE_ID, Schema, nullable

MOST_METRICS = len(Metric)


class IntervalArgsSchema(WindowArgsSchema):
    """A window, cut into periods."""

    interval = fields.Enum(
        Interval,
        by_value=True,
        load_default=Interval.DAY,
        metadata={"example": "day", "description": f"Weeks begin on Monday. At most {MOST_POINTS} points at once."},
    )


class SeriesArgsSchema(IntervalArgsSchema):
    """A series."""

    metric = fields.Enum(
        Metric,
        by_value=True,
        load_default=Metric.FOLLOWERS,
        metadata={"example": "views", "description": "What is shown over time."},
    )


class SeveralSeriesArgsSchema(IntervalArgsSchema):
    """One or several series over the same periods."""

    metrics = fields.List(
        fields.Enum(Metric, by_value=True, metadata={"example": "views"}),
        data_key="metric",
        load_default=[Metric.FOLLOWERS],
        validate=validate.Length(1, MOST_METRICS),
        metadata={
            "example": ["views"],
            "description": "Repeat it for several: those after the first come in `others`.",
        },
    )


class PointSchema(PeriodSchema):
    """One metric over one day, week or month; `value` is null where nothing was read: a gap, not a zero."""

    value = nullable(fields.Float, example=18412)
    change = nullable(fields.Integer, example=31)
    captured_at = captured_at_field()
    changed_since = changed_since_field()
    is_restated = is_restated_field()
    reason = reason_field()


class OtherSeriesSchema(Schema):
    """A further metric over the same periods."""

    metric = fields.String(required=True, validate=Choice(Metric), metadata={"example": "views"})
    points = fields.List(fields.Nested(PointSchema), required=True)


class SeriesSchema(Schema):
    """One metric of an account over time. The changes of the points add up to the change of the window."""

    account_id = fields.UUID(required=True, metadata={"example": EXAMPLE_ID})
    metric = fields.String(required=True, validate=Choice(Metric), metadata={"example": "followers"})
    interval = fields.String(required=True, validate=Choice(Interval), metadata={"example": "day"})
    starts_at = windows.starts_at()
    ends_at = windows.ends_at("2027-02-01T23:00:00Z")
    timezone = windows.timezone()
    points = fields.List(fields.Nested(PointSchema), required=True)
    others = fields.List(
        fields.Nested(OtherSeriesSchema),
        required=True,
        metadata={"description": "The further metrics that were asked for, in their order.", "example": []},
    )
