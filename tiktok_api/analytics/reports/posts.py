"""What a report says of single posts: those that did best, their hashtags and the hours at which they did best."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tiktok_api.analytics.charts.drawing.heat_map import HeatMap
from tiktok_api.analytics.charts.post_labels import best_times_chart
from tiktok_api.analytics.figures import overview
from tiktok_api.analytics.sums.question import Question
from tiktok_api.analytics.videos.best_times import tell_best_times
from tiktok_api.analytics.videos.errors import TooManyPosts
from tiktok_api.analytics.videos.hashtags import tell_hashtags
from tiktok_api.analytics.videos.vocabulary import RankedBy

MOST_HASHTAGS = 5


@dataclass(frozen=True, slots=True)
class TopPost:
    """A post with its numbers, gained or in all."""

    title: str
    account: str
    url: str | None
    posted_at: datetime | None
    is_gone: bool
    views: int | None
    likes: int | None
    comments: int | None
    shares: int | None


@dataclass(frozen=True, slots=True)
class PostsOfMonth:
    """The posts that did best, by what they gained or, if nothing is known to be gained, by all that they had.

    Hashtags and hours are of the posts that were published in the month, unless `is_too_many`; `heat_map` is there if some
    hour has enough posts, else `times_statement` says why not.
    """

    top: Sequence[TopPost]
    is_gained: bool
    hashtags: Sequence[Mapping[str, Any]] = ()
    best_hours: Sequence[Mapping[str, Any]] = ()
    heat_map: HeatMap | None = None
    times_statement: str = ""
    is_too_many: bool = False


def find_posts(question: Question) -> PostsOfMonth:
    """What there is to say of the posts of a month. Raises TooManyReadings."""
    found = overview.top_posts(question)
    is_gained = found["top_posts_by"] is RankedBy.GAINED
    top = [_top_post(row, row["gained" if is_gained else "total"]) for row in found["top_posts"]]
    asked = (question.caller, question.selection, question.window)
    try:
        times, tags = tell_best_times(*asked), tell_hashtags(*asked, min_posts=1)
    except TooManyPosts:
        return PostsOfMonth(top, is_gained, is_too_many=True)
    return PostsOfMonth(
        top,
        is_gained,
        hashtags=tags["hashtags"][:MOST_HASHTAGS],
        best_hours=times["best"],
        heat_map=best_times_chart(times, question.selection) if times["is_enough"] else None,
        times_statement=times["statement"] or "",
    )


def _top_post(row: Mapping[str, Any], numbers: Mapping[str, Any]) -> TopPost:
    return TopPost(
        (row["title"] or row["description"] or "(no text)").strip(),
        row["username"] or "",
        row["share_url"],
        row["posted_at"],
        row["gone_at"] is not None,
        *(numbers["views"], numbers["likes"], numbers["comments"], numbers["shares"]),
    )
