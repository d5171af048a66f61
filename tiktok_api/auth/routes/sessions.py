"""The endpoints of sessions."""

from typing import Any
from uuid import UUID

from tiktok_api.auth import sessions
from tiktok_api.auth.identity import caller
from tiktok_api.auth.routes.confirmation import needs_recent_sign_in
from tiktok_api.auth.schemas import LARGEST_BODY, ConfirmationSchema, SessionSchema
from tiktok_api.db import transaction
from tiktok_api.web.blueprint import Blueprint
from tiktok_api.web.pagination import Page, PageArgsSchema
from tiktok_api.web.schemas import page_of

blp = Blueprint(
    "sessions",
    __name__,
    url_prefix="/auth/sessions",
    domain="auth",
    description="The devices that are signed in",
    largest_body=LARGEST_BODY,
)


@blp.get("")
@blp.arguments(PageArgsSchema, location="query")
@blp.response(200, page_of(SessionSchema))
def list_sessions(args: dict[str, Any]) -> Page:
    """List the devices signed in as you, the newest first"""
    return sessions.list_active(caller, args)


@blp.delete("")
@needs_recent_sign_in(blp)
@blp.arguments(ConfirmationSchema, required=False)
@blp.response(204)
def end_other_sessions(_confirmation: dict[str, str]) -> None:
    """Sign out every device but this one

    Their access and refresh tokens are refused from the moment this is answered, in every process. Needs a sign-in of the
    last 10 minutes, to which a refresh does not count, or your password as `current_password`.
    """
    with transaction():
        sessions.end_others(caller)


@blp.delete("/<uuid:session_id>")
@needs_recent_sign_in(blp, unless=lambda session_id: bool(session_id == caller.session_id))
@blp.arguments(ConfirmationSchema, required=False)
@blp.response(204)
def end_session(_confirmation: dict[str, str], session_id: UUID) -> None:
    """Sign a device out

    Its access and refresh tokens are refused from the moment this is answered, in every process. Needs a sign-in of the
    last 10 minutes, to which a refresh does not count, or your password as `current_password`; your own session may be
    named without, which is the same as logging out.
    """
    with transaction():
        sessions.end(caller, session_id)
