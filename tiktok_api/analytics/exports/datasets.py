"""What can be exported, by name. A further one is its columns and a function from a question to rows."""

from tiktok_api.analytics.exports import answers, posts, readings, videos
from tiktok_api.analytics.exports.columns import (
    ACCOUNT,
    PROVENANCE,
    Column,
    Dataset,
    Kind,
    numbers,
    text,
    time,
)
from tiktok_api.analytics.metrics import VIDEO_COUNTERS

_CAPTURED = time("captured_at", "When TikTok was asked.")
_CHANGED_SINCE = time("changed_since", "When the reading was taken from which the change is counted.")
_WINDOW = (time("from"), time("to", "The first instant after it."))

_GONE = time("gone_at", "When it was found to be deleted or not public any more.")
_ENOUGH = Column("is_enough", Kind.FLAG, "The medians are of 3 posts or more.")
_POST = (
    *(text("id"), text("video_id", "TikTok's own."), text("post_id", "Our post, where it is one.")),
    *(text("publication_id"), text("matched_by", "How that is known."), time("posted_at")),
)


def _numbers_of_post(which: str) -> tuple[Column, ...]:
    return numbers(*(f"{which}_{name}" for name in posts.NUMBERS))


_COMPARED = (
    *(*ACCOUNT, text("metric"), text("timezone"), *_WINDOW, time("before_from", "The start of the window before.")),
    *numbers("value", "change", "change_compared", "change_before", "relative_change"),
    *numbers("accounts", "accounts_read", "accounts_in_change", "accounts_compared"),
    *(_CAPTURED, time("oldest_captured_at"), text("comparison_reason", "Why nothing is compared."), *PROVENANCE),
)

