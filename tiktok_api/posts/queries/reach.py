"""Which posts a caller may see, and what else has targets."""

from typing import Any

from sqlalchemy import ColumnElement, exists, or_, select

from tiktok_api.auth.identity import Identity
from tiktok_api.db import Model
from tiktok_api.db.reads import Given, is_any
from tiktok_api.posts.models import Post, Publication


def visible_to(caller: Identity | Given) -> list[ColumnElement[bool]]:
    """Returns the conditions for the posts that the caller may see; in a Read, of what it is given of `Identity.reach`."""
    return [Post.owner_id == owner_of(caller), *within_reach(caller)]


def within_reach(caller: Identity | Given) -> list[ColumnElement[bool]]:
    """Returns the conditions for posts of the owner's that a confined key sees; none for other callers."""
    return has_no_target_outside(caller, Publication, Publication.post_id == Post.id, of=Post)


def owner_of(caller: Identity | Given) -> Any:
    """Returns the id of the user whose things the caller sees; in a Read, the parameter."""
    return caller["owner_id"] if isinstance(caller, Given) else caller.user_id


def has_no_target_outside(
    caller: Identity | Given, targets: Any, is_its: ColumnElement[bool], *, of: type[Model]
) -> list[ColumnElement[bool]]:
    """Returns the condition that all targets of a thing are within a confined key's reach; none for other callers.

    A target without an account hides the thing: it cannot be known whether the key was confined to the account that was
    disconnected.
    """
    if isinstance(caller, Given):
        is_reached = is_any(targets.account_id, caller["reached"]) if "reached" in caller else None
    else:
        is_reached = None if caller.account_ids is None else targets.account_id.in_(caller.account_ids)
    if is_reached is None:
        return []
    is_outside = or_(targets.account_id.is_(None), ~is_reached)
    return [~exists(select(targets.id).where(is_its, is_outside).correlate(of))]
