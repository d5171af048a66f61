"""The endpoints of API keys."""

from typing import Any
from uuid import UUID, uuid4

from tiktok_api.auth import api_keys
from tiktok_api.auth.api_keys import NewKey
from tiktok_api.auth.errors import ExpiryPassed, TooManyKeys, UnknownAccount
from tiktok_api.auth.identity import caller
from tiktok_api.auth.routes.confirmation import FIELD, needs_recent_sign_in
from tiktok_api.auth.schemas import LARGEST_BODY, ApiKeyRequestSchema, ApiKeySchema, NewApiKeySchema
from tiktok_api.db import transaction
from tiktok_api.web.blueprint import Blueprint
from tiktok_api.web.pagination import Page, PageArgsSchema
from tiktok_api.web.schemas import page_of

blp = Blueprint(
    "api_keys",
    __name__,
    url_prefix="/auth/api-keys",
    domain="auth",
    description="Tokens for servers",
    largest_body=LARGEST_BODY,
)


@blp.get("")
@blp.arguments(PageArgsSchema, location="query")
@blp.response(200, page_of(ApiKeySchema))
def list_api_keys(args: dict[str, Any]) -> Page:
    """List your API keys, the newest first"""
    return api_keys.list_keys(caller, args)


@blp.post("")
@needs_recent_sign_in(blp)
@blp.judged_by(
    lambda sound: api_keys.check_request(
        caller, account_ids=sound.padded("account_ids", uuid4), expires_at=sound.values.get("expires_at")
    )
)
@blp.arguments(ApiKeyRequestSchema)
@blp.response(201, NewApiKeySchema)
@blp.raises(TooManyKeys, ExpiryPassed, UnknownAccount)
def create_api_key(values: dict[str, Any]) -> NewKey:
    """Make an API key

    Send its token as `Authorization: Bearer tk_…`. The token is shown this once: only its hash is kept. A key reaches what
    its scopes name, on the accounts it is confined to, and nothing under `/auth` but `GET /auth/me`. To a confined key the
    other accounts, the posts that go to any of them, and the media that only such posts show do not exist; media that no
    post shows are about no account, and every key sees them.

    Needs a sign-in of the last 10 minutes, to which a refresh does not count, or your password as `current_password`.
    """
    values.pop(FIELD, None)  # it was right, or the guard would have refused
    with transaction():
        return api_keys.issue(caller, **values)


@blp.delete("/<uuid:key_id>")
@blp.response(204)
def revoke_api_key(key_id: UUID) -> None:
    """Revoke an API key

    It is refused from the moment this is answered, in every process. No password is asked for: haste may matter.
    """
    with transaction():
        api_keys.revoke(caller, key_id)
