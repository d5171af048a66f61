"""The endpoints of charts and of links to them: read the request, call one service, return its result."""

from functools import partial
from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from tiktok_api import clock
from tiktok_api.analytics.charts import kinds, links, responses
from tiktok_api.analytics.charts.drawing.draw import draw
from tiktok_api.analytics.charts.drawing.look import Look
from tiktok_api.analytics.charts.errors import ChartNotPossible, LinkTooLong, PicturesBusy
from tiktok_api.analytics.charts.kinds import PictureFormat
from tiktok_api.analytics.charts.links import ChartLink
from tiktok_api.analytics.charts.schemas import (
    BestTimesPngArgsSchema,
    BestTimesSvgArgsSchema,
    ChartLinkRequestSchema,
    ChartLinkSchema,
    ComparisonPngArgsSchema,
    ComparisonSvgArgsSchema,
    LeaderboardPngArgsSchema,
    LeaderboardSvgArgsSchema,
    PostPngArgsSchema,
    PostSvgArgsSchema,
    SeriesPngArgsSchema,
    SeriesSvgArgsSchema,
    load_arguments,
)
from tiktok_api.analytics.errors import (
    TooManyAccounts,
    TooManyReadings,
    WindowBackwards,
    WindowOutOfRange,
    WindowTooLong,
)
from tiktok_api.analytics.videos.errors import TooManyPosts
from tiktok_api.auth import audit
from tiktok_api.auth.identity import caller
from tiktok_api.db import transaction
from tiktok_api.errors import NotFound, Problem
from tiktok_api.extensions import limiter, service
from tiktok_api.redaction import fingerprint
from tiktok_api.settings import Settings
from tiktok_api.web.blueprint import Blueprint, Decorator
from tiktok_api.web.limits import client_network
from tiktok_api.web.schemas import Schema
from tiktok_api.web.signed_links import LINKS_PER_MINUTE, LinkExpired, LinkSignatureInvalid

blp = Blueprint(
    "charts", __name__, url_prefix="/analytics", domain="analytics", description="Charts as pictures, and links to them"
)
linked_blp = Blueprint(
    "linked_charts",
    __name__,
    url_prefix="/charts",
    domain="analytics",
    description="Charts by signed links, for `<img>`",
)
BLUEPRINTS = (blp, linked_blp)

_TOKEN_DOC = {
    "name": "token",
    "in": "path",
    "required": True,
    "schema": {"type": "string"},
    "description": "The last part of the link. Do not log it.",
    "example": "ArlZVrJSMjK3NDQyNTW3NAIA",
}
_WINDOW_PROBLEMS = (WindowBackwards, WindowOutOfRange, WindowTooLong)
_SUM_PROBLEMS = (WindowBackwards, WindowOutOfRange, TooManyAccounts, TooManyReadings)
_POSTS_PROBLEMS = (WindowBackwards, WindowOutOfRange, TooManyAccounts, TooManyPosts)
_CHART_PROBLEMS = (ChartNotPossible, *_WINDOW_PROBLEMS, TooManyAccounts, TooManyReadings, TooManyPosts)
_MOST_AGE = 300
"""Seconds for which a followed link may be cached: so long it may be seen after its key was revoked."""


def _sends(content_type: str, arguments: type[Schema], *problems: type[Problem]) -> Decorator:
    """Mark a route that sends a chart: as what, by which parameters, and what it can refuse."""

    def decorate(view: Any) -> Any:
        busy = (PicturesBusy,) if content_type == responses.PNG else ()
        marked = blp.response(200, content_type=content_type)(blp.raises(*problems, *busy)(view))
        marked = blp.doc(responses=responses.DOCS[content_type], parameters=["IfNoneMatch"])(marked)
        return blp.arguments(arguments, location="query")(marked)

    return decorate


