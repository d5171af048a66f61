"""The posts that were published in a window, with their latest numbers."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, literal_column, select

from tiktok_api.analytics.metrics import VIDEO_COUNTERS
from tiktok_api.analytics.models import Video
from tiktok_api.analytics.selection import Selection
from tiktok_api.analytics.videos.errors import TooManyPosts
from tiktok_api.analytics.windows import Window
from tiktok_api.db.reads import Given, is_any, reading
from tiktok_api.posts.bookkeeping.labels import PostLabel

MOST_POSTS = 5_000
"""Whose texts and numbers are read at once."""
ENOUGH_POSTS = 3
"""Fewer say little: their median is one post's number, or between two."""

_COLUMNS: tuple[Any, ...] = (
    Video.id,
    Video.video_id,
    Video.account_id,
    Video.posted_at,
    Video.title,
    Video.description,
    Video.share_url,
    *(getattr(Video, name) for name in VIDEO_COUNTERS),
    Video.young_views,
    Video.young_at,
)


@reading
def _published(given: Given) -> Select[Any]:
    query = select(*_COLUMNS).where(
        is_any(Video.account_id, given["account_ids"]),
        Video.listed_at >= given["starts_at"],
        Video.listed_at < given["ends_at"],
        Video.posted_at.is_not(None),
    )
    if "labels" in given:
        is_of_video = (PostLabel.post_id == Video.post_id, PostLabel.owner_id == given["owner_id"])
        query = query.where(exists(select(1).where(*is_of_video, is_any(PostLabel.label, given["labels"]))))
    return query.limit(literal_column(str(MOST_POSTS + 1)))


def posts_of(owner_id: UUID, selection: Selection, window: Window) -> Sequence[Any]:
    """The videos of a selection that were posted in a window, in the order of posting. Raises TooManyPosts."""
    labels = None if selection.labels is None else list(selection.labels)
    found = _published.all(
        account_ids=list(selection.account_ids),
        starts_at=window.starts_at,
        ends_at=window.ends_at,
        labels=labels,
        owner_id=None if labels is None else owner_id,
    )
    if len(found) > MOST_POSTS:
        raise TooManyPosts.at(parameter="from", most=MOST_POSTS)
    return sorted(found, key=lambda row: (row.posted_at, row.id))
