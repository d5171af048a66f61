"""The endpoints of many posts at once: read the request, call one service, return what became of each post."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from flask import Response

from tiktok_api.auth.identity import caller
from tiktok_api.db import transaction
from tiktok_api.db.trials import undone_if
from tiktok_api.errors import Problem
from tiktok_api.extensions import service
from tiktok_api.posts.bulk import actions, creation
from tiktok_api.posts.bulk.errors import MalformedCsv, RowsRefused
from tiktok_api.posts.bulk.schemas.actions import (
    BulkActionSchema,
    BulkCancellationSchema,
    BulkScheduledSchema,
    BulkScheduleSchema,
    PostIdsSchema,
)
from tiktok_api.posts.bulk.schemas.columns import make_template, read_posts
from tiktok_api.posts.bulk.schemas.drafts import BulkCreationArgsSchema, BulkCreationSchema, BulkDraftsSchema
from tiktok_api.posts.preflight import rehearsal
from tiktok_api.posts.schemas.posts import PostDraftSchema
from tiktok_api.settings import Settings
from tiktok_api.web.blueprint import Blueprint
from tiktok_api.web.parsing.parser import load_part
from tiktok_api.web.rendering import document_of

CSV = "text/csv"
blp = Blueprint("bulk", __name__, url_prefix="/posts/bulk", description="Many posts in one request", domain="posts")

_DRAFT = PostDraftSchema()
_ATTACHED = {"Content-Disposition": 'attachment; filename="posts.csv"', "X-Content-Type-Options": "nosniff"}
_ATTACHED_DOC = {
    "200": {
        "description": "The file.",
        "headers": {"Content-Disposition": {"schema": {"type": "string"}, "description": "Its name: `posts.csv`."}},
    }
}


@blp.post("")
@blp.reads(CSV, read_posts)
@blp.arguments(BulkCreationArgsSchema, location="query")
@blp.arguments(BulkDraftsSchema)
@blp.response(200, BulkCreationSchema)
@blp.raises(MalformedCsv, RowsRefused)
def create_posts(args: dict[str, bool], body: dict[str, Any]) -> dict[str, Any]:
    """Create up to 100 posts from JSON or CSV

    Each is created or refused by itself, as `POST /posts` would; with `all_or_nothing` one that is refused undoes all. It is
    one transaction, counts as one request, and has a body of 1 MiB at most.

    As `text/csv`, which only people are told of here, since generated clients know one type of a body, it is UTF-8, separated
    by commas, semicolons or tabs, with any of the template's columns in any order. An empty cell is left out. `account_ids` has ids or `@username`s, separated by spaces or `|`, as `media_ids` has ids; other lists are
    separated by `|`. Booleans are `true` or `false` in any case. Each fault names its `row` and its `column`.
    """
    drafts, is_dry_run = body["posts"], args["dry_run"]
    with transaction(), undone_if(is_dry_run):
        outcomes = creation.create_each(caller, drafts, _load, service(Settings))
        if args["all_or_nothing"]:
            creation.must_all_be_created(drafts, outcomes)
    results = creation.results_of(drafts, outcomes, is_dry_run=is_dry_run)
    return _counted(results, "created")


def _load(draft: Any) -> dict[str, Any]:
    loaded: dict[str, Any] = load_part(_DRAFT, draft, lambda sound: rehearsal.create(caller, sound))
    return loaded


@blp.get("/template.csv")
@blp.doc(responses=_ATTACHED_DOC)
@blp.response(200, content_type=CSV)
def show_template() -> Response:
    """Download a CSV file to fill in

    Every column, and one row to write over: a private post in a week. UTF-8 with a byte order mark, so that spreadsheet
    programs read it right.
    """
    return Response(make_template(), headers=_ATTACHED, content_type=f"{CSV}; charset=utf-8")


@blp.post("/schedule")
@blp.arguments(BulkScheduleSchema)
@blp.response(200, BulkScheduledSchema)
def schedule_posts(wish: dict[str, Any]) -> dict[str, Any]:
    """Choose when up to 100 posts go out

    One time for all `ids`, or one for each of `items`. Each is scheduled or refused by itself, as
    `POST /posts/{post_id}/schedule` would; an id that is not yours is `not_found`. It counts as one request.
    """
    with transaction():
        return _acted(wish["slots"], actions.schedule_each(caller, wish["slots"], service(Settings)))


@blp.post("/cancel")
@blp.arguments(PostIdsSchema)
@blp.response(200, BulkCancellationSchema)
def cancel_posts(wish: dict[str, list[UUID]]) -> dict[str, Any]:
    """Stop up to 100 posts before they are out

    Each as `POST /posts/{post_id}/cancel` would; an id that is not yours is `not_found`. It counts as one request.
    """
    with transaction():
        return _acted(wish["ids"], actions.cancel_each(caller, wish["ids"]))


@blp.post("/delete")
@blp.arguments(PostIdsSchema)
@blp.response(200, BulkActionSchema)
def delete_posts(wish: dict[str, list[UUID]]) -> dict[str, Any]:
    """Delete up to 100 posts of which nothing is on its way or unconfirmed

    Each as `DELETE /posts/{post_id}` would; an id that is not yours is `not_found`. It counts as one request.
    """
    with transaction():
        return _acted(wish["ids"], actions.delete_each(caller, wish["ids"]))


def _acted(sent: Iterable[UUID], outcomes: actions.Outcomes) -> dict[str, Any]:
    """What became of each post, in the order that was sent."""
    refused: dict[str, Any] = {"status": "refused", "post_status": None, "targets": [], "collisions": None}
    results = [
        {"id": each} | (refused | {"problem": found} if isinstance(found, Problem) else {"status": "done"} | found)
        for each in sent
        for found in [outcomes[each]]
    ]
    return _counted(results, "done")


def _counted(results: list[dict[str, Any]], succeeded: str) -> dict[str, Any]:
    """The results with their problems as documents, and how many there are of each kind."""
    shown = [
        each | {"problem": document_of(each["problem"]) if each.get("problem") is not None else None}
        for each in results
    ]
    refused = sum(each["problem"] is not None for each in shown)
    return {"results": shown, succeeded: len(shown) - refused, "refused": refused}
