"""The endpoints of accounts and of connecting them."""

from typing import Any
from uuid import UUID

from flask import Response, redirect, request
from marshmallow import EXCLUDE

from tiktok_api.accounts import disconnection, queries, services
from tiktok_api.accounts.creator_info import CreatorReading, recent_creator_info
from tiktok_api.accounts.errors import (
    UPSTREAM_PROBLEMS,
    AccountNeedsReconnection,
    ReturnUrlNotAllowed,
    SyncedRecently,
    as_problems,
)
from tiktok_api.accounts.models import Account, ConnectionStatus
from tiktok_api.accounts.oauth_flow import authorization, callback, callback_page
from tiktok_api.accounts.oauth_flow.authorization import AuthorizationRequest
from tiktok_api.accounts.schemas import (
    AccountChangesSchema,
    AccountListArgsSchema,
    AccountSchema,
    AuthorizationRequestSchema,
    CallbackArgsSchema,
    ConnectionRequestSchema,
    ConnectionSchema,
    CreatorInfoSchema,
    DisconnectionSchema,
)
from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.auth import audit
from tiktok_api.auth.errors import KeyConfined
from tiktok_api.auth.identity import caller
from tiktok_api.db import transaction
from tiktok_api.errors import StaleVersion
from tiktok_api.extensions import service
from tiktok_api.settings import Settings
from tiktok_api.web.blueprint import Blueprint
from tiktok_api.web.conditional import must_be_current
from tiktok_api.web.limits import client_address
from tiktok_api.web.pagination import Page
from tiktok_api.web.schemas import page_of

blp = Blueprint("accounts", __name__, url_prefix="/accounts", description="TikTok accounts and connecting them")

_A_PAGE = "A page that says so, if no `return_url` was given"
_PAGE_STATUS = {ConnectionStatus.CONNECTED: 200, ConnectionStatus.PENDING: 202, ConnectionStatus.FAILED: 400}


@blp.post("/connect")
@blp.judged_by(lambda sound: authorization.check_request(caller, sound.values.get("return_url"), service(Settings)))
@blp.arguments(ConnectionRequestSchema, required=False)
@blp.response(201, AuthorizationRequestSchema)
@blp.raises(ReturnUrlNotAllowed, KeyConfined)
def connect_account(options: dict[str, Any]) -> AuthorizationRequest:
    """Begin to connect a TikTok account

    Send the person's browser to `authorize_url` within ten minutes. Headless clients watch the connection by its `id`.
    An account that is connected already is updated, never doubled. It is moved to another user only where TikTok's
    authorisation has ended: then who consents takes it over, and the other user keeps its history and is told.
    """
    with transaction():
        return authorization.start(caller, **options, vault=service(TokenVault), settings=service(Settings))


@blp.post("/<uuid:account_id>/reconnect")
@blp.judged_by(
    lambda sound, account_id: authorization.check_request(
        caller, sound.values.get("return_url"), service(Settings), account_id=account_id
    )
)
@blp.arguments(ConnectionRequestSchema, required=False)
@blp.response(201, AuthorizationRequestSchema)
@blp.raises(ReturnUrlNotAllowed)
def reconnect_account(options: dict[str, Any], account_id: UUID) -> AuthorizationRequest:
    """Begin to connect an account again

    As connecting one, but only this creator's consent counts: if TikTok was signed in as another, the connection fails
    with `another_creator`, names who it was, and adds no account.
    """
    with transaction():
        return authorization.start(
            caller, **options, account_id=account_id, vault=service(TokenVault), settings=service(Settings)
        )


