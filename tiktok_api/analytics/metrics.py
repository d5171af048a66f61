"""The metrics, the scope that each needs, and the reasons why a number may be missing."""

from enum import StrEnum

from tiktok_api.accounts.models import STATS_SCOPE, VIDEO_LIST_SCOPE


class Metric(StrEnum):
    """The metrics. `likes` and `videos` are the profile's own counters, which include videos that are not listed."""

    FOLLOWERS = "followers"
    FOLLOWING = "following"
    LIKES = "likes"
    VIDEOS = "videos"
    VIEWS = "views"
    COMMENTS = "comments"
    SHARES = "shares"
    ENGAGEMENT_RATE = "engagement_rate"


PROFILE_METRICS = (Metric.FOLLOWERS, Metric.FOLLOWING, Metric.LIKES, Metric.VIDEOS)
"""What user/info counts; everything else is added up from video/list."""

VIDEO_COUNTERS = ("views", "likes", "comments", "shares")


def scope_for(metric: Metric) -> str:
    """The scope without which TikTok does not send the metric."""
    return STATS_SCOPE if metric in PROFILE_METRICS else VIDEO_LIST_SCOPE


class Interval(StrEnum):
    """The periods of a series: local days, weeks from Monday (ISO 8601) or calendar months."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Reason(StrEnum):
    """Why a value or a change is null; or, of a sum that is there, that not all accounts were read in its time."""

    NOT_READ_YET = "not_read_yet"
    SCOPE_MISSING = "scope_missing"
    NO_READING_IN_WINDOW = "no_reading_in_window"
    NO_READING_BEFORE_WINDOW = "no_reading_before_window"
    LEFT_OUT_BY_TIKTOK = "left_out_by_tiktok"
    NO_VIEWS = "no_views"
    IN_THE_FUTURE = "in_the_future"
    PARTLY_READ = "partly_read"
    NOT_BY_LABEL = "not_by_label"
    NO_READING_IN_WINDOW_BEFORE = "no_reading_in_window_before"
    NOT_POSITIVE_BEFORE = "not_positive_before"
