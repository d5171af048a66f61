"""Pages of posts, from an index that has the order: the last page costs as much as the first."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, SelectBase, literal_column, select, union, union_all

from tiktok_api.auth.identity import Identity
from tiktok_api.db.reads import Given, planned_anew, reading
from tiktok_api.db.search import without_index
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
from tiktok_api.posts.queries.posts import shown, with_targets
from tiktok_api.posts.queries.reach import visible_to, within_reach
from tiktok_api.posts.queries.sort_orders import CREATION, TIME, Order, PostSort
from tiktok_api.posts.vocabulary import PostStatus
from tiktok_api.web.pagination import Keys, Page, in_pages, read_page

_FEW = 1_000
"""So many posts of some statuses are read sooner than all those of an account, of which most may have another status."""
_MOST_PREPARED = 8
"""Accounts of a list for which a connection keeps plans: one for each number of them, and each as large as the number."""
_REPLANNED = {"pattern", "since", "until", f"account_{_MOST_PREPARED}", f"label_{_MOST_PREPARED}"}


@reading
def _posts(given: Given) -> Select[Any]:
    return _listed(given, CREATION)


@reading
def _posts_by_time(given: Given) -> Select[Any]:
    return _listed(given, TIME)


def _listed(given: Given, order: Order) -> Select[Any]:
    """A page of posts, from the index that fits what is given: its cost does not depend on how many others there are."""
    if accounts := each_of(given, "account"):
        query = _page_of(union(*(_of_account(given, order, each) for each in accounts)), given, order)
    elif labels := each_of(given, "label"):
        query = _page_of(union(*(_of_label(given, order, each) for each in labels)), given, order)
    elif "trigrams" in given:
        query = _page_of(_with_trigrams(given, order), given, order)
    elif "external_ids" in given or (given.keys() & {"since", "until"} and not order.is_by_time):
        query = _page_of(_gathered(given, order), given, order)
    elif "status_1" in given:
        arms = [_of_status(given, order, each) for each in each_of(given, "status")]
        query = _page_of(union_all(*arms), given, order)
    else:
        is_its = [Post.status == given["status_0"]] if "status_0" in given else []
        query = _in_pages(shown().where(*visible_to(given), *is_its, *_filters(given, order)), given, order.posts)
    return planned_anew(query) if given.keys() & _REPLANNED else query


def _filters(given: Given, order: Order) -> list[ColumnElement[bool]]:
    times = order.has_its_time(given, order.posts) or in_time(given, Post.publish_at)
    return [*times, *conditions(given)]


def _in_pages(query: Select[Any], given: Given, keys: Any) -> Select[Any]:
    return in_pages(query, given, keys, descending="is_ascending" not in given)


def _page_of(found: SelectBase, given: Given, order: Order) -> Select[Any]:
    """The posts of a page of rows with the columns of the order."""
    ids = found.subquery("found")
    if given.is_counting:
        return select(ids.c.id)
    names = [key.key for key in order.posts]
    page = select(*(ids.c[name] for name in names)).order_by(*_directed(given, [ids.c[name] for name in names]))
    first = page.limit(literal_column(str(given.limit))).subquery("page")
    query = shown().join(first, first.c.id == Post.id)
    return query.order_by(*_directed(given, [first.c[name] for name in names]))


def _directed(given: Given, columns: list[Any]) -> list[Any]:
    return [column.asc() if "is_ascending" in given else column.desc() for column in columns]


def _of_account(given: Given, order: Order, account_id: Any) -> Select[Any]:
    """The first posts of one account."""
    is_its = (Publication.account_id == account_id, Publication.owner_id == given["owner_id"])
    return _of_one(given, order, order.publications, is_its)


def _of_label(given: Given, order: Order, label: Any) -> Select[Any]:
    """The first posts with one label."""
    is_its = (PostLabel.label == label, PostLabel.owner_id == given["owner_id"])
    return _of_one(given, order, order.labels, is_its)


def _of_one(given: Given, order: Order, keys: Keys, is_its: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """The first posts of one account or label: several are read one by one, since an index has the order of each alone."""
    query = select(*order.of(keys)).where(*is_its, *order.has_its_time(given, keys))
    if filters := _beyond_time(given, order):
        query = query.join(Post, Post.id == keys[-1]).where(*filters)
    return _arm(_in_pages(query, given, keys))


def _beyond_time(given: Given, order: Order) -> list[ColumnElement[bool]]:
    """The conditions for which the post itself must be read."""
    times = [] if order.is_by_time else in_time(given, Post.publish_at)
    return [*within_reach(given), *times, *conditions(given)]


def _of_status(given: Given, order: Order, status: Any) -> Select[Any]:
    """The first posts of one status."""
    query = select(*order.posts).where(*visible_to(given), Post.status == status, *_filters(given, order))
    return _arm(_in_pages(query, given, order.posts))


def _gathered(given: Given, order: Order) -> Select[Any]:
    """The posts of some time, of which no index has the order of a list: all are found in one, and the first are chosen.

    So are those of some ids. Materialized: else all posts would be read in the order of the list, to the end of it on the
    last page.
    """
    query = select(*order.posts).where(*visible_to(given), *_filters(given, order))
    found = query.cte("gathered").prefix_with("MATERIALIZED")
    keys = [found.c[key.key] for key in order.posts]
    return _in_pages(select(*keys), given, keys)


def _with_trigrams(given: Given, order: Order) -> Select[Any]:
    """The posts that the search index of SQLite has found."""
    is_mine = without_index(Post.owner_id) == given["owner_id"]
    found = (TEXTS.is_found(given), is_mine, *within_reach(given), *_filters(given, order))
    return _in_pages(select(*order.posts).where(*found), given, order.posts)


def _arm(query: Select[Any]) -> Select[Any]:
    """A query as a part of a union: its order and limit are its own."""
    return select(query.subquery())


def list_posts(
    caller: Identity, args: dict[str, Any], *, sort: PostSort = PostSort.NEWEST_CREATED, **wanted: Any
) -> Page:
    """Returns a page of the caller's posts, with their media ids and targets; `wanted` is that of PostFilters.

    Sorted by time, those without one are left out. Raises InvalidCursor.
    """
    filters = PostFilters(**wanted)
    given = filters.parameters() | ({} if sort.is_descending else {"is_ascending": "yes"})
    accounts, labels = filters.accounts(caller), list(dict.fromkeys(filters.label or ()))
    statuses = list(dict.fromkeys(filters.status or ()))
    has_times = filters.since is not None or filters.until is not None
    if "trigrams" in given or filters.external_id is not None or (has_times and not sort.is_by_time):
        is_in_index = has_times and filters.external_id is None  # of statuses and times: then all statuses are named
        all_statuses = list(PostStatus) if is_in_index else None
        given |= {"accounts": accounts or None, "labels": labels or None, "statuses": statuses or all_statuses}
    else:
        given |= _begin_with(caller, statuses, accounts, labels, is_by_time=sort.is_by_time)
    rows, order = (_posts_by_time, TIME) if sort.is_by_time else (_posts, CREATION)
    page = read_page(rows, args, by=order.posts, **caller.reach, **given)
    page.data = with_targets(page.data)
    return page


def _begin_with(
    caller: Identity, statuses: list[Any], accounts: list[Any], labels: list[Any], *, is_by_time: bool
) -> dict[str, Any]:
    """Returns the parameters by which a query begins with what is rarest, and reads its posts in the order of the list.

    The index that has the order of times has it within each status.
    """
    others = {"statuses": statuses or None, "accounts": accounts or None, "labels": labels or None}
    is_crossed = sum(map(bool, others.values())) > 1
    all_statuses = list(PostStatus) if is_by_time else []
    if not (accounts or labels) or (is_crossed and are_few(caller, "statuses", statuses, _FEW)):
        return others | {"statuses": None} | one_by_one("status", statuses or all_statuses)
    if labels and (not accounts or are_few(caller, "labels", labels, _FEW)):
        return others | {"labels": None} | one_by_one("label", labels)
    if len(accounts) > MOST_ARMS:
        return others | {"statuses": None} | one_by_one("status", statuses or all_statuses)
    return others | {"accounts": None} | one_by_one("account", accounts)
