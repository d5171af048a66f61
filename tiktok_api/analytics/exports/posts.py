"""The rows of what is told of posts: their ranking, hashtags, hours of posting, and one post's days."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tiktok_api.analytics.exports.columns import Inquiry, Rows, owner_of_whole, provenance
from tiktok_api.analytics.exports.errors import PostNotNamed
from tiktok_api.analytics.metrics import VIDEO_COUNTERS, Reason
from tiktok_api.analytics.models import ReadingSource
from tiktok_api.analytics.videos import best_times as hours_of_week
from tiktok_api.analytics.videos import hashtags as tags
from tiktok_api.analytics.videos import leaderboard as ranks
from tiktok_api.analytics.videos import life, ranking
from tiktok_api.analytics.videos.leaderboard import RankingQuestion
from tiktok_api.analytics.videos.vocabulary import RankedBy

_SHOWN_AT_ONCE = 400
_NO_POSTS = "no_posts"
NUMBERS = (*VIDEO_COUNTERS, "interactions", "engagement_rate")
"""What is told of a post, gained and in all."""
_ORIGIN = ("id", "video_id", "post_id", "publication_id", "matched_by", "posted_at")
_WORDS = ("title", "description", "share_url", "duration_seconds")
_BEST_POST = ("id", "video_id", "account_id", "posted_at", "share_url", "views")


def leaderboard(inquiry: Inquiry) -> Rows:
    """Every post that has a place, by what was read before `as_of`; some hundred are looked up at a time."""
    asked = inquiry.about_posts
    how = (asked.metric, asked.by, asked.posted, asked.order, asked.min_views)
    question = RankingQuestion(inquiry.window, inquiry.window.ends_at, *how)
    ranked = ranks.rank(inquiry.caller.user_id, inquiry.selection, question)
    order = ranking.all_best(ranked.numbers)
    ends = ranks.read_ends(question, ranked.account_ids)
    for first in range(0, len(order), _SHOWN_AT_ONCE):
        some = order[first : first + _SHOWN_AT_ONCE]
        for post in ranks.show(ranked, some, first_rank=first + 1, ends=ends):
            yield _ranked(post, question, inquiry)


def _ranked(post: Mapping[str, Any], question: RankingQuestion, inquiry: Inquiry) -> tuple[Any, ...]:
    gained, total, window = post["gained"], post["total"], inquiry.window
    ranked_by = gained if question.by is RankedBy.GAINED else total
    gone_at = post["gone_at"] if post["gone_at"] is not None and post["gone_at"] < inquiry.as_of else None
    whose = (post["account_id"], post["username"])
    place = (post["rank"], question.metric.value, question.by.value, post["value"])
    when = (window.timezone, window.starts_at, window.ends_at)
    what = (*_cells(post, _ORIGIN), *_cells(post, _WORDS), gone_at)
    told = (*_cells(gained, NUMBERS), _word(gained["reason"]), *_cells(total, NUMBERS), _word(total["reason"]))
    read = (post["captured_at"], post["changed_since"])
    how = provenance(ReadingSource.VIDEO_LIST.value, is_restated=post["is_restated"], reason=_word(ranked_by["reason"]))
    return *whose, *place, *when, *what, *told, *read, *how


def hashtags(inquiry: Inquiry) -> Rows:
    """Every hashtag of the posts that were published in the window, however many there are."""
    window, least = inquiry.window, inquiry.about_posts.min_posts
    found = tags.tell_hashtags(inquiry.caller, inquiry.selection, window, min_posts=least, most=None)
    names = ("hashtag", "name", "posts", "posts_read", "share_of_posts", "median_views", "median_engagement_rate")
    for tag in found["hashtags"]:
        best = tag["best_post"]
        post = [None if best is None else getattr(best, name) for name in _BEST_POST]
        yield *_of_window(inquiry), *_cells(tag, names), tag["is_enough"], *post, *_by_list(_why_no_median(tag))


def best_times(inquiry: Inquiry) -> Rows:
    """Each hour of the week: 168 rows."""
    found = hours_of_week.tell_best_times(inquiry.caller, inquiry.selection, inquiry.window)
    left_out = sum(each["posts"] for each in found["left_out"])
    names = ("weekday", "hour", "posts", "median_views_per_hour", "is_enough")
    for cell in found["cells"]:
        yield *_of_window(inquiry), *_cells(cell, names), left_out, *_by_list(None if cell["posts"] else _NO_POSTS)


def post_days(inquiry: Inquiry) -> Rows:
    """The days of each video of a post within the window. Raises PostNotNamed, NotFound."""
    post_id, window = inquiry.about_posts.post_id, inquiry.window
    if post_id is None:
        raise PostNotNamed.at(parameter="post_id")
    chosen = set(inquiry.selection.account_ids)
    for video in life.get_post(inquiry.caller, post_id, timezone=window.timezone)["videos"]:
        if video["account_id"] in chosen:
            for day in video["days"]:
                if day["ends_at"] > window.starts_at and day["starts_at"] < window.ends_at:
                    yield _day(video, day, window.timezone)


def _day(video: Mapping[str, Any], day: Mapping[str, Any], timezone: str) -> tuple[Any, ...]:
    whose = (video["account_id"], video["username"], *_cells(video, ("id", "video_id", "post_id")))
    when = (timezone, day["date"], day["starts_at"], day["ends_at"])
    numbers = (*_cells(day["value"], VIDEO_COUNTERS), *_cells(day["change"], VIDEO_COUNTERS))
    read = (day["captured_at"], day["changed_since"])
    source = None if day["captured_at"] is None else ReadingSource.VIDEO_LIST.value
    how = provenance(source, is_restated=day["is_restated"], reason=_word(day["reason"]))
    return *whose, *when, *numbers, *read, *how


def _of_window(inquiry: Inquiry) -> tuple[Any, ...]:
    window = inquiry.window
    return *owner_of_whole(inquiry.selection), window.timezone, window.starts_at, window.ends_at


def _why_no_median(tag: Mapping[str, Any]) -> str | None:
    if tag["median_views"] is None:
        return Reason.NOT_READ_YET.value
    return Reason.NO_VIEWS.value if tag["median_engagement_rate"] is None else None


def _by_list(reason: str | None) -> tuple[Any, ...]:
    is_read = reason in (None, Reason.NO_VIEWS.value)
    return provenance(ReadingSource.VIDEO_LIST.value if is_read else None, is_restated=None, reason=reason)


def _cells(found: Mapping[str, Any], names: Sequence[str]) -> Iterator[Any]:
    return (found[name] for name in names)


def _word(reason: Any) -> str | None:
    return None if reason is None else str(reason)
