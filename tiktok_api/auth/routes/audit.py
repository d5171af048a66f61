"""The endpoint of the audit trail."""

from typing import Any

from tiktok_api.auth import audit
from tiktok_api.auth.identity import caller
from tiktok_api.auth.schemas import LARGEST_BODY, AuditArgsSchema, AuditEntrySchema
from tiktok_api.web.blueprint import Blueprint
from tiktok_api.web.pagination import Page
from tiktok_api.web.parsing.moments import in_utc
from tiktok_api.web.schemas import page_of

blp = Blueprint(
    "audit",
    __name__,
    url_prefix="/audit",
    domain="auth",
    description="What you and your API keys did",
    largest_body=LARGEST_BODY,
)


@blp.get("")
@blp.arguments(AuditArgsSchema, location="query")
@blp.response(200, page_of(AuditEntrySchema))
def list_audit_entries(args: dict[str, Any]) -> Page:
    """List what you and your API keys did, the newest first

    To accounts, posts, sessions, keys, the password and the profile. Entries outlive the things they are about, and are
    kept for as long as the operator says (AUDIT_DAYS).
    """
    known = ("action", "subject_id", "session_id", "api_key_id", "since", "until")
    filters = in_utc({name: args[name] for name in known if name in args}, caller.timezone)
    return audit.list_entries(caller, args, **filters)
