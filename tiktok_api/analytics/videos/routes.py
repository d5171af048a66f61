"""The endpoints about single posts: read the request, call one service, return its result."""

from typing import Any
from uuid import UUID

from tiktok_api.analytics.errors import TooManyAccounts, TooManyReadings, WindowBackwards, WindowOutOfRange
from tiktok_api.analytics.selection import Selection, select_accounts
from tiktok_api.analytics.videos import best_times, hashtags, life, services
from tiktok_api.analytics.videos.errors import TooManyPosts
from tiktok_api.analytics.videos.schemas.leaderboard import LeaderboardArgsSchema, LeaderboardPageSchema
from tiktok_api.analytics.videos.schemas.life import LifeArgsSchema, PostLifeSchema
from tiktok_api.analytics.videos.schemas.published import (
    BestTimesSchema,
    HashtagsArgsSchema,
    HashtagsComparedSchema,
    HashtagsOfAllArgsSchema,
    PublishedArgsSchema,
    PublishedOfAllArgsSchema,
)
from tiktok_api.analytics.videos.services import LeaderboardPage
from tiktok_api.analytics.windows import Window
from tiktok_api.auth.identity import caller
from tiktok_api.web.blueprint import Blueprint

blp = Blueprint(
    "post_analytics", __name__, url_prefix="/analytics", description="How single posts do", domain="analytics"
)

_REFUSALS = (WindowBackwards, WindowOutOfRange, TooManyAccounts)


@blp.get("/posts")
@blp.arguments(LeaderboardArgsSchema, location="query")
@blp.response(200, LeaderboardPageSchema)
@blp.raises(*_REFUSALS, TooManyReadings)
def rank_posts(args: dict[str, Any]) -> LeaderboardPage:
    """Rank posts by what they gained in a window of time, or by all that they have

    Of all accounts or chosen ones, by any metric. What was not read is null with a reason, never 0.
    """
    selected, within = services.divide(args)
    paging = services.take(args, "limit", "cursor", "include_total")
    return services.rank_posts(caller, paging, selected=selected, within=within, **args)


@blp.get("/posts/<uuid:post_id>")
@blp.arguments(LifeArgsSchema, location="query")
@blp.response(200, PostLifeSchema)
def show_post_history(args: dict[str, Any], post_id: UUID) -> dict[str, Any]:
    """Show the history of one post, from the time it was posted

    By the id of a video, or of a post of yours: then of each video that came from it.
    """
    return life.get_post(caller, post_id, **args)


@blp.get("/hashtags")
@blp.arguments(HashtagsOfAllArgsSchema, location="query")
@blp.response(200, HashtagsComparedSchema)
@blp.raises(*_REFUSALS, TooManyPosts)
def show_hashtags(args: dict[str, Any]) -> dict[str, Any]:
    """Compare the hashtags of the posts of all accounts or chosen ones

    Of the posts that were published in the window, at most 5,000, with their latest numbers.
    """
    selection, window = _asked(args)
    return hashtags.tell_hashtags(caller, selection, window, **args)


@blp.get("/accounts/<uuid:account_id>/hashtags")
@blp.arguments(HashtagsArgsSchema, location="query")
@blp.response(200, HashtagsComparedSchema)
@blp.raises(WindowBackwards, WindowOutOfRange, TooManyPosts)
def show_account_hashtags(args: dict[str, Any], account_id: UUID) -> dict[str, Any]:
    """Compare the hashtags of an account's posts

    Of the posts that were published in the window, at most 5,000, with their latest numbers.
    """
    selection, window = _asked(args | {"account_id": [account_id]})
    return hashtags.tell_hashtags(caller, selection, window, min_posts=args["min_posts"])


@blp.get("/best-times")
@blp.arguments(PublishedOfAllArgsSchema, location="query")
@blp.response(200, BestTimesSchema)
@blp.raises(*_REFUSALS, TooManyPosts)
def show_best_times(args: dict[str, Any]) -> dict[str, Any]:
    """Show at which hours of the week the posts of all accounts or chosen ones did best

    By the views per hour that a post had in its first reading at an age of 24 to 48 hours.
    """
    return best_times.tell_best_times(caller, *_asked(args))


@blp.get("/accounts/<uuid:account_id>/best-times")
@blp.arguments(PublishedArgsSchema, location="query")
@blp.response(200, BestTimesSchema)
@blp.raises(WindowBackwards, WindowOutOfRange, TooManyPosts)
def show_account_best_times(args: dict[str, Any], account_id: UUID) -> dict[str, Any]:
    """Show at which hours of the week an account's posts did best

    By the views per hour that a post had in its first reading at an age of 24 to 48 hours.
    """
    return best_times.tell_best_times(caller, *_asked(args | {"account_id": [account_id]}))


def _asked(args: dict[str, Any]) -> tuple[Selection, Window]:
    """The accounts and the window of a request, whose arguments are taken out."""
    selected, within = services.divide(args)
    return select_accounts(caller, **selected), services.asked_window(caller, **within)
