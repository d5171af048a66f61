"""What we published on accounts in a window, what is planned, and what a person must look after."""

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, String, func, literal_column, select, union_all

from tiktok_api.analytics.sums.question import Question
from tiktok_api.db.reads import Given, is_any, is_one_of, list_of, reading
from tiktok_api.posts.bookkeeping.labels import PostLabel
from tiktok_api.posts.models import Post, Publication
from tiktok_api.posts.queries import visible_to
from tiktok_api.posts.states import LIVE, TO_GO_OUT, UNFINISHED, PublicationState
from tiktok_api.posts.vocabulary import PostStatus

MOST_COUNTED = 10_000
LATEST = timedelta(days=31)
"""What goes out so long after its time, or later, is not counted: publications are found by their times."""


def count_publications(question: Question) -> dict[str, Any]:
    """How many publications of the accounts went live in the window, are scheduled, are held, and are unconfirmed."""
    window = question.window
    rows = _counts.all(
        **_given(question),
        since=window.starts_at,
        until=window.ends_at,
        planned_since=window.starts_at - LATEST,
    )
    return {row.name: {"count": min(row.count, MOST_COUNTED), "is_exact": row.count <= MOST_COUNTED} for row in rows}


def next_posts(question: Question, limit: int) -> list[Any]:
    """The scheduled posts of the accounts that go out next."""
    return _next.all(limit, **_given(question), status=PostStatus.SCHEDULED, now=question.now)


def _given(question: Question) -> dict[str, Any]:
    labels = question.selection.labels
    ids = list(question.selection.account_ids)
    return {**question.caller.reach, "account_ids": ids, "labels": None if labels is None else list(labels)}


@reading
def _counts(given: Given) -> Select[Any]:
    """Rows of a name and a number, each counted up to a bound."""
    went_live = [
        is_one_of(Publication.state, sorted(LIVE)),
        Publication.post_publish_at >= given["planned_since"],
        Publication.post_publish_at < given["until"],
        Publication.published_at >= given["since"],
        Publication.published_at < given["until"],
    ]
    arms = [_counted("published", went_live, given)]
    for name, state, group in (
        ("scheduled", PublicationState.SCHEDULED, TO_GO_OUT),
        ("held", PublicationState.HELD, UNFINISHED),
        ("unconfirmed", PublicationState.UNCONFIRMED, UNFINISHED),
    ):
        is_it = [is_one_of(Publication.state, group), is_one_of(Publication.state, [state])]
        arms.append(_counted(name, is_it, given))
    counted = union_all(*arms).subquery()
    return select(counted.c.name, counted.c.count)


def _counted(name: str, conditions: list[ColumnElement[bool]], given: Given) -> Select[Any]:
    is_its = (Publication.owner_id == given["owner_id"], is_any(Publication.account_id, given["account_ids"]))
    rows: Select[Any] = select(literal_column("1").label("one")).select_from(Publication).where(*is_its, *conditions)
    if "reached" in given:
        rows = rows.join(Post, Post.id == Publication.post_id).where(*visible_to(given))
    if "labels" in given:
        rows = rows.where(Publication.post_id.in_(_labelled(given)))
    bound: ColumnElement[Any] = literal_column(str(MOST_COUNTED + 1))
    counted = select(func.count()).select_from(rows.limit(bound).subquery()).scalar_subquery()
    return select(literal_column(f"'{name}'", String).label("name"), counted.label("count"))


def _labelled(given: Given) -> Select[Any]:
    is_labelled = is_any(PostLabel.label, given["labels"])
    return select(PostLabel.post_id).where(PostLabel.owner_id == given["owner_id"], is_labelled)


@reading
def _next(given: Given) -> Select[Any]:
    targets = select(Publication.account_id).where(Publication.post_id == Post.id).order_by(Publication.id)
    is_its = (Publication.post_id == Post.id, is_any(Publication.account_id, given["account_ids"]))
    has_one = select(Publication.id).where(*is_its).correlate(Post).limit(literal_column("1")).scalar_subquery()
    columns: tuple[Any, ...] = (Post.id, Post.type, Post.caption, Post.title, Post.publish_at, Post.labels)
    query = select(*columns, list_of(targets.correlate(Post)).label("account_ids"))
    query = query.where(
        Post.status == given["status"], Post.publish_at >= given["now"], *visible_to(given), has_one.is_not(None)
    )
    if "labels" in given:
        query = query.where(Post.id.in_(_labelled(given)))
    return query.order_by(Post.publish_at, Post.created_at, Post.id).limit(_limit(given))


def _limit(given: Given) -> Any:
    return None if given.limit is None else literal_column(str(given.limit))
