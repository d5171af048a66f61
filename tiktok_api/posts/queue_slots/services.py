"""What people do with queues: choose their weekly times, put a post into one, and move one as a whole.

Each locks the account first and then its posts, as disconnecting it does.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from tiktok_api import clock
from tiktok_api.accounts.models import Account
from tiktok_api.accounts.services import get_account
from tiktok_api.auth import audit
from tiktok_api.auth.identity import Identity
from tiktok_api.db import db, insert_into, new_id
from tiktok_api.errors import Locked, NotFound
from tiktok_api.posts import services as posts
from tiktok_api.posts.models import Post, Publication
from tiktok_api.posts.queries import visible_to
from tiktok_api.posts.queue_slots import queries
from tiktok_api.posts.queue_slots.errors import PostWithoutAccount
from tiktok_api.posts.queue_slots.models import PostingQueue
from tiktok_api.posts.queue_slots.slots import FreeSlots
from tiktok_api.posts.schedule import WallTime
from tiktok_api.posts.vocabulary import PostStatus


def lock_queue(caller: Identity, account_id: UUID) -> Account:
    """Returns the caller's account, locked: no other request fills its slots until the transaction ends. Raises NotFound."""
    return get_account(caller, account_id, to_change=True)


def replace_slots(caller: Identity, account_id: UUID, *, timezone: str, slots: Sequence[dict[str, str]]) -> None:
    """Choose the weekly times of an account; posts that are queued keep their times. Raises NotFound."""
    lock_queue(caller, account_id)
    shown = queries.show_queue(caller, account_id)
    if (shown["timezone"], shown["slots"]) == (timezone, slots) and shown["updated_at"] is not None:
        return
    now = clock.now()
    values = {"timezone": timezone, "slots": slots, "updated_at": now}
    row = {"id": new_id(), "created_at": now, "account_id": account_id}
    statement = insert_into(PostingQueue).values(row | values)
    db.session.execute(statement.on_conflict_do_update(index_elements=["account_id"], set_=values))
    audit.record(caller, "queue.updated", subject_id=account_id)


def put_in_queue(caller: Identity, post_id: UUID) -> None:
    """Schedule a post for the next free slot of its first account; its other accounts get it at the same time.

    The slot that it has itself is free for it: asked for again, it stays, or comes forward to one that is free by now.
    Raises NotFound, PostWithoutAccount, NoFreeSlot, PostNotMovable, NotPublishable, Locked.
    """
    account_id = _first_account_of(caller, post_id)
    account = lock_queue(caller, account_id)
    post = posts.get_post(caller, post_id)
    if _first_account_of(caller, post_id) != account_id:
        raise Locked  # another request has changed it before it was locked
    _put(caller, account, post, FreeSlots(queries.free_slots(caller, account_id, to_move={post_id}))[0])


def move(caller: Identity, account_id: UUID, *, by: int | None) -> list[UUID]:
    """Move all queued posts of an account: each by so many slots, or, without a number, to the next slots in their order.

    Returns their ids in the order of their new times. Raises NotFound, NoFreeSlot, and what scheduling one of them raises.
    """
    account = lock_queue(caller, account_id)
    queued = _queued_posts(caller, account_id)
    free = FreeSlots(queries.free_slots(caller, account_id, to_move={post.id for post, _ in queued}))
    place = -1
    for post, publish_at in queued:
        place = place + 1 if by is None else max(place + 1, free.place_of(publish_at) + by)
        _put(caller, account, post, free[place])
    audit.record(caller, "queue.moved", subject_id=account_id)
    return [post.id for post, _ in queued]


def _put(caller: Identity, account: Account, post: Post, slot: WallTime) -> None:
    posts.schedule(caller, post.id, **slot.as_time)
    post.queued_account_id = account.id
    db.session.flush()


def _queued_posts(caller: Identity, account_id: UUID) -> list[tuple[Post, datetime]]:
    """Returns the posts that the queue gave their times, locked, with these and in their order."""
    coming = (Post.queued_account_id == account_id, Post.status == PostStatus.SCHEDULED, Post.publish_at > clock.now())
    query = select(Post).where(*coming, *visible_to(caller)).order_by(Post.id).with_for_update()
    found = db.session.scalars(query.execution_options(populate_existing=True)).all()
    timed = [(post, post.publish_at) for post in found if post.publish_at is not None]
    return sorted(timed, key=lambda each: (each[1], each[0].id))


def _first_account_of(caller: Identity, post_id: UUID) -> UUID:
    """Returns the account of a post's first target. Raises NotFound, PostWithoutAccount."""
    found = db.session.scalars(
        select(Publication.account_id)
        .join(Post, Post.id == Publication.post_id)
        .where(Post.id == post_id, *visible_to(caller))
        .order_by(Publication.id)
    ).all()
    if found and found[0] is not None:
        return found[0]
    if db.session.scalar(select(Post.id).where(Post.id == post_id, *visible_to(caller))) is None:
        raise NotFound
    raise PostWithoutAccount
