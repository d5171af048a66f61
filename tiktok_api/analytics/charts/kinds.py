"""The charts that a link may show: where each kind gets its numbers, and what it makes of them."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from tiktok_api.analytics import services
from tiktok_api.analytics.charts.account_labels import comparison_chart
from tiktok_api.analytics.charts.drawing.sheet import Headed
from tiktok_api.analytics.charts.labels import Show, series_chart
from tiktok_api.analytics.charts.post_labels import best_times_chart, leaderboard_chart, life_chart
from tiktok_api.analytics.figures.accounts_compared import compare_accounts
from tiktok_api.analytics.metrics import Interval, Metric
from tiktok_api.analytics.selection import select_accounts
from tiktok_api.analytics.sums.question import ask
from tiktok_api.analytics.videos import services as posts
from tiktok_api.analytics.videos.best_times import tell_best_times
from tiktok_api.analytics.videos.life import get_post
from tiktok_api.auth.identity import Identity


class ChartKind(StrEnum):
    """What a chart shows; each has a reader in READERS, and a schema in `schemas.ARGUMENTS`."""

    SERIES = "series"
    COMPARISON = "comparison"
    BEST_TIMES = "best_times"
    LEADERBOARD = "leaderboard"
    POST = "post"


class PictureFormat(StrEnum):
    """What a chart is sent as."""

    SVG = "svg"
    PNG = "png"


def read_series(caller: Identity, *, account_id: UUID, show: Show, **args: Any) -> Headed:
    """One metric of an account over time. Raises NotFound, WindowBackwards, WindowOutOfRange, WindowTooLong."""
    return series_chart(services.get_timeseries(caller, account_id, **args), show)


def read_comparison(caller: Identity, *, metric: Metric, interval: Interval, show: Show, **asked: Any) -> Headed:
    """One metric of some accounts. Raises NotFound, WindowBackwards, WindowOutOfRange, WindowTooLong, TooManyReadings."""
    return comparison_chart(compare_accounts(ask(caller, **asked), metric, interval), show)


def read_best_times(caller: Identity, **asked: Any) -> Headed:
    """The hours of the week. Raises NotFound, WindowBackwards, WindowOutOfRange, TooManyAccounts, TooManyPosts."""
    selected, within = posts.divide(asked)
    selection = select_accounts(caller, **selected)
    return best_times_chart(tell_best_times(caller, selection, posts.asked_window(caller, **within)), selection)


def read_leaderboard(caller: Identity, *, limit: int, **asked: Any) -> Headed:
    """The first posts of a ranking. Raises what `rank_posts` does."""
    selected, within = posts.divide(asked)
    paging = {"limit": limit, "cursor": None, "include_total": False}
    return leaderboard_chart(posts.rank_posts(caller, paging, selected=selected, within=within, **asked))


def read_post(caller: Identity, *, post_id: UUID, timezone: str | None = None) -> Headed:
    """The life of a post. Raises NotFound."""
    found = get_post(caller, post_id, timezone=timezone)
    return life_chart(found, ZoneInfo(found["timezone"]))


READERS: Mapping[ChartKind, Callable[..., Headed]] = {
    ChartKind.SERIES: read_series,
    ChartKind.COMPARISON: read_comparison,
    ChartKind.BEST_TIMES: read_best_times,
    ChartKind.LEADERBOARD: read_leaderboard,
    ChartKind.POST: read_post,
}
"""Each is called with the reader's identity and the loaded arguments of its kind."""
