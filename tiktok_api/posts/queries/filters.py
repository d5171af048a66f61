"""What a list or a count of posts is asked for, and with which index it is best found."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, literal_column, select

from tiktok_api.accounts.queries import tagged_accounts
from tiktok_api.auth.identity import Identity
from tiktok_api.db import db
from tiktok_api.db.reads import Given, Read, is_any, reading
from tiktok_api.posts.bookkeeping.labels import PostLabel
from tiktok_api.posts.models import TEXTS, Post, Publication
from tiktok_api.posts.vocabulary import PostStatus, PostType

MOST_ARMS = 50
"""So many accounts or labels are read one by one."""
_NONE = UUID(int=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostFilters:
    """Which posts. Of several values of one filter a post has any; `tag` is one of its accounts', with `account_id` of one of
    these, `q` is a part of one of its texts, and `since` and `until` bound `publish_at`."""

    status: Sequence[PostStatus] | None = None
    account_id: Sequence[UUID] | None = None
    type: Sequence[PostType] | None = None
    tag: Sequence[str] | None = None
    label: Sequence[str] | None = None
    since: datetime | None = None
    until: datetime | None = None
    q: str | None = None
    external_id: Sequence[str] | None = None

    def accounts(self, caller: Identity) -> list[UUID]:
        """Returns the accounts that a post must be for any of; empty if it may be for any and for none."""
        wanted = list(dict.fromkeys(self.account_id or ()))
        if self.tag is None:
            return wanted
        tagged = tagged_accounts(caller, self.tag)
        found = [each for each in wanted if each in set(tagged)] if wanted else tagged
        return found or [_NONE]

    def parameters(self) -> dict[str, Any]:
        """Returns what every query is given, whatever it begins with: all but statuses, accounts and labels."""
        given: dict[str, Any] = {"type": self.type, "since": self.since, "until": self.until}
        given["external_ids"] = None if self.external_id is None else list(self.external_id)
        return given | TEXTS.parameters(self.q, dialect=db.engine.dialect.name)


def one_by_one(name: str, values: Iterable[Any]) -> dict[str, Any]:
    """Returns the parameters by which each value is a part of its own of a query."""
    return {f"{name}_{place}": value for place, value in enumerate(values)}


def each_of(given: Given, name: str) -> list[Any]:
    """Returns the parameters that `one_by_one` made."""
    return [given[each] for each in given if each.startswith(f"{name}_") and each.removeprefix(f"{name}_").isdigit()]


@reading
def _of_statuses(given: Given) -> Select[Any]:
    return select(Post.id).where(Post.owner_id == given["owner_id"], is_any(Post.status, given["statuses"]))


@reading
def _of_accounts(given: Given) -> Select[Any]:
    is_its = (Publication.owner_id == given["owner_id"], is_any(Publication.account_id, given["accounts"]))
    return select(Publication.id).where(*is_its)


@reading
def _of_labels(given: Given) -> Select[Any]:
    is_its = (PostLabel.owner_id == given["owner_id"], is_any(PostLabel.label, given["labels"]))
    return select(PostLabel.id).where(*is_its)


_BY_NAME: dict[str, Read] = {"statuses": _of_statuses, "accounts": _of_accounts, "labels": _of_labels}


def are_few(caller: Identity, name: str, values: Sequence[Any], most: int) -> bool:
    """Returns True if the owner's posts with any of these statuses, accounts or labels are no more than that."""
    return bool(values) and _BY_NAME[name].count(most=most, owner_id=caller.user_id, **{name: list(values)}) <= most


def conditions(given: Given) -> list[ColumnElement[bool]]:
    """Returns the conditions on posts, but for their time and for what a query begins with."""
    found: list[ColumnElement[bool]] = []
    if "statuses" in given:
        found.append(is_any(Post.status, given["statuses"]))
    if "accounts" in given:
        found.append(is_for_any(given))
    if "labels" in given:
        is_on_it = (PostLabel.post_id == Post.id, is_any(PostLabel.label, given["labels"]))
        found.append(_one(select(PostLabel.id).where(*is_on_it)))
    if "type" in given:
        found.append(is_any(Post.type, given["type"]))
    if "pattern" in given:
        found.append(TEXTS.condition(given))
    if "external_ids" in given:
        found.append(is_any(Post.external_id, given["external_ids"]))
    return found


def is_for_any(given: Given) -> ColumnElement[bool]:
    """Returns the condition that a post is for any of the accounts.

    Not EXISTS, of which PostgreSQL would make a join, and read every publication of the accounts.
    """
    is_its = (Publication.post_id == Post.id, is_any(Publication.account_id, given["accounts"]))
    return _one(select(Publication.id).where(*is_its))


def _one(rows: Select[Any]) -> ColumnElement[bool]:
    return rows.correlate(Post).limit(literal_column("1")).scalar_subquery().is_not(None)


def in_time(given: Given, column: Any) -> list[ColumnElement[bool]]:
    """Returns the conditions on `publish_at`, which is in this column."""
    found: list[ColumnElement[bool]] = []
    if "since" in given:
        found.append(column >= given["since"])
    if "until" in given:
        found.append(column < given["until"])
    return found
