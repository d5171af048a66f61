"""The endpoints about single posts: read the request, call one service, return its result."""

from typing import Any

from tiktok_api.analytics.errors import TooManyAccounts, TooManyReadings, WindowBackwards, WindowOutOfRange
from tiktok_api.analytics.videos import services
from tiktok_api.analytics.videos.schemas import LeaderboardArgsSchema, LeaderboardPageSchema
from tiktok_api.analytics.videos.services import LeaderboardPage
from tiktok_api.auth.identity import caller
from tiktok_api.web.blueprint import Blueprint

blp = Blueprint(
    "analytics_posts", __name__, url_prefix="/analytics", description="How single posts do", domain="analytics"
)

_SELECTED = ("account_id", "tag", "label")
_WITHIN = ("starts", "ends", "timezone")
_REFUSALS = (WindowBackwards, WindowOutOfRange, TooManyAccounts)


def _taken(args: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: args.pop(name) for name in names if name in args}


@blp.get("/posts")
@blp.arguments(LeaderboardArgsSchema, location="query")
@blp.response(200, LeaderboardPageSchema)
@blp.raises(*_REFUSALS, TooManyReadings)
def rank_posts(args: dict[str, Any]) -> LeaderboardPage:
    """Rank posts by what they gained in a window of time, or by all that they have

    Of all accounts or chosen ones, by any metric. What was not read is null with a reason, never 0.
    """
    selected, within = _taken(args, _SELECTED), _taken(args, _WITHIN)
    paging = _taken(args, ("limit", "cursor", "include_total"))
    return services.rank_posts(caller, paging, selected=selected, within=within, **args)
