"""The posts of a month by their views, as they were last read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, literal_column, select

from tiktok_api.analytics.models import Video
from tiktok_api.analytics.sums.question import Question
from tiktok_api.db.reads import Given, is_any, reading
from tiktok_api.posts.bookkeeping.labels import PostLabel

MOST_POSTS = 5


@dataclass(frozen=True, slots=True)
class TopPost:
    """A post with its numbers as they were last read."""

    title: str
    account: str
    url: str | None
    posted_at: datetime | None
    views: int | None
    likes: int | None
    comments: int | None
    shares: int | None


@reading
def _best(given: Given) -> Select[Any]:
    columns: tuple[Any, ...] = (Video.title, Video.description, Video.account_id, Video.share_url, Video.posted_at)
    counters = (Video.views, Video.likes, Video.comments, Video.shares)
    query = select(*columns, *counters).where(is_any(Video.account_id, given["accounts"]), Video.views.is_not(None))
    query = query.where(Video.listed_at >= given["since"], Video.listed_at < given["until"])
    if "is_public" in given:
        query = query.where(Video.gone_at.is_(None))
    if "labels" in given:
        labelled = select(PostLabel.post_id).where(is_any(PostLabel.label, given["labels"]))
        query = query.where(Video.post_id.in_(labelled))
    return query.order_by(Video.views.desc(), Video.id).limit(literal_column(str(MOST_POSTS)))


def find_top_posts(question: Question) -> list[TopPost]:
    """The posts that went out in the window, those with the most views first."""
    labels_ = question.selection.labels
    window: dict[str, Any] = {"since": question.window.starts_at, "until": question.window.ends_at}
    rows = _best.all(
        accounts=list(question.selection.account_ids),
        labels=None if labels_ is None else list(labels_),
        is_public=True,
        **window,
    )
    names = {account.id: account.username or account.name or "" for account in question.selection.accounts}
    return [
        TopPost(
            (row.title or row.description or "(no text)").strip(),
            names[row.account_id],
            row.share_url,
            row.posted_at,
            *(row.views, row.likes, row.comments, row.shares),
        )
        for row in rows
    ]
