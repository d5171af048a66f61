"""The client's own ids of posts: each is one post's of its user.

The index is what makes them unique. Looking first gives the other reasons of a request beside this one; where another
request comes in between, the index refuses, and the other post is there to be named.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from tiktok_api.auth.identity import Identity
from tiktok_api.db import db, savepoint
from tiktok_api.errors import fault
from tiktok_api.posts.errors import ExternalIdTaken
from tiktok_api.posts.models import Post
from tiktok_api.posts.queries import visible_to


def must_be_free(caller: Identity, post: Post, external_id: str | None) -> None:
    """Raises ExternalIdTaken with the id of the other post, where the caller may see that."""
    if external_id is None:
        return
    its = (Post.owner_id == caller.user_id, Post.external_id == external_id, Post.id != post.id)
    with db.session.no_autoflush:
        other = db.session.scalar(select(Post.id).where(*its))
        if other is not None:
            is_seen = db.session.scalar(select(Post.id).where(Post.id == other, *visible_to(caller))) is not None
            raise _taken(external_id, **({"post_id": str(other)} if is_seen else {}))


@contextmanager
def claiming(caller: Identity, post: Post, external_id: str | None) -> Iterator[None]:
    """Write a post with this id inside. Raises ExternalIdTaken if another request has just taken it."""
    if external_id is None:
        yield
        return
    try:
        with savepoint():
            yield
    except IntegrityError as error:
        if "external_id" not in str(error.orig):
            raise  # pragma: no cover - only where what a post refers to goes at this very moment
        must_be_free(caller, post, external_id)
        raise _taken(external_id) from None  # the other post was deleted since


def _taken(external_id: str, **members: str) -> ExternalIdTaken:
    found = fault(ExternalIdTaken.code, ExternalIdTaken.message, pointer="/external_id", found=external_id, **members)
    return ExternalIdTaken(errors=[found])
