"""Accounts named as `@username` in a CSV file, where people do not like to write ids."""

from typing import Any
from uuid import UUID

from tiktok_api.errors import fault
from tiktok_api.posts.errors import UnknownTarget


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
