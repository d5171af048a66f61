"""Reading accounts and attempts to connect one: rows by one statement each."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Select, Text, cast, exists, func, or_, select, type_coerce
from sqlalchemy.dialects.postgresql import JSONB

from tiktok_api.accounts.models import Account, AccountStatus, Connection
from tiktok_api.auth.identity import Identity
from tiktok_api.db.reads import Given, contains, is_any, reading
from tiktok_api.web.pagination import Page, in_pages, read_page

_KEYS = (Account.created_at, Account.id)


def is_reached(given: Given) -> list[ColumnElement[bool]]:
    """Returns the conditions for the accounts of `Identity.reach`, in a Read."""
    mine = [Account.owner_id == given["owner_id"]]
    return [*mine, is_any(Account.id, given["reached"])] if "reached" in given else mine


@reading
def _accounts(given: Given) -> Select[Any]:
    query = select(Account).where(*is_reached(given))
    if "id" in given:
        query = query.where(Account.id == given["id"])
    if "status" in given:
        query = query.where(is_any(Account.status, given["status"]))
    if "tag" in given:
        query = query.where(has_tag(given))
    if "pattern" in given:
        columns = (Account.label, Account.username, Account.display_name)
        sought = func.lower(given["pattern"])
        query = query.where(or_(*(func.lower(column).like(sought, escape="/") for column in columns)))
    return in_pages(query, given, _KEYS)


def has_tag(given: Given) -> ColumnElement[bool]:
    """Returns the condition for the accounts with any of the tags, in a Read."""
    if given.dialect == "postgresql":
        has_any: ColumnElement[bool] = type_coerce(Account.tags, JSONB).has_any(cast(given["tag"], ARRAY(Text)))
        return has_any
    each = func.json_each(Account.tags).table_valued("value")
    return exists(select(1).select_from(each).where(is_any(each.c.value, given["tag"])))


def list_accounts(
    caller: Identity,
    args: dict[str, Any],
    *,
    status: Sequence[AccountStatus] | None = None,
    tag: Sequence[str] | None = None,
    q: str | None = None,
) -> Page:
    """Returns a page of the caller's accounts with any of the statuses and any of the tags. Raises InvalidCursor.

    `q` is looked for in label, username and display name, ignoring case.
    """
    pattern = None if q is None else contains(q)
    return read_page(_accounts, args, by=_KEYS, **caller.reach, status=status, tag=tag, pattern=pattern)


def tagged_accounts(caller: Identity, tags: Sequence[str]) -> list[UUID]:
    """Returns the ids of the caller's accounts with any of the tags."""
    return [account.id for account in _accounts.all(**caller.reach, tag=list(tags))]


def show_account(caller: Identity, account_id: UUID) -> Any:
    """Returns the caller's account with this id, to be looked at. Raises NotFound."""
    return _accounts.one(**caller.reach, id=account_id)


@reading
def _connection(given: Given) -> Select[Any]:
    query = select(Connection).where(Connection.id == given["id"], Connection.owner_id == given["owner_id"])
    if "reached" in given:
        accounts = (Connection.account_id, Connection.expected_account_id)
        query = query.where(or_(*(is_any(column, given["reached"]) for column in accounts)))
    return query


def show_connection(caller: Identity, connection_id: UUID) -> Any:
    """Returns the caller's attempt to connect an account. Raises NotFound."""
    return _connection.one(**caller.reach, id=connection_id)
