"""The requests and responses of charts and of links to them."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import marshmallow
from marshmallow import ValidationError, fields, validate

from tiktok_api.analytics.charts.drawing.bars import MOST_BARS
from tiktok_api.analytics.charts.drawing.look import NARROWEST, USUAL_WIDTH, WIDEST, Theme
from tiktok_api.analytics.charts.errors import ChartNotPossible
from tiktok_api.analytics.charts.kinds import ChartKind, PictureFormat
from tiktok_api.analytics.charts.labels import Show
from tiktok_api.analytics.charts.links import LONGEST_SECONDS, SHORTEST_SECONDS, USUAL_SECONDS
from tiktok_api.analytics.charts.png import LARGEST_SCALE, USUAL_SCALE
from tiktok_api.analytics.metrics import Metric
from tiktok_api.analytics.schemas.figures import CompareArgsSchema
from tiktok_api.analytics.schemas.selection import SelectionArgsSchema
from tiktok_api.analytics.schemas.series import SeriesArgsSchema
from tiktok_api.analytics.schemas.windows import WindowArgsSchema
from tiktok_api.analytics.selection import MOST_NAMED
from tiktok_api.analytics.videos.schemas.leaderboard import LeaderboardArgsSchema
from tiktok_api.analytics.videos.schemas.life import LifeArgsSchema
from tiktok_api.analytics.videos.schemas.published import PublishedOfAllArgsSchema
from tiktok_api.analytics.videos.vocabulary import PostMetric
from tiktok_api.errors import fault
from tiktok_api.web.openapi.json_schemas import Choice
from tiktok_api.web.schemas import EXAMPLE_ID, QueryInteger, Schema

_IN_RANGE = validate.Range(NARROWEST, WIDEST)
_WIDTH = {
    "example": 720,
    "description": "The width in CSS pixels for which it is laid out: fewer labels and larger text on a phone.",
}
_THEME = {
    "example": "dark",
    "description": "`auto` is light or dark as the reader's system asks; a PNG cannot know, and is light. Printed, all are light.",
}


class LookArgsSchema(Schema):
    """How a chart is drawn, as SVG."""

    theme = fields.Enum(Theme, by_value=True, load_default=Theme.AUTO, metadata=_THEME)
    width = QueryInteger(load_default=USUAL_WIDTH, validate=_IN_RANGE, metadata=_WIDTH)


class PngArgsSchema(LookArgsSchema):
    """How a chart is drawn, as PNG."""

    scale = QueryInteger(
        load_default=USUAL_SCALE,
        validate=validate.Range(1, LARGEST_SCALE),
        metadata={
            "example": 2,
            "description": "Pixels for each CSS pixel: 2 is sharp on most screens. Of a very large picture as many as 8 million "
            "pixels allow.",
        },
    )


class SeriesChartArgsSchema(SeriesArgsSchema):
    """A chart of a series."""

    show = fields.Enum(
        Show,
        by_value=True,
        load_default=Show.VALUE,
        metadata={"example": "value", "description": "The values, or the change in each period."},
    )


class SeriesSvgArgsSchema(SeriesChartArgsSchema, LookArgsSchema):
    """A chart of a series, as SVG."""


class SeriesPngArgsSchema(SeriesChartArgsSchema, PngArgsSchema):
    """A chart of a series, as PNG."""


class SeriesSelectionSchema(SeriesChartArgsSchema):
    """The series that a link shows."""

    account_id = fields.UUID(required=True, metadata={"example": EXAMPLE_ID})


class ComparisonChartArgsSchema(CompareArgsSchema):
    """A chart of accounts side by side."""

    metric = SeriesChartArgsSchema._declared_fields["metric"]
    show = SeriesChartArgsSchema._declared_fields["show"]


class ComparisonSvgArgsSchema(ComparisonChartArgsSchema, LookArgsSchema):
    """A chart of accounts side by side, as SVG."""


class ComparisonPngArgsSchema(ComparisonChartArgsSchema, PngArgsSchema):
    """A chart of accounts side by side, as PNG."""


class BestTimesSvgArgsSchema(PublishedOfAllArgsSchema, LookArgsSchema):
    """A heat map of the week, as SVG."""


class BestTimesPngArgsSchema(PublishedOfAllArgsSchema, PngArgsSchema):
    """A heat map of the week, as PNG."""


_BARS: dict[str, Any] = {"load_default": 10, "validate": validate.Range(1, MOST_BARS)}
_LIMIT = {"example": 10, "description": "So many posts."}


class _RankingChartArgsSchema(WindowArgsSchema, SelectionArgsSchema):
    """A chart of ranked posts."""

    metric, by, posted, order = (
        LeaderboardArgsSchema._declared_fields[name] for name in ("metric", "by", "posted", "order")
    )
    min_views = LeaderboardArgsSchema._declared_fields["min_views"]
    limit: fields.Field[Any] = QueryInteger(**_BARS, metadata=_LIMIT)


class LeaderboardSvgArgsSchema(_RankingChartArgsSchema, LookArgsSchema):
    """A chart of ranked posts, as SVG."""


class LeaderboardPngArgsSchema(_RankingChartArgsSchema, PngArgsSchema):
    """A chart of ranked posts, as PNG."""


class PostSvgArgsSchema(LifeArgsSchema, LookArgsSchema):
    """A chart of a post's life, as SVG."""


class PostPngArgsSchema(LifeArgsSchema, PngArgsSchema):
    """A chart of a post's life, as PNG."""