DATASETS: dict[str, Dataset] = {
    "account_readings": Dataset(
        "each time the profile of an account was read",
        (*ACCOUNT, _CAPTURED, *numbers(*readings.PROFILE_COUNTERS), *PROVENANCE),
        readings.account_readings,
        is_stored=True,
        is_by_label=False,
    ),
    "account_totals": Dataset(
        "each time the videos of an account were read to the end: their sums, and what all have gained so far",
        (
            *(*ACCOUNT, _CAPTURED, time("started_at", "When that sync began.")),
            *numbers("videos_counted", *VIDEO_COUNTERS, *readings.GAINED),
            *PROVENANCE,
        ),
        readings.account_totals,
        is_stored=True,
        is_by_label=False,
    ),
    "videos": Dataset(
        "the videos that were posted in the window, with their latest numbers by `as_of`",
        (
            *(*ACCOUNT, text("id"), text("video_id", "TikTok's own."), text("post_id", "Our post, where it is one.")),
            *(text("matched_by", "How that is known."), time("posted_at"), text("title"), text("description")),
            *(text("share_url"), *numbers("duration_seconds", *VIDEO_COUNTERS), _CAPTURED),
            *(_GONE, *PROVENANCE),
        ),
        videos.videos,
        is_stored=True,
    ),
    "video_readings": Dataset(
        "each time the counters of a video were read",
        (*ACCOUNT, text("id"), text("video_id", "TikTok's own."), _CAPTURED, *numbers(*VIDEO_COUNTERS), *PROVENANCE),
        videos.video_readings,
        is_stored=True,
    ),
    "timeseries": Dataset(
        "each `metric` of each account by `interval`",
        (
            *(*ACCOUNT, text("metric"), text("interval"), text("timezone")),
            *(Column("date", Kind.DATE, "The local date on which the period begins."), *_WINDOW),
            *(*numbers("value", "change"), _CAPTURED, _CHANGED_SINCE, *PROVENANCE),
        ),
        answers.timeseries,
        is_by_label=False,
    ),
    "timeseries_of_all": Dataset(
        "each `metric` of all accounts together by `interval`",
        (
            *(*ACCOUNT, text("metric"), text("interval"), text("timezone")),
            *(Column("date", Kind.DATE, "The local date on which the period begins."), *_WINDOW),
            *(*numbers("value", "change"), _CAPTURED, _CHANGED_SINCE),
            *(*numbers("accounts", "accounts_read", "accounts_in_change"), *PROVENANCE),
        ),
        answers.timeseries_of_all,
    ),
    "summary": Dataset(
        "each `metric` of each account over the whole window",
        (
            *(*ACCOUNT, text("metric"), text("timezone"), *_WINDOW),
            *(*numbers("value", "change"), _CAPTURED, _CHANGED_SINCE, *PROVENANCE),
        ),
        answers.summary,
        is_by_label=False,
    ),
    "overview": Dataset(
        "each `metric` of all accounts together, against the window before", _COMPARED, answers.overview
    ),
    "compare": Dataset(
        "each `metric` of each account, against the window before", _COMPARED, answers.compare, is_by_label=False
    ),
    "engagement": Dataset(
        "what the videos of all accounts gained together by `interval`, and the rate",
        (
            *(*ACCOUNT, text("interval"), text("timezone"), Column("date", Kind.DATE), *_WINDOW),
            *numbers("engagement_rate", *VIDEO_COUNTERS),
            *(_CAPTURED, _CHANGED_SINCE, *numbers("accounts", "accounts_in_change"), *PROVENANCE),
        ),
        answers.engagement,
    ),
    "growth": Dataset(
        "what each `metric` of all accounts gained together: on average, on the best day and on the worst",
        (
            *(*ACCOUNT, text("metric"), text("timezone"), *_WINDOW, *numbers("change", "average_per_day")),
            *(Column("best_day", Kind.DATE), *numbers("best_change")),
            *(Column("worst_day", Kind.DATE), *numbers("worst_change")),
            *numbers("days", "days_counted", "days_after_gap", "days_partly_read", "days_unread"),
            *(_CAPTURED, *PROVENANCE),
        ),
        answers.growth,
    ),
    "leaderboard": Dataset(
        "every post that has a place by `post_metric`, and all its numbers, gained in the window and in all",
        (
            *(*ACCOUNT, *numbers("rank"), text("metric"), text("by"), *numbers("value"), text("timezone"), *_WINDOW),
            *(*_POST, text("title"), text("description"), text("share_url"), *numbers("duration_seconds"), _GONE),
            *(*_numbers_of_post("gained"), text("gained_reason", "Why they are empty, or the rate.")),
            *(*_numbers_of_post("total"), text("total_reason", "Why the rate is empty.")),
            *(_CAPTURED, _CHANGED_SINCE, *PROVENANCE),
        ),
        posts.leaderboard,
    ),
    "hashtags": Dataset(
        "the hashtags of the posts that were published in the window, with their latest numbers",
        (
            *(*ACCOUNT, text("timezone"), *_WINDOW, text("hashtag", "As it is most often written."), text("name")),
            *numbers("posts", "posts_read", "share_of_posts", "median_views", "median_engagement_rate"),
            *(_ENOUGH, text("best_id", "Of the video with most views."), text("best_video_id")),
            *(text("best_account_id"), time("best_posted_at"), text("best_share_url"), *numbers("best_views")),
            *PROVENANCE,
        ),
        posts.hashtags,
        is_of_now=True,
    ),
    "best_times": Dataset(
        "each hour of the week, and how the posts that were published in it did after a day",
        (
            *(*ACCOUNT, text("timezone"), *_WINDOW, *numbers("weekday", "hour", "posts", "median_views_per_hour")),
            *(_ENOUGH, Column("posts_left_out", Kind.NUMBER, "Of the whole window: not read at that age.")),
            *PROVENANCE,
        ),
        posts.best_times,
        is_of_now=True,
    ),
    "post_days": Dataset(
        "each day of the post `post_id`: of its video, or of all",
        (
            *(*ACCOUNT, *_POST[:3], text("timezone"), Column("date", Kind.DATE), *_WINDOW),
            *(*numbers(*VIDEO_COUNTERS), *numbers(*(f"{name}_change" for name in VIDEO_COUNTERS))),
            *(_CAPTURED, _CHANGED_SINCE, *PROVENANCE),
        ),
        posts.post_days,
        is_stored=True,
        is_by_label=False,
        is_of_now=True,
    ),
}
