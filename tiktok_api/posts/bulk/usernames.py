"""Accounts named as `@username` in a CSV file, where people do not like to write ids."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from tiktok_api.accounts.models import Account
from tiktok_api.auth.identity import Identity
from tiktok_api.db import db
from tiktok_api.errors import fault
from tiktok_api.posts.errors import UnknownTarget


def find_usernames(caller: Identity, names: Iterable[str]) -> dict[str, list[UUID]]:
    """Returns the ids of the caller's accounts with each of the usernames, which are compared without their case."""
    found: dict[str, list[UUID]] = {name.lower(): [] for name in names}
    if not found:
        return found
    its = select(func.lower(Account.username), Account.id).where(
        Account.owner_id == caller.user_id, func.lower(Account.username).in_(found)
    )
    if caller.account_ids is not None:
        its = its.where(Account.id.in_(caller.account_ids))
    for name, account_id in db.session.execute(its):
        found[name].append(account_id)
    return found


def usernames_in(draft: dict[str, Any]) -> list[str]:
    """Returns the usernames among the targets of a row."""
    return [target["account_id"][1:] for target in draft.get("targets", ()) if target["account_id"].startswith("@")]


def with_ids(draft: dict[str, Any], known: dict[str, list[UUID]]) -> dict[str, Any]:
    """Returns a row with ids instead of usernames. Raises UnknownTarget for those of no account or of several."""
    if not usernames_in(draft):
        return draft
    targets, faults = [], []
    for place, target in enumerate(draft["targets"]):
        named = target["account_id"]
        ids = known[named[1:].lower()] if named.startswith("@") else [named]
        if len(ids) == 1:
            targets.append({"account_id": str(ids[0])})
        else:
            said = "Several accounts of yours have this name: give the id." if ids else "No such account of yours."
            code = "ambiguous_account" if ids else "unknown_account"
            faults.append(fault(code, said, pointer=f"/targets/{place}/account_id", found=named))
    if faults:
        raise UnknownTarget(errors=faults)
    return draft | {"targets": targets}
