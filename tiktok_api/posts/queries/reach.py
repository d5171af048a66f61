"""Which posts a caller may see."""

from typing import Any

from sqlalchemy import ColumnElement, exists, or_, select

from tiktok_api.auth.identity import Identity
from tiktok_api.db.reads import Given, is_any
from tiktok_api.posts.models import Post, Publication


def visible_to(caller: Identity | Given) -> list[Any]:
    """Returns the conditions for the posts that the caller may see; in a Read, of what it is given of `Identity.reach`.

    A key that is confined to accounts sees the posts whose targets are all among them. A target without an account hides
    the post: it cannot be known whether the key was confined to the account that was disconnected.
    """
    if isinstance(caller, Given):
        return [Post.owner_id == caller["owner_id"], *within_reach(caller)]
    mine: list[ColumnElement[bool]] = [Post.owner_id == caller.user_id]
    if caller.account_ids is None:
        return mine
    return [*mine, _has_no_target_outside(Publication.account_id.in_(caller.account_ids))]


def within_reach(given: Given) -> list[ColumnElement[bool]]:
    """Returns the conditions for posts of the owner's that a confined key sees; none for other callers."""
    return [_has_no_target_outside(is_any(Publication.account_id, given["reached"]))] if "reached" in given else []


def _has_no_target_outside(is_reached: ColumnElement[bool]) -> ColumnElement[bool]:
    is_outside = or_(Publication.account_id.is_(None), ~is_reached)
    return ~exists(select(Publication.id).where(Publication.post_id == Post.id, is_outside).correlate(Post))
