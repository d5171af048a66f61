"""The endpoints that find out whether a post would be taken: read the request, call one service, return its result."""

from typing import Any
from uuid import UUID

from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.auth.identity import caller
from tiktok_api.extensions import service
from tiktok_api.posts.errors import PostNotMovable
from tiktok_api.posts.preflight import rehearsal, validation
from tiktok_api.posts.schemas.posts import PostDraftSchema
from tiktok_api.posts.schemas.validation import ValidatedSlotSchema, ValidationSchema
from tiktok_api.settings import Settings
from tiktok_api.web.blueprint import Blueprint

blp = Blueprint(
    "validation", __name__, url_prefix="/posts", description="Whether TikTok would take a post", domain="posts"
)


@blp.post("/validate")
@blp.acts_without_key
@blp.judged_by(lambda sound: rehearsal.validate(caller, sound, service(TokenVault), service(Settings)))
@blp.arguments(PostDraftSchema)
@blp.response(200, ValidationSchema)
def validate_post(draft: dict[str, Any]) -> dict[str, Any]:
    """Find everything that speaks against a new post

    The body is that of a new post; nothing is created. TikTok is asked live of each account, or, where it cannot be asked,
    what it said last counts. What is no post at all is refused with 422, and then the list of `errors` names all problems
    besides. Without a time it is checked as if it went out now.
    """
    return validation.validate_new(caller, service(TokenVault), service(Settings), **draft)


@blp.post("/<uuid:post_id>/validate")
@blp.acts_without_key
@blp.arguments(ValidatedSlotSchema, required=False)
@blp.response(200, ValidationSchema)
@blp.raises(PostNotMovable)
def validate_stored_post(slot: dict[str, Any], post_id: UUID) -> dict[str, Any]:
    """Find everything that speaks against a stored post

    As for a new one. Without a body it is checked for its own time, or, without one, as if it went out now. Of a post that
    has failed, the failed targets are checked.
    """
    return validation.validate_stored(caller, post_id, service(TokenVault), service(Settings), slot=slot)
