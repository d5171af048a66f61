"""What an export is asked for by."""

from copy import copy
from typing import Any

from marshmallow import fields, validate

from tiktok_api.analytics.exports.datasets import DATASETS
from tiktok_api.analytics.metrics import Interval, Metric
from tiktok_api.analytics.schemas.selection import SelectionArgsSchema
from tiktok_api.analytics.schemas.windows import WindowArgsSchema
from tiktok_api.analytics.videos.schemas.leaderboard import LeaderboardArgsSchema
from tiktok_api.analytics.videos.schemas.published import HashtagsOfAllArgsSchema
from tiktok_api.web.parsing.moments import MomentField, is_in_calendar
from tiktok_api.web.schemas import EXAMPLE_ID, QueryBoolean, Schema, any_of

FORMATS = ("csv", "ndjson", "xlsx")
ABOUT_POSTS = ("by", "posted", "order", "min_views", "min_posts", "post_id")
"""Arguments that AboutPosts has by the same names; its `metric` is `post_metric`."""


def _of_dataset(schema: type[Schema], name: str, dataset: str) -> fields.Field[Any]:
    """An argument that one dataset has as the query that it is the file of."""
    field = copy(schema._declared_fields[name])
    field.metadata = {**field.metadata, "description": f"Of `{dataset}`. {field.metadata['description']}"}
    return field


def _of_ranking(name: str) -> fields.Field[Any]:
    return _of_dataset(LeaderboardArgsSchema, name, "leaderboard")


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
        data_key="format",
        load_default="csv",
        validate=validate.OneOf(FORMATS),
        metadata={"example": "csv", "description": "`xlsx` is a workbook; the others are text."},
    )
    metric = any_of(
        fields.Enum(Metric, by_value=True, metadata={"example": "followers"}), description="Without it: all."
    )
    interval = fields.Enum(
        Interval,
        by_value=True,
        load_default=Interval.DAY,
        metadata={"example": "day", "description": "Of `timeseries`, `timeseries_of_all` and `engagement`."},
    )
    post_metric = _of_ranking("metric")
    by = _of_ranking("by")
    posted = _of_ranking("posted")
    order = _of_ranking("order")
    min_views = _of_ranking("min_views")
    min_posts = _of_dataset(HashtagsOfAllArgsSchema, "min_posts", "hashtags")
    post_id = fields.UUID(
        metadata={"example": EXAMPLE_ID, "description": "Of `post_days`: the id of a post of yours, or of a video."}
    )
    as_of = MomentField(
        validate=is_in_calendar,
        metadata={
            "example": "2026-03-02T12:00:00Z",
            "description": "Only what was captured before this instant, or before the end of this day, counts. Without it: now. "
            "`X-As-Of` tells it; sent back, it gives the same file again. Datasets of latest numbers refuse it: "
            + ", ".join(f"`{name}`" for name, dataset in DATASETS.items() if dataset.is_of_now)
            + ".",
        },
    )
    bom = QueryBoolean(
        load_default=False,
        metadata={"example": False, "description": "Begin CSV with a byte order mark, as Excel likes it."},
    )
