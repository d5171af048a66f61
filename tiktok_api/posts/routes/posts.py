"""The endpoints of posts and publications: read the request, call one service, return its result."""

from typing import Any
from uuid import UUID

from tiktok_api.auth.identity import caller
from tiktok_api.db import transaction
from tiktok_api.errors import StaleVersion
from tiktok_api.extensions import service
from tiktok_api.posts import creation, queries, services
from tiktok_api.posts.bookkeeping import deletion, duplication
from tiktok_api.posts.capacity.collisions import with_collisions
from tiktok_api.posts.errors import (
    ExternalIdTaken,
    LocalTimeMissing,
    LocalTimeTwice,
    NothingToCancel,
    NothingToRetry,
    NotPublishable,
    PostInProgress,
    PostNotMovable,
    PublicationNotUnconfirmed,
    PublishTimePassed,
    UnknownTarget,
)
from tiktok_api.posts.preflight import rehearsal
from tiktok_api.posts.queries.sort_orders import PostSort
from tiktok_api.posts.schemas.capacity import ScheduledPostSchema
from tiktok_api.posts.schemas.lists import DuplicateSchema, PostCountArgsSchema, PostCountsSchema, PostListArgsSchema
from tiktok_api.posts.schemas.posts import (
    CancellationSchema,
    PostChangesSchema,
    PostDraftSchema,
    PostSchema,
    PostSlotSchema,
)
from tiktok_api.posts.schemas.publications import PublicationListSchema, PublicationSchema, ResolutionSchema
from tiktok_api.settings import Settings
from tiktok_api.web.blueprint import Blueprint
from tiktok_api.web.conditional import must_be_current
from tiktok_api.web.pagination import Page
from tiktok_api.web.parsing.moments import in_utc
from tiktok_api.web.schemas import page_of

blp = Blueprint("posts", __name__, url_prefix="/posts", description="Drafting, scheduling and publishing")
publications = Blueprint(
    "publications",
    __name__,
    url_prefix="/publications",
    description="A post on one account, and what was tried",
    domain="posts",
)

FILTERS = ("status", "account_id", "type", "tag", "label", "since", "until", "q", "external_id")
TIME_PROBLEMS = (PublishTimePassed, LocalTimeMissing, LocalTimeTwice)


@blp.get("")
@blp.arguments(PostListArgsSchema, location="query")
@blp.response(200, page_of(PostSchema))
def list_posts(args: dict[str, Any]) -> Page:
    """List posts, the newest first or in another order"""
    filters = in_utc({name: args[name] for name in FILTERS if name in args}, caller.timezone)
    return queries.list_posts(caller, args, sort=PostSort(args["sort"]), **filters)


@blp.get("/counts")
@blp.arguments(PostCountArgsSchema, location="query")
@blp.response(200, PostCountsSchema)
def count_posts(args: dict[str, Any]) -> dict[str, Any]:
    """Count posts by status and by label

    The filters are those of the list, and hold for the statuses; labels are counted over all of your posts.
    """
    return queries.count_posts(caller, **in_utc(args, caller.timezone))


@blp.post("")
@blp.judged_by(lambda sound: rehearsal.create(caller, sound))
@blp.arguments(PostDraftSchema)
@blp.response(201, ScheduledPostSchema)
@blp.raises(UnknownTarget, NotPublishable, ExternalIdTaken, *TIME_PROBLEMS)
def create_post(draft: dict[str, Any]) -> Any:
    """Create a draft, or with a time a scheduled post"""
    with transaction():
        return with_collisions(creation.create_post(caller, **draft), service(Settings))


@blp.get("/<uuid:post_id>")
@blp.response(200, PostSchema)
def show_post(post_id: UUID) -> Any:
    """Show a post"""
    return queries.show_post(caller, post_id)


@blp.patch("/<uuid:post_id>")
@blp.judged_by(lambda sound, post_id: rehearsal.update(caller, post_id, sound))
@blp.arguments(PostChangesSchema)
@blp.response(200, ScheduledPostSchema)
@blp.raises(PostNotMovable, UnknownTarget, NotPublishable, ExternalIdTaken, StaleVersion, *TIME_PROBLEMS)
def update_post(changes: dict[str, Any], post_id: UUID) -> Any:
    """Change a draft, a scheduled post, or one that is late and waits for its person

    `labels` and `external_id` are your own order: they may be changed of any post, alone.
    """
    with transaction():
        services.get_post(caller, post_id)  # locked first: of two requests with the same version, one is stale
        must_be_current(PostSchema, queries.show_post(caller, post_id))
        services.update_post(caller, post_id, **changes)
        return with_collisions(queries.show_post(caller, post_id), service(Settings))


