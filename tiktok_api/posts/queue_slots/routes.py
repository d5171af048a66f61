"""The endpoints of queues: read the request, call one service, return its result."""

from itertools import islice
from typing import Any
from uuid import UUID

from tiktok_api.auth.identity import caller
from tiktok_api.db import transaction
from tiktok_api.errors import Locked, StaleVersion
from tiktok_api.posts.errors import NotPublishable, PostNotMovable
from tiktok_api.posts.queries import show_post
from tiktok_api.posts.queue_slots import queries, services
from tiktok_api.posts.queue_slots.errors import NoFreeSlot, PostWithoutAccount
from tiktok_api.posts.queue_slots.schemas import (
    MovedQueueSchema,
    NextSlotsArgsSchema,
    NextSlotsSchema,
    QueueMoveSchema,
    QueueSlotsRequestSchema,
    QueueSlotsSchema,
)
from tiktok_api.posts.schemas.posts import PostSchema
from tiktok_api.web.blueprint import Blueprint
from tiktok_api.web.conditional import must_be_current

queues = Blueprint(
    "queues", __name__, url_prefix="/accounts", description="The weekly times of an account", domain="posts"
)
queued_posts = Blueprint(
    "queued_posts", __name__, url_prefix="/posts", description="Posts that go out at the next free slot", domain="posts"
)

BLUEPRINTS = (queues, queued_posts)


@queues.get("/<uuid:account_id>/queue-slots")
@queues.response(200, QueueSlotsSchema)
def show_queue_slots(account_id: UUID) -> dict[str, Any]:
    """Show the weekly times of an account"""
    return queries.show_queue(caller, account_id)


@queues.put("/<uuid:account_id>/queue-slots")
@queues.arguments(QueueSlotsRequestSchema)
@queues.response(200, QueueSlotsSchema)
@queues.raises(StaleVersion)
def replace_queue_slots(wish: dict[str, Any], account_id: UUID) -> dict[str, Any]:
    """Choose the weekly times of an account

    Posts that are queued keep their times; `queue/move` lays them over the new slots.
    """
    with transaction():
        services.lock_queue(caller, account_id)
        must_be_current(QueueSlotsSchema, queries.show_queue(caller, account_id))
        services.replace_slots(caller, account_id, **wish)
        return queries.show_queue(caller, account_id)


@queues.get("/<uuid:account_id>/queue-slots/next")
@queues.arguments(NextSlotsArgsSchema, location="query")
@queues.response(200, NextSlotsSchema)
def list_free_slots(args: dict[str, Any], account_id: UUID) -> dict[str, Any]:
    """Show the next free slots of an account

    A slot is taken while a post of the account is to go out at that instant, queued or not. On a day on which the clocks jump
    over a slot there is none; where its time is there twice, the first is the slot.
    """
    return {"data": list(islice(queries.free_slots(caller, account_id), args["count"]))}


@queues.post("/<uuid:account_id>/queue/move")
@queues.arguments(QueueMoveSchema)
@queues.response(200, MovedQueueSchema)
@queues.raises(NoFreeSlot, PostNotMovable, NotPublishable)
def move_queue(wish: dict[str, Any], account_id: UUID) -> dict[str, Any]:
    """Move all queued posts of an account to other slots, in their order

    All of them, or, where one of them cannot be scheduled, none.
    """
    with transaction():
        moved = services.move(caller, account_id, by=wish.get("by"))
        return {"data": [show_post(caller, post_id) for post_id in moved]}


@queued_posts.post("/<uuid:post_id>/enqueue")
@queued_posts.response(200, PostSchema)
@queued_posts.raises(NoFreeSlot, PostWithoutAccount, PostNotMovable, NotPublishable, Locked)
def enqueue_post(post_id: UUID) -> Any:
    """Schedule a post for the next free slot of its account

    With several accounts it is a slot of the first one, and all of them get the post then. A post that is in the queue already
    keeps its slot, or comes forward to an earlier one that is free. Another time that a person chooses takes it out of the queue.
    """
    with transaction():
        services.put_in_queue(caller, post_id)
        return show_post(caller, post_id)
