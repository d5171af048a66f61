"""How several accounts are doing together, or the videos of some labels."""

from typing import Any

from tiktok_api.analytics.errors import (
    TooManyAccounts,
    TooManyReadings,
    WindowBackwards,
    WindowOutOfRange,
    WindowTooLong,
)
from tiktok_api.analytics.figures import accounts_compared, dashboard, engagement, growth, overview, summary, timeseries
from tiktok_api.analytics.metrics import Metric
from tiktok_api.analytics.schemas.figures import (
    AccountsComparedSchema,
    CompareArgsSchema,
    DashboardSchema,
    EngagementReportSchema,
    GrowthArgsSchema,
    GrowthSchema,
    OverviewSchema,
)
from tiktok_api.analytics.schemas.sums import (
    SumArgsSchema,
    SumIntervalArgsSchema,
    SumSeriesArgsSchema,
    SumSeriesSchema,
    SumsSchema,
)
from tiktok_api.analytics.sums.question import ask
from tiktok_api.auth.identity import caller
from tiktok_api.errors import NotFound
from tiktok_api.web.blueprint import Blueprint

blp = Blueprint(
    "analytics", __name__, url_prefix="/analytics", description="How accounts and videos are doing together"
)

_REFUSALS = (NotFound, TooManyAccounts, TooManyReadings, WindowBackwards, WindowOutOfRange)


@blp.get("/overview")
@blp.arguments(SumArgsSchema, location="query")
@blp.response(200, OverviewSchema)
@blp.raises(*_REFUSALS)
def show_overview(args: dict[str, Any]) -> dict[str, Any]:
    """Show every metric of several accounts against the window before, what went out and what is planned

    Without a choice, of all your accounts. The last known value of an account that was not read in the window is carried,
    and how many were read is said beside each number.
    """
    return overview.show_overview(ask(caller, **args))


@blp.get("/dashboard")
@blp.arguments(SumArgsSchema, location="query")
@blp.response(200, DashboardSchema)
@blp.raises(*_REFUSALS, WindowTooLong)
def show_dashboard(args: dict[str, Any]) -> dict[str, Any]:
    """Show what fills a screen: the overview, two series, the largest accounts, the next posts, and what needs a person"""
    return dashboard.show_dashboard(ask(caller, **args))


@blp.get("/summary")
@blp.arguments(SumArgsSchema, location="query")
@blp.response(200, SumsSchema)
@blp.raises(*_REFUSALS)
def summarise_accounts(args: dict[str, Any]) -> dict[str, Any]:
    """Show the metrics of several accounts together, and against the window before"""
    return summary.summarise(ask(caller, **args))


@blp.get("/timeseries")
@blp.arguments(SumSeriesArgsSchema, location="query")
@blp.response(200, SumSeriesSchema)
@blp.raises(*_REFUSALS, WindowTooLong)
def show_timeseries(args: dict[str, Any]) -> dict[str, Any]:
    """Show one metric of several accounts together, or several metrics, by day, week or month

    Days are those of the time zone. A period in which no account was read is a gap.
    """
    metrics, interval = args.pop("metrics"), args.pop("interval")
    return timeseries.show_timeseries(ask(caller, **args), metrics, interval)


@blp.get("/growth")
@blp.arguments(GrowthArgsSchema, location="query")
@blp.response(200, GrowthSchema)
@blp.raises(*_REFUSALS, WindowTooLong)
def show_growth(args: dict[str, Any]) -> dict[str, Any]:
    """Show what several accounts gained, on average, on their best day and on their worst

    A change after a gap is not that of one day: it counts in the total alone.
    """
    metric = Metric(args.pop("metric"))
    return growth.show_growth(ask(caller, **args), metric)


@blp.get("/engagement")
@blp.arguments(SumIntervalArgsSchema, location="query")
@blp.response(200, EngagementReportSchema)
@blp.raises(*_REFUSALS, WindowTooLong)
def show_engagement(args: dict[str, Any]) -> dict[str, Any]:
    """Show the engagement rate of several accounts, and what it is made of

    Likes, comments and shares by views, all gained by the same videos in the same window; null without views.
    """
    interval = args.pop("interval")
    return engagement.show_engagement(ask(caller, **args), interval)


@blp.get("/compare")
@blp.arguments(CompareArgsSchema, location="query")
@blp.response(200, AccountsComparedSchema)
@blp.raises(*_REFUSALS, WindowTooLong)
def compare_accounts(args: dict[str, Any]) -> dict[str, Any]:
    """Put two to ten accounts side by side over equal windows, each against the window before"""
    metric, interval = args.pop("metric"), args.pop("interval")
    return accounts_compared.compare_accounts(ask(caller, **args), metric, interval)