@blp.get("/accounts/<uuid:account_id>/chart.svg")
@_sends(responses.SVG, SeriesSvgArgsSchema, *_WINDOW_PROBLEMS)
def draw_account(args: dict[str, Any], account_id: UUID) -> Response:
    """Draw one metric of an account as a line chart

    The same numbers as the time series; gaps stay gaps, and values that TikTok lowered are ringed.
    """
    return responses.show_svg(args, partial(kinds.read_series, caller, account_id=account_id))


@blp.get("/accounts/<uuid:account_id>/chart.png")
@_sends(responses.PNG, SeriesPngArgsSchema, *_WINDOW_PROBLEMS)
def draw_account_in_pixels(args: dict[str, Any], account_id: UUID) -> Response:
    """Draw one metric of an account as a line chart, as PNG"""
    return responses.show_png(args, partial(kinds.read_series, caller, account_id=account_id))


@blp.get("/compare/chart.svg")
@_sends(responses.SVG, ComparisonSvgArgsSchema, NotFound, *_SUM_PROBLEMS, WindowTooLong)
def draw_comparison(args: dict[str, Any]) -> Response:
    """Draw one metric of two to ten accounts as lines"""
    return responses.show_svg(args, partial(kinds.read_comparison, caller))


@blp.get("/compare/chart.png")
@_sends(responses.PNG, ComparisonPngArgsSchema, NotFound, *_SUM_PROBLEMS, WindowTooLong)
def draw_comparison_in_pixels(args: dict[str, Any]) -> Response:
    """Draw one metric of two to ten accounts as lines, as PNG"""
    return responses.show_png(args, partial(kinds.read_comparison, caller))


@blp.get("/best-times/chart.svg")
@_sends(responses.SVG, BestTimesSvgArgsSchema, NotFound, *_POSTS_PROBLEMS)
def draw_best_times(args: dict[str, Any]) -> Response:
    """Draw at which hours of the week posts did best, as a heat map

    Each cell says how many posts are behind it.
    """
    return responses.show_svg(args, partial(kinds.read_best_times, caller))


@blp.get("/best-times/chart.png")
@_sends(responses.PNG, BestTimesPngArgsSchema, NotFound, *_POSTS_PROBLEMS)
def draw_best_times_in_pixels(args: dict[str, Any]) -> Response:
    """Draw at which hours of the week posts did best, as PNG"""
    return responses.show_png(args, partial(kinds.read_best_times, caller))


@blp.get("/posts/chart.svg")
@_sends(responses.SVG, LeaderboardSvgArgsSchema, NotFound, *_SUM_PROBLEMS)
def draw_leaderboard(args: dict[str, Any]) -> Response:
    """Draw the best posts as bars"""
    return responses.show_svg(args, partial(kinds.read_leaderboard, caller))


@blp.get("/posts/chart.png")
@_sends(responses.PNG, LeaderboardPngArgsSchema, NotFound, *_SUM_PROBLEMS)
def draw_leaderboard_in_pixels(args: dict[str, Any]) -> Response:
    """Draw the best posts as bars, as PNG"""
    return responses.show_png(args, partial(kinds.read_leaderboard, caller))


@blp.get("/posts/<uuid:post_id>/chart.svg")
@_sends(responses.SVG, PostSvgArgsSchema)
def draw_post(args: dict[str, Any], post_id: UUID) -> Response:
    """Draw the life of a post: its views by its age

    By the id of a video, or of a post of yours: then of the video with the most views that came from it.
    """
    return responses.show_svg(args, partial(kinds.read_post, caller, post_id=post_id))


@blp.get("/posts/<uuid:post_id>/chart.png")
@_sends(responses.PNG, PostPngArgsSchema)
def draw_post_in_pixels(args: dict[str, Any], post_id: UUID) -> Response:
    """Draw the life of a post, as PNG"""
    return responses.show_png(args, partial(kinds.read_post, caller, post_id=post_id))


