"""What an export is asked for by."""

from marshmallow import fields, validate

from tiktok_api.analytics.exports.datasets import DATASETS
from tiktok_api.analytics.metrics import Interval, Metric
from tiktok_api.analytics.schemas.selection import SelectionArgsSchema
from tiktok_api.analytics.schemas.windows import WindowArgsSchema
from tiktok_api.web.parsing.moments import MomentField, is_in_calendar
from tiktok_api.web.schemas import QueryBoolean, any_of

FORMATS = ("csv", "ndjson", "xlsx")


class ExportArgsSchema(WindowArgsSchema, SelectionArgsSchema):
    """What to export, and how it is written."""

    dataset = fields.String(
        load_default="videos",
        validate=validate.OneOf(list(DATASETS)),
        metadata={
            "example": "videos",
            "description": "; ".join(f"`{name}`: {dataset.meaning}" for name, dataset in DATASETS.items()) + ".",
        },
    )
    form = fields.String(
        data_key="format", load_default="csv", validate=validate.OneOf(FORMATS), metadata={"example": "csv"}
    )
    metric = any_of(
        fields.Enum(Metric, by_value=True, metadata={"example": "followers"}), description="Without it: all."
    )
    interval = fields.Enum(
        Interval,
        by_value=True,
        load_default=Interval.DAY,
        metadata={"example": "day", "description": "Of `timeseries`."},
    )
    as_of = MomentField(
        validate=is_in_calendar,
        metadata={
            "example": "2026-03-02T12:00:00Z",
            "description": "Only what was captured before this instant, or before the end of this day, counts. Without it: now. "
            "`X-As-Of` tells it; sent back, it gives the same file again.",
        },
    )
    bom = QueryBoolean(
        load_default=False,
        metadata={"example": False, "description": "Begin CSV with a byte order mark, as Excel likes it."},
    )
