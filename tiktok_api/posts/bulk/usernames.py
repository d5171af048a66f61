"""Accounts named as `@username` in a CSV file, where people do not like to write ids."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

from tiktok_api.errors import Invalid, fault


def usernames_in(draft: dict[str, Any]) -> list[str]:
    """Returns the usernames among the targets of a row."""
    return [target["account_id"][1:] for target in draft.get("targets", ()) if target["account_id"].startswith("@")]


def with_ids(draft: dict[str, Any], known: dict[str, list[UUID]]) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Returns a row with ids instead of usernames, and by their pointers the faults of those of no account or of several.

    Those get an id that no account has: the row is refused for them, and for all else that is wrong with it.
    """
    if not usernames_in(draft):
        return draft, {}
    targets, faults = [], {}
    for place, target in enumerate(draft["targets"]):
        named = target["account_id"]
        ids = known[named[1:].lower()] if named.startswith("@") else [named]
        if len(ids) != 1:
            said = "Several accounts of yours have this name: give the id." if ids else "No such account of yours."
            code, pointer = "ambiguous_account" if ids else "unknown_account", f"/targets/{place}/account_id"
            faults[pointer] = fault(code, said, pointer=pointer, found=named)
            ids = [uuid4()]
        targets.append({"account_id": str(ids[0])})
    return draft | {"targets": targets}, faults


@contextmanager
def explaining(misnamed: dict[str, dict[str, Any]]) -> Iterator[None]:
    """Put what is wrong with usernames in the place of what is said of the ids that stand for them."""
    try:
        yield
    except Invalid as problem:
        problem.extra = problem.extra | {
            "errors": [misnamed.get(each["pointer"], each) for each in problem.extra["errors"]]
        }
        raise
