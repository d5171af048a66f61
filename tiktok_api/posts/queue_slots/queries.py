"""Reading queues: the weekly times of an account, what is taken, and which slots are free."""

from collections.abc import Collection, Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from tiktok_api import clock
from tiktok_api.accounts.services import get_accounts
from tiktok_api.auth.identity import Identity
from tiktok_api.db.reads import Given, is_one_of, reading
from tiktok_api.errors import NotFound
from tiktok_api.posts.models import Post, Publication
from tiktok_api.posts.queue_slots.models import PostingQueue
from tiktok_api.posts.queue_slots.slots import slots_of
from tiktok_api.posts.schedule import WallTime
from tiktok_api.posts.states import CANCELLABLE
from tiktok_api.posts.vocabulary import PostStatus


@reading
def _queue(given: Given) -> Select[Any]:
    return select(PostingQueue).where(PostingQueue.account_id == given["account_id"])


@reading
def _taken(given: Given) -> Select[Any]:
    """When posts of an account are still to go out: found by the index of its owner's posts, as the account's capacity is."""
    is_its = (Publication.post_id == Post.id, Publication.account_id == given["account_id"])
    state = select(Publication.state).where(*is_its).correlate(Post).scalar_subquery()
    shown: list[Any] = [Post.publish_at, Post.id]
    return select(*shown).where(
        Post.owner_id == given["owner_id"],
        is_one_of(Post.status, (PostStatus.SCHEDULED, PostStatus.PUBLISHING)),
        Post.publish_at > given["since"],
        is_one_of(state, sorted(CANCELLABLE)),
    )


def show_queue(caller: Identity, account_id: UUID) -> dict[str, Any]:
    """Returns the weekly times of one of the caller's accounts; without any, none in the caller's zone. Raises NotFound."""
    if not get_accounts(caller, [account_id]):
        raise NotFound
    queue = _queue.first(account_id=account_id)
    return {
        "id": account_id,
        "account_id": account_id,
        "timezone": queue.timezone if queue else caller.timezone,
        "slots": queue.slots if queue else [],
        "updated_at": queue.updated_at if queue else None,
    }


def free_slots(caller: Identity, account_id: UUID, *, to_move: Collection[UUID] = ()) -> Iterator[WallTime]:
    """Returns the slots at which nothing of the account goes out but posts `to_move`, in their order. Raises NotFound."""
    queue = show_queue(caller, account_id)
    now = clock.now()
    coming_posts = _taken.all(owner_id=caller.user_id, account_id=account_id, since=now)
    taken = {post.publish_at for post in coming_posts if post.id not in to_move}
    coming = slots_of(queue["slots"], queue["timezone"], after=now)
    return (slot for slot in coming if slot.at not in taken)