@blp.post("/chart-links")
@blp.arguments(ChartLinkRequestSchema)
@blp.response(201, ChartLinkSchema)
@blp.raises(NotFound, LinkTooLong, *_CHART_PROBLEMS)
def create_chart_link(values: dict[str, Any]) -> dict[str, Any]:
    """Make a link that shows a chart without a token

    For `<img>` on any page, in an e-mail or in a note. It shows the numbers of the moment at which it is looked at, within what
    you, or the API key that makes it, may see. It cannot be taken back, but ends with its key, its account or its user.
    """
    kind, args = load_arguments(values["chart"])
    look = Look(values["theme"], values["width"])
    link = links.make_link(
        caller,
        values["chart"],
        look=look,
        picture=values["format"],
        expires_in_seconds=values["expires_in_seconds"],
    )
    chart = kinds.READERS[kind](caller, **args)
    with transaction():
        facts = {"kind": kind.value, "expires_at": link.expires_at.isoformat()}
        subject_id = args["account_id"] if kind is kinds.ChartKind.SERIES else args.get("post_id")
        audit.record(caller, "chart_link.created", subject_id=subject_id, **facts)
    url = _url_of(link)
    return {"url": url, "expires_at": link.expires_at, "html": responses.element_of(url, chart, look)}


def _url_of(link: ChartLink) -> str:
    settings = service(Settings)
    token = links.write_token(link, settings.derive_key(links.KEY_PURPOSE))
    endpoint = "show_linked_svg" if link.format is PictureFormat.SVG else "show_linked_png"
    return settings.public_url + url_for(f"linked_charts.{endpoint}", token=token)


def _token_of_link() -> str:
    return fingerprint(str((request.view_args or {}).get("token")))


def _followed(content_type: str) -> Decorator:
    """Mark a route that a link leads to: public, with limits of its own."""

    def decorate(view: Any) -> Any:
        marked = linked_blp.response(200, content_type=content_type)(view)
        busy = (PicturesBusy,) if content_type == responses.PNG else ()
        marked = linked_blp.raises(LinkSignatureInvalid, LinkExpired, NotFound, *_CHART_PROBLEMS, *busy)(marked)
        marked = linked_blp.doc(responses=responses.DOCS[content_type], parameters=["IfNoneMatch"])(marked)
        marked = limiter.shared_limit(LINKS_PER_MINUTE, scope="links", key_func=client_network)(marked)
        marked = limiter.limit("120/minute", key_func=_token_of_link)(marked)
        return linked_blp.public(linked_blp.counted_apart(marked))

    return decorate


@linked_blp.get("/<token>.svg", parameters=[_TOKEN_DOC])
@_followed(responses.SVG)
def show_linked_svg(token: str) -> Response:
    """Show the chart of a link

    Take the URL from `POST /analytics/chart-links`: it is signed, and needs no token.
    """
    link, chart = _open(token, PictureFormat.SVG)
    return responses.send_svg(draw(chart, link.look), headers=_headers_of(link))


@linked_blp.get("/<token>.png", parameters=[_TOKEN_DOC])
@_followed(responses.PNG)
def show_linked_png(token: str) -> Response:
    """Show the chart of a link, as PNG

    Take the URL from `POST /analytics/chart-links`: it is signed, and needs no token.
    """
    link, chart = _open(token, PictureFormat.PNG)
    return responses.send_png(draw(chart, link.look), link.look, headers=_headers_of(link))


def _open(token: str, picture: PictureFormat) -> tuple[ChartLink, Any]:
    link = links.read_token(token, picture, service(Settings).derive_key(links.KEY_PURPOSE))
    kind, args = load_arguments(link.selection)
    return link, kinds.READERS[kind](links.reader_of(link), **args)


def _headers_of(link: ChartLink) -> dict[str, str]:
    seconds = max(0, min(_MOST_AGE, int(link.expires - clock.now().timestamp())))
    return {"Cache-Control": f"public, max-age={seconds}", "Cross-Origin-Resource-Policy": "cross-origin"}