@blp.delete("/<uuid:post_id>")
@blp.response(204)
@blp.raises(PostInProgress, StaleVersion)
def delete_post(post_id: UUID) -> None:
    """Delete a post of which nothing is on its way or unconfirmed

    Nothing is deleted at TikTok: what is live there stays live, and what is in the inbox stays there. It is followed no further;
    the audit trail keeps what happened to it.
    """
    with transaction():
        services.get_post(caller, post_id)
        must_be_current(PostSchema, queries.show_post(caller, post_id))
        deletion.delete_post(caller, post_id)


@blp.post("/<uuid:post_id>/schedule")
@blp.judged_by(lambda sound, post_id: rehearsal.schedule(caller, post_id))
@blp.arguments(PostSlotSchema)
@blp.response(200, ScheduledPostSchema)
@blp.raises(PostNotMovable, NotPublishable, *TIME_PROBLEMS)
def schedule_post(slot: dict[str, Any], post_id: UUID) -> Any:
    """Choose when a post goes out"""
    with transaction():
        services.schedule(caller, post_id, **slot)
        return with_collisions(queries.show_post(caller, post_id), service(Settings))


@blp.post("/<uuid:post_id>/publish")
@blp.response(202, PostSchema)
@blp.raises(PostNotMovable, NotPublishable)
def publish_post(post_id: UUID) -> Any:
    """Send a post out now"""
    with transaction():
        services.publish_now(caller, post_id)
        return queries.show_post(caller, post_id)


@blp.post("/<uuid:post_id>/cancel")
@blp.response(200, CancellationSchema)
@blp.raises(NothingToCancel)
def cancel_post(post_id: UUID) -> dict[str, Any]:
    """Stop a post before it is out

    Returns what became of each target: `cancelled`, `too_late_published`, `too_late_delivered` (a draft in the inbox),
    `too_late_unknown` (the last byte may have left, only TikTok knows) or `already_ended`.
    """
    with transaction():
        targets = services.cancel(caller, post_id)
        return {"post": queries.show_post(caller, post_id), "targets": targets}


@blp.post("/<uuid:post_id>/retry")
@blp.response(202, PostSchema)
@blp.raises(NothingToRetry, NotPublishable)
def retry_post(post_id: UUID) -> Any:
    """Try the failed targets of a post again, and only those"""
    with transaction():
        services.retry(caller, post_id)
        return queries.show_post(caller, post_id)


@blp.post("/<uuid:post_id>/duplicate")
@blp.response(201, DuplicateSchema)
def duplicate_post(post_id: UUID) -> dict[str, Any]:
    """Make a draft with the content, media, targets and labels of a post

    Without its time, its consent, which is given anew for each post, and its `external_id`. What was deleted or disconnected since
    is left out, and named.
    """
    with transaction():
        return duplication.duplicate(caller, post_id)


@blp.get("/<uuid:post_id>/publications")
@blp.response(200, PublicationListSchema)
def list_publications(post_id: UUID) -> dict[str, Any]:
    """List a post's publications with their attempts and timelines"""
    return {"data": queries.get_publications(caller, post_id)}


@publications.get("/<uuid:publication_id>")
@publications.response(200, PublicationSchema)
def show_publication(publication_id: UUID) -> dict[str, Any]:
    """Show a publication with its attempts and timeline"""
    return queries.get_publication(caller, publication_id)


@publications.post("/<uuid:publication_id>/resolve")
@publications.arguments(ResolutionSchema)
@publications.response(200, PublicationSchema)
@publications.raises(PublicationNotUnconfirmed)
def resolve_publication(resolution: dict[str, str], publication_id: UUID) -> dict[str, Any]:
    """Settle an unconfirmed publication, after looking at the account"""
    with transaction():
        services.resolve(caller, publication_id, **resolution)
        return queries.get_publication(caller, publication_id)
