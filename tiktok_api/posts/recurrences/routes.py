"""The endpoints of recurrences: read the request, call one service, return its result."""

from typing import Any
from uuid import UUID

from tiktok_api.auth.identity import caller
from tiktok_api.db import transaction
from tiktok_api.errors import StaleVersion
from tiktok_api.posts.errors import NotPublishable, UnknownTarget
from tiktok_api.posts.recurrences import plan, queries, services
from tiktok_api.posts.recurrences.errors import RuleNotSupported, RuleWithoutOccurrence, StartNotPossible
from tiktok_api.posts.recurrences.occurrences import Timetable
from tiktok_api.posts.recurrences.schemas import (
    DeletionArgsSchema,
    PreviewArgsSchema,
    PreviewRequestSchema,
    PreviewSchema,
    RecurrenceChangesSchema,
    RecurrenceDeletionSchema,
    RecurrenceDraftSchema,
    RecurrenceListArgsSchema,
    RecurrenceSchema,
)
from tiktok_api.web.blueprint import Blueprint
from tiktok_api.web.conditional import must_be_current
from tiktok_api.web.pagination import Page
from tiktok_api.web.schemas import page_of

blp = Blueprint(
    "recurrences",
    __name__,
    url_prefix="/recurrences",
    description="Posts that go out again and again by a rule",
    domain="posts",
)

RULE_PROBLEMS = (RuleNotSupported, RuleWithoutOccurrence, StartNotPossible)


@blp.get("")
@blp.arguments(RecurrenceListArgsSchema, location="query")
@blp.response(200, page_of(RecurrenceSchema))
def list_recurrences(args: dict[str, Any]) -> Page:
    """List recurrences, the newest first"""
    return queries.list_recurrences(caller, args)


@blp.post("")
@blp.arguments(RecurrenceDraftSchema)
@blp.response(201, RecurrenceSchema)
@blp.raises(UnknownTarget, NotPublishable, *RULE_PROBLEMS)
def create_recurrence(draft: dict[str, Any]) -> dict[str, Any]:
    """Create a recurrence

    Its posts of the next 30 days are made by the worker, and from then on each 30 days ahead, as ordinary scheduled posts
    that name it. Each of its posts has to be one that could be scheduled now.
    """
    with transaction():
        return queries.show_recurrence(caller, services.create(caller, **draft))


@blp.post("/preview")
@blp.acts_without_key
@blp.arguments(PreviewRequestSchema)
@blp.response(200, PreviewSchema)
@blp.raises(*RULE_PROBLEMS)
def preview_rule(wish: dict[str, Any]) -> dict[str, Any]:
    """Show when a rule happens, without storing it"""
    timetable = Timetable(wish["rule"], wish["local_time"], wish["timezone"], wish["exceptions"])
    rotation = plan.Rotation(wish.get("media_rotation", [[]]), wish["repeat_media"])
    return {"data": plan.preview(timetable, rotation, most=wish["count"])}


@blp.get("/<uuid:recurrence_id>")
@blp.response(200, RecurrenceSchema)
def show_recurrence(recurrence_id: UUID) -> dict[str, Any]:
    """Show a recurrence"""
    return queries.show_recurrence(caller, recurrence_id)


@blp.get("/<uuid:recurrence_id>/preview")
@blp.arguments(PreviewArgsSchema, location="query")
@blp.response(200, PreviewSchema)
def preview_recurrence(args: dict[str, Any], recurrence_id: UUID) -> dict[str, Any]:
    """Show the next occurrences of a recurrence, with the posts that are made"""
    return {"data": plan.preview_of(caller, recurrence_id, most=args["count"])}


@blp.patch("/<uuid:recurrence_id>")
@blp.arguments(RecurrenceChangesSchema)
@blp.response(200, RecurrenceSchema)
@blp.raises(StaleVersion, UnknownTarget, NotPublishable, *RULE_PROBLEMS)
def update_recurrence(changes: dict[str, Any], recurrence_id: UUID) -> dict[str, Any]:
    """Change, pause or resume a recurrence

    Its coming posts that are as they were made are replaced by new ones. A post that was changed, cancelled or deleted by
    hand stays so, and its day gets no other.
    """
    with transaction():
        services.get_recurrence(caller, recurrence_id)
        must_be_current(RecurrenceSchema, queries.show_recurrence(caller, recurrence_id))
        services.update(caller, recurrence_id, **changes)
        return queries.show_recurrence(caller, recurrence_id)


@blp.delete("/<uuid:recurrence_id>")
@blp.arguments(DeletionArgsSchema, location="query")
@blp.response(200, RecurrenceDeletionSchema)
@blp.raises(StaleVersion)
def delete_recurrence(args: dict[str, Any], recurrence_id: UUID) -> dict[str, Any]:
    """Stop a recurrence

    The scheduled posts that it has made are cancelled, or, with `cancel_scheduled=false`, go out. A key that is confined to
    accounts cancels those that go to these alone.
    """
    with transaction():
        services.get_recurrence(caller, recurrence_id)
        must_be_current(RecurrenceSchema, queries.show_recurrence(caller, recurrence_id))
        return {"id": recurrence_id, "cancelled_posts": services.delete(caller, recurrence_id, **args)}
