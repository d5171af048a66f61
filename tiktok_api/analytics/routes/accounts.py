"""How one account is doing."""

from typing import Any
from uuid import UUID

from tiktok_api.analytics import services
from tiktok_api.analytics.errors import WindowBackwards, WindowOutOfRange, WindowTooLong
from tiktok_api.analytics.figures import engagement, growth
from tiktok_api.analytics.metrics import Metric
from tiktok_api.analytics.schemas.figures import AccountGrowthArgsSchema, EngagementReportSchema, GrowthSchema
from tiktok_api.analytics.schemas.readings import SummarySchema
from tiktok_api.analytics.schemas.series import (
    IntervalArgsSchema,
    SeriesSchema,
    SeveralSeriesArgsSchema,
)
from tiktok_api.analytics.schemas.windows import WindowArgsSchema
from tiktok_api.analytics.services import Series
from tiktok_api.analytics.sums.question import ask
from tiktok_api.auth.identity import caller
from tiktok_api.web.blueprint import Blueprint

blp = Blueprint(
    "account_analytics", __name__, url_prefix="/analytics", domain="analytics", description="How one account is doing"
)


@blp.get("/accounts/<uuid:account_id>/summary")
@blp.arguments(WindowArgsSchema, location="query")
@blp.response(200, SummarySchema)
@blp.raises(WindowBackwards, WindowOutOfRange)
def summarise_account(args: dict[str, Any], account_id: UUID) -> dict[str, Any]:
    """Show the metrics of an account and their changes in a window of time

    By default the last 30 days. An unknown value is null with a reason, never 0.
    """
    return services.summarise(caller, account_id, **args)


@blp.get("/accounts/<uuid:account_id>/timeseries")
@blp.arguments(SeveralSeriesArgsSchema, location="query")
@blp.response(200, SeriesSchema)
@blp.raises(WindowBackwards, WindowOutOfRange, WindowTooLong)
def show_account_timeseries(args: dict[str, Any], account_id: UUID) -> Series:
    """Show one metric of an account, or several, by day, week or month

    Days are those of the time zone, 23 or 25 hours long when its clocks change. A day's value is the last reading of that
    day; a day without one is a gap.
    """
    return services.get_several_timeseries(caller, account_id, **args)


@blp.get("/accounts/<uuid:account_id>/growth")
@blp.arguments(AccountGrowthArgsSchema, location="query")
@blp.response(200, GrowthSchema)
@blp.raises(WindowBackwards, WindowOutOfRange, WindowTooLong)
def show_account_growth(args: dict[str, Any], account_id: UUID) -> dict[str, Any]:
    """Show what an account gained, on average, on its best day and on its worst

    A change after a gap is not that of one day: it counts in the total alone.
    """
    metric = Metric(args.pop("metric"))
    return growth.show_growth(ask(caller, account_id=[account_id], **args), metric)


@blp.get("/accounts/<uuid:account_id>/engagement")
@blp.arguments(IntervalArgsSchema, location="query")
@blp.response(200, EngagementReportSchema)
@blp.raises(WindowBackwards, WindowOutOfRange, WindowTooLong)
def show_account_engagement(args: dict[str, Any], account_id: UUID) -> dict[str, Any]:
    """Show an account's engagement rate, and what it is made of

    Likes, comments and shares by views, all gained by the same videos in the same window; null without views.
    """
    interval = args.pop("interval")
    return engagement.show_engagement(ask(caller, account_id=[account_id], **args), interval)
