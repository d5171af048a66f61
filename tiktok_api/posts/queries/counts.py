"""How many posts there are of each status, and which labels are in use: each counted up to a bound."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, String, func, literal_column, select, union, union_all

from tiktok_api.auth.identity import Identity
from tiktok_api.db.reads import Given, planned_anew, reading
from tiktok_api.posts.bookkeeping.labels import PostLabel
from tiktok_api.posts.models import TEXTS, Post, Publication
from tiktok_api.posts.queries.filters import (
    MOST_ARMS,
    PostFilters,
    are_few,
    conditions,
    each_of,
    in_time,
    one_by_one,
)
from tiktok_api.posts.queries.reach import visible_to, within_reach
from tiktok_api.posts.vocabulary import PostStatus
from tiktok_api.web.pagination import MOST_COUNTED

MOST_LABELS = 100
_ONE: ColumnElement[Any] = literal_column("1").label("one")
_BOUND: ColumnElement[Any] = literal_column(str(MOST_COUNTED + 1))


@reading
def _counts(given: Given) -> Select[Any]:
    """Rows of a status and its number."""
    wanted = [*visible_to(given), *in_time(given, Post.publish_at), *conditions(given)]
    if "is_narrow" in given:
        ids = _ids(given)
        found = [*wanted, *([Post.id.in_(ids)] if ids is not None else [])]
        shown: Sequence[Any] = (Post.status, func.count().label("count"))
        return select(*shown).where(*found).group_by(Post.status)
    arms = [_of_status(status, wanted) for status in PostStatus]
    counted = union_all(*arms).subquery()
    query = select(counted.c.status, counted.c.count)
    return planned_anew(query) if given.keys() & {"pattern", "since", "until"} else query


def _ids(given: Given) -> Any:
    """The posts of few accounts, of few labels or with words that are rare; None where an index of posts finds them."""
    mine = given["owner_id"]
    if accounts := each_of(given, "account"):
        by_account = select(Publication.post_id).where(Publication.owner_id == mine)
        return union(*(by_account.where(Publication.account_id == each) for each in accounts))
    if labels := each_of(given, "label"):
        by_label = select(PostLabel.post_id).where(PostLabel.owner_id == mine)
        return union(*(by_label.where(PostLabel.label == each) for each in labels))
    return select(Post.id).where(TEXTS.is_found(given)) if "trigrams" in given else None


def _of_status(status: PostStatus, wanted: list[ColumnElement[bool]]) -> Select[Any]:
    rows: Select[Any] = select(_ONE).select_from(Post).where(Post.status == literal_column(f"'{status}'"))
    counted = select(func.count()).select_from(rows.where(*wanted).limit(_BOUND).subquery())
    return select(literal_column(f"'{status}'", String).label("status"), counted.scalar_subquery().label("count"))


@reading
def _labels(given: Given) -> Select[Any]:
    """The labels in use with their numbers, in their order: one look into an index finds the next, however many posts have it."""
    mine = PostLabel.owner_id == given["owner_id"]
    found = select(func.min(PostLabel.label).label("label")).where(mine).cte("found", recursive=True, nesting=True)
    following = select(func.min(PostLabel.label)).where(mine, PostLabel.label > found.c.label)
    found = found.union_all(
        select(following.correlate(found).scalar_subquery()).select_from(found).where(found.c.label.is_not(None))
    )
    rows: Select[Any] = select(_ONE).select_from(PostLabel).where(mine, PostLabel.label == found.c.label)
    reach = within_reach(given)
    if reach:
        rows = rows.join(Post, Post.id == PostLabel.post_id).where(*reach)
    counted = select(func.count()).select_from(rows.correlate(found).limit(_BOUND).subquery())
    each = select(found.c.label, counted.scalar_subquery().label("count")).where(found.c.label.is_not(None)).subquery()
    query = select(each.c.label, each.c.count).limit(literal_column(str(MOST_LABELS)))
    return query.where(each.c.count > literal_column("0")) if reach else query  # labels outside take no places


def count_posts(caller: Identity, **wanted: Any) -> dict[str, Any]:
    """Returns how many posts of each status there are that PostFilters lets through, and the first labels by their names.

    The filters do not hold for the labels. Each number ends at MOST_COUNTED.
    """
    filters = PostFilters(**wanted)
    given = filters.parameters()
    counted = _counts.all(**caller.reach, **given, **_narrowed(caller, filters, has_trigrams="trigrams" in given))
    numbers = {row.status: row.count for row in counted}
    return {
        "statuses": [{"status": status} | _bounded(numbers.get(status, 0)) for status in PostStatus],
        "labels": [{"label": row.label} | _bounded(row.count) for row in _labels.all(**caller.reach)],
    }


def _narrowed(caller: Identity, filters: PostFilters, *, has_trigrams: bool) -> dict[str, Any]:
    """Returns the parameters by which those of few accounts or labels are counted one by one, and others within a status."""
    accounts, labels = filters.accounts(caller), list(dict.fromkeys(filters.label or ()))
    given: dict[str, Any] = {"accounts": accounts or None, "labels": labels or None}
    if filters.external_id is not None:
        return given | {"is_narrow": "yes"}
    if are_few(caller, "labels", labels, MOST_COUNTED):
        return given | {"labels": None, "is_narrow": "yes"} | one_by_one("label", labels)
    if len(accounts) <= MOST_ARMS and are_few(caller, "accounts", accounts, MOST_COUNTED):
        return given | {"accounts": None, "is_narrow": "yes"} | one_by_one("account", accounts)
    return given | ({"is_narrow": "yes"} if has_trigrams else {})


def _bounded(number: int) -> dict[str, Any]:
    return {"count": min(number, MOST_COUNTED), "is_exact": number <= MOST_COUNTED}
