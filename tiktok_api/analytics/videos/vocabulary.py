"""What posts can be ranked by, and how."""

from enum import StrEnum

from tiktok_api.analytics.metrics import VIDEO_COUNTERS


class PostMetric(StrEnum):
    """The numbers of a post. `interactions` are likes, comments and shares together; their rate is per view."""

    VIEWS = "views"
    LIKES = "likes"
    COMMENTS = "comments"
    SHARES = "shares"
    INTERACTIONS = "interactions"
    ENGAGEMENT_RATE = "engagement_rate"


INTERACTIONS_OF = ("likes", "comments", "shares")

COUNTERS_OF: dict[PostMetric, tuple[str, ...]] = {
    **{PostMetric(name): (name,) for name in VIDEO_COUNTERS},
    PostMetric.INTERACTIONS: INTERACTIONS_OF,
    PostMetric.ENGAGEMENT_RATE: VIDEO_COUNTERS,
}
"""The counters that a metric is made of."""


class RankedBy(StrEnum):
    """What a post gained in the window, or all that it had at its end."""

    GAINED = "gained"
    TOTAL = "total"


class PostedWhen(StrEnum):
    """Posts that were published in the window, or at any time."""

    WINDOW = "window"
    ANY = "any"


class RankingOrder(StrEnum):
    """The largest first, or the smallest."""

    DESCENDING = "desc"
    ASCENDING = "asc"