@blp.get("/callback")
@blp.public
@blp.arguments(CallbackArgsSchema, location="query", unknown=EXCLUDE)
@blp.response(302, description="Back to `return_url`, with `connection_id` and `status` as query parameters")
@blp.alt_response(200, description=f"Connected. {_A_PAGE}", content_type="text/html", success=True)  # type: ignore[untyped-decorator]
@blp.alt_response(202, description=f"TikTok is still being asked. {_A_PAGE}", content_type="text/html", success=True)  # type: ignore[untyped-decorator]
@blp.alt_response(400, description=f"Not connected. {_A_PAGE}", content_type="text/html")  # type: ignore[untyped-decorator]
def finish_connection(args: dict[str, Any]) -> Response:
    """Take the browser back from TikTok's consent page

    This is the redirect URI to register with TikTok. It is not meant to be called by clients. Called again, it changes
    nothing and shows what the first call did.
    """
    if request.method == "HEAD":  # a link checker must not use up the code
        return Response()
    result = callback.finish(
        state=args["state"],
        code=args["code"],
        refusal=args["error"],
        address=client_address(),
        vault=service(TokenVault),
        settings=service(Settings),
    )
    if result.redirect_to is not None:
        return redirect(result.redirect_to, Response=Response)  # type: ignore[return-value]
    headers = callback_page.HEADERS | ({"Refresh": "2"} if result.status is ConnectionStatus.PENDING else {})
    return Response(
        callback_page.render(result), _PAGE_STATUS[result.status], headers, content_type="text/html; charset=utf-8"
    )


@blp.get("/connections/<uuid:connection_id>")
@blp.response(200, ConnectionSchema)
def show_connection(connection_id: UUID) -> Any:
    """Show the result of an attempt to connect"""
    return queries.show_connection(caller, connection_id)


@blp.get("")
@blp.arguments(AccountListArgsSchema, location="query")
@blp.response(200, page_of(AccountSchema))
def list_accounts(args: dict[str, Any]) -> Page:
    """List your accounts, the newest first"""
    filters = {name: args[name] for name in ("status", "tag", "q") if name in args}
    return queries.list_accounts(caller, args, **filters)


@blp.get("/<uuid:account_id>")
@blp.response(200, AccountSchema)
def show_account(account_id: UUID) -> Any:
    """Show an account"""
    return queries.show_account(caller, account_id)


@blp.patch("/<uuid:account_id>")
@blp.arguments(AccountChangesSchema)
@blp.response(200, AccountSchema)
@blp.raises(StaleVersion)
def update_account(changes: dict[str, Any], account_id: UUID) -> Account:
    """Change an account's label, tags or defaults"""
    with transaction():
        must_be_current(AccountSchema, services.get_account(caller, account_id, to_change=True))
        return services.describe(caller, account_id, **changes)


@blp.delete("/<uuid:account_id>")
@blp.response(200, DisconnectionSchema)
@blp.raises(StaleVersion)
def disconnect_account(account_id: UUID) -> dict[str, Any]:
    """Disconnect an account

    What was scheduled for it is cancelled and named in the answer. Its tokens are deleted here and revoked at TikTok by the
    worker.
    """
    with transaction():
        account = services.get_account(caller, account_id, to_change=True)
        must_be_current(AccountSchema, account)
        audit.record(caller, "account.disconnected", subject_id=account.id, username=account.username)
        return {
            "id": account.id,
            "cancelled_publications": disconnection.disconnect(account, service(TokenVault)),
        }


@blp.post("/<uuid:account_id>/sync")
@blp.response(202, AccountSchema)
@blp.raises(AccountNeedsReconnection, SyncedRecently)
def sync_account(account_id: UUID) -> Account:
    """Have an account read from TikTok now

    Profile, counts and videos are read in the background; `synced_at` tells when that is done. At most once in five
    minutes: until the sync that was requested before is done, this answers 202 for that one, afterwards 429 with
    `Retry-After`.
    """
    with transaction():
        return services.request_sync(caller, account_id)


@blp.get("/<uuid:account_id>/creator-info")
@blp.response(200, CreatorInfoSchema)
@blp.raises(AccountNeedsReconnection, *UPSTREAM_PROBLEMS)
def show_creator_info(account_id: UUID) -> CreatorReading:
    """Show what the creator may choose for a post right now

    Asked live of TikTok, or at most a minute ago. Show it to the person who writes the post: TikTok requires that.
    """
    account = queries.show_account(caller, account_id)
    with as_problems():
        return recent_creator_info(account, service(TokenVault))