def _account_ids() -> fields.List[Any]:
    return fields.List(
        fields.UUID(),
        data_key="account_ids",
        validate=validate.Length(1, MOST_NAMED),
        metadata={"description": "Accounts by their ids.", "example": [EXAMPLE_ID]},
    )


class BestTimesSelectionSchema(PublishedOfAllArgsSchema):
    """The heat map that a link shows."""

    account_id = _account_ids()


class LeaderboardSelectionSchema(_RankingChartArgsSchema):
    """The ranked posts that a link shows."""

    account_id = _account_ids()
    min_views = fields.Integer(
        strict=True,
        load_default=0,
        validate=validate.Range(0, 10**12),
        metadata={"example": 100, "description": "Of `engagement_rate` alone: posts with fewer views have no place."},
    )
    limit = fields.Integer(strict=True, **_BARS, metadata=_LIMIT)


class PostSelectionSchema(LifeArgsSchema):
    """The post that a link shows."""

    post_id = fields.UUID(
        required=True, metadata={"example": EXAMPLE_ID, "description": "A video, or a post of yours."}
    )


ARGUMENTS: Mapping[ChartKind, type[Schema]] = {
    ChartKind.SERIES: SeriesSelectionSchema,
    ChartKind.COMPARISON: ComparisonChartArgsSchema,
    ChartKind.BEST_TIMES: BestTimesSelectionSchema,
    ChartKind.LEADERBOARD: LeaderboardSelectionSchema,
    ChartKind.POST: PostSelectionSchema,
}
"""What each kind of chart takes in a link: the parameters of its route, and the ids of its path."""


def _fields_of_all_kinds() -> dict[str, Any]:
    """The parameters of every kind; which of them are needed, and what they are by default, their kind says."""
    words = Choice(sorted({*Metric, *PostMetric}), name="ChartMetric")
    found: dict[str, Any] = {"metric": fields.String(validate=words, metadata={"example": "views"})}
    found["account_ids"] = (
        _account_ids()
    )  # the comparison takes fewer of them, and the ranking other metrics than the series
    for arguments in ARGUMENTS.values():
        for name, field in arguments().load_fields.items():
            optional = deepcopy(field)
            optional.required, optional.load_default = False, marshmallow.missing
            shown = optional.data_key or name
            optional.data_key = None
            found.setdefault(shown, optional)
    return found


class ChartSelectionSchema(Schema.from_dict(_fields_of_all_kinds())):  # type: ignore[misc]  # a class made at run time
    """A chart: its kind, the ids in the path of its route, and the parameters of its route.

    Without `to` the window ends today, and moves on with the days: an embedded chart stays current.
    """

    kind = fields.Enum(ChartKind, by_value=True, required=True, metadata={"example": "series"})


class ChartSelection(fields.Nested):
    """A selection, checked and kept as it was sent: so it is written into the link, and checked again when that is followed."""

    def _deserialize(self, value: Any, *args: Any, **options: Any) -> dict[str, Any]:
        super()._deserialize(value, *args, **options)
        return dict(value)


def load_arguments(selection: Mapping[str, Any]) -> tuple[ChartKind, dict[str, Any]]:
    """Returns the kind and the loaded arguments of a selection. Raises ChartNotPossible."""
    given = {name: value for name, value in selection.items() if name != "kind"}
    try:
        kind = ChartKind(selection["kind"])
        loaded: dict[str, Any] = ARGUMENTS[kind]().load(given)
    except ValidationError as error:
        raise ChartNotPossible(errors=_faults(error.messages_dict)) from None
    return kind, loaded


def _faults(messages: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        fault(ChartNotPossible.code, str(said[0] if isinstance(said, list) else said), pointer=f"/chart/{name}")
        for name, said in messages.items()
    ]


class ChartLinkRequestSchema(Schema):
    """A link to a chart."""

    chart = ChartSelection(
        ChartSelectionSchema,
        required=True,
        metadata={"example": {"kind": "series", "account_id": EXAMPLE_ID, "metric": "views", "interval": "week"}},
    )
    format = fields.Enum(
        PictureFormat,
        by_value=True,
        load_default=PictureFormat.PNG,
        metadata={"example": "png", "description": "PNG for e-mail, where SVG is not shown."},
    )
    theme = fields.Enum(Theme, by_value=True, load_default=Theme.AUTO, metadata=_THEME)
    width = fields.Integer(strict=True, load_default=USUAL_WIDTH, validate=_IN_RANGE, metadata=_WIDTH)
    expires_in_seconds = fields.Integer(
        strict=True,
        load_default=USUAL_SECONDS,
        validate=validate.Range(SHORTEST_SECONDS, LONGEST_SECONDS),
        metadata={"example": 2_592_000, "description": "Without it 7 days; 90 days at most."},
    )


class ChartLinkSchema(Schema):
    """A link to a chart, for `<img>`, e-mail and notes: it needs no token."""

    url = fields.String(
        required=True,
        metadata={
            "description": "A secret: who has it sees the chart until it expires.",
            "example": "https://api.example.com/api/v1/charts/q1ZtNDA….png",
        },
    )
    expires_at = fields.AwareDateTime(required=True, metadata={"example": "2027-04-01T12:00:00Z"})
    html = fields.String(
        required=True,
        metadata={
            "description": "An element for a page or an e-mail, with the title of the chart as its text.",
            "example": '<img src="https://api.example.com/api/v1/charts/q1ZtNDA….png" alt="Views of @ada" width="720">',
        },
    )
