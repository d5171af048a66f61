"""The analytics endpoints: read the request, call one service, return its result."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response

from tiktok_api.analytics import queries, services
from tiktok_api.analytics.charts import labels
from tiktok_api.analytics.errors import WindowBackwards, WindowOutOfRange, WindowTooLong
from tiktok_api.analytics.metrics import Reason
from tiktok_api.analytics.schemas.readings import SummarySchema
from tiktok_api.analytics.schemas.series import ChartArgsSchema, SeriesArgsSchema, SeriesSchema
from tiktok_api.analytics.schemas.videos import AccountVideosSchema, VideoListArgsSchema
from tiktok_api.analytics.schemas.windows import WindowArgsSchema
from tiktok_api.analytics.services import Series
from tiktok_api.auth.identity import caller
from tiktok_api.web import conditional
from tiktok_api.web.blueprint import Blueprint
from tiktok_api.web.pagination import Page

blp = Blueprint("analytics", __name__, url_prefix="/analytics", description="How accounts and videos are doing")
videos_blp = Blueprint(
    "videos", __name__, url_prefix="/accounts", description="What an account has on TikTok", domain="analytics"
)

SVG = "image/svg+xml"
_CHART_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Cache-Control": "private, max-age=60",
    "Vary": "Authorization",
}
_CHART_DOC = {
    "200": {
        "description": "A self-contained picture: no script, no font, no request.",
        "content": {SVG: {"schema": {"type": "string"}, "example": '<svg xmlns="http://www.w3.org/2000/svg">…</svg>'}},
    },
    "304": {"description": "It is still the version of If-None-Match."},
}


@dataclass(slots=True)
class AccountVideosPage(Page):
    """A page of videos, with the time when the whole list was read."""

    captured_at: datetime | None = None
    reason: Reason | None = None


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
@blp.arguments(SeriesArgsSchema, location="query")
@blp.response(200, SeriesSchema)
@blp.raises(WindowBackwards, WindowOutOfRange, WindowTooLong)
def show_account_timeseries(args: dict[str, Any], account_id: UUID) -> Series:
    """Show one metric of an account by day, week or month

    Days are those of the time zone, 23 or 25 hours long when its clocks change. A day's value is the last reading of that
    day; a day without one is a gap.
    """
    return services.get_timeseries(caller, account_id, **args)


@blp.get("/accounts/<uuid:account_id>/chart.svg")
@blp.arguments(ChartArgsSchema, location="query")
@blp.doc(responses=_CHART_DOC, parameters=["IfNoneMatch"])
@blp.response(200, content_type=SVG)
@blp.raises(WindowBackwards, WindowOutOfRange, WindowTooLong)
def draw_account(args: dict[str, Any], account_id: UUID) -> Response:
    """Draw one metric of an account as a line chart

    The same numbers as the time series; gaps stay gaps, and values that TikTok lowered are ringed.
    """
    show = args.pop("show")
    picture = labels.render(services.get_timeseries(caller, account_id, **args), show)
    return conditional.tag(Response(picture, headers=_CHART_HEADERS, content_type=f"{SVG}; charset=utf-8"))


@videos_blp.get("/<uuid:account_id>/videos")
@videos_blp.arguments(VideoListArgsSchema, location="query")
@videos_blp.response(200, AccountVideosSchema)
def list_account_videos(args: dict[str, Any], account_id: UUID) -> Page:
    """List an account's public videos with their latest numbers, the newest first"""
    captured_at, reason = services.list_state(caller, account_id)
    page = queries.list_videos(account_id, args, include_gone=args["include_gone"])
    counted = (page.total, page.total_is_exact)
    return AccountVideosPage(page.data, page.next_cursor, page.has_more, *counted, captured_at, reason)
