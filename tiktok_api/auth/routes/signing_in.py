"""The endpoints of registration, sign-in, tokens and the profile."""

from functools import partial
from typing import Any

from flask import Response, request

from tiktok_api.auth import passwords, services, tokens
from tiktok_api.auth.errors import (
    EmailNotVerified,
    EmailTaken,
    InvalidToken,
    RefreshTokenReused,
    RegistrationClosed,
    SessionEnded,
    TokenExpired,
    UserDisabled,
    WeakPassword,
    WrongCredentials,
)
from tiktok_api.auth.identity import caller
from tiktok_api.auth.models import User
from tiktok_api.auth.proofs import registrations
from tiktok_api.auth.proofs.addresses import email_key
from tiktok_api.auth.routes.confirmation import count_guesses, needs_recent_sign_in
from tiktok_api.auth.schemas import (
    LARGEST_BODY,
    LONGEST_EMAIL,
    ConfirmationSchema,
    CredentialsSchema,
    PendingRegistrationSchema,
    ProfileChangesSchema,
    ProfileSchema,
    RefreshSchema,
    RegistrationSchema,
    TokenPairSchema,
)
from tiktok_api.auth.tokens import TokenPair
from tiktok_api.db import transaction
from tiktok_api.errors import StaleVersion
from tiktok_api.extensions import limiter, service
from tiktok_api.settings import Settings
from tiktok_api.web.blueprint import Blueprint, View
from tiktok_api.web.conditional import must_be_current
from tiktok_api.web.limits import client_address, client_network
from tiktok_api.web.parsing.parser import peek_at_json
from tiktok_api.web.serializing import dump, to_json

blp = Blueprint(
    "auth",
    __name__,
    url_prefix="/auth",
    description="Signing up, signing in, and who you are",
    largest_body=LARGEST_BODY,
)


def _account() -> str:
    """Returns the e-mail address that the body names, as it is compared, or nothing."""
    body = peek_at_json()
    email = body.get("email") if isinstance(body, dict) else None
    return email_key(email) if isinstance(email, str) and len(email) <= LONGEST_EMAIL else ""


def _address_and_account() -> str:
    """Returns a key per network address and e-mail address, so that guesses from elsewhere do not lock a user out."""
    return f"{client_network()}:{_account()}"


def _counts_guesses(view: View) -> View:
    return count_guesses(view, key_func=_address_and_account)


@blp.post("/register")
@blp.public
@limiter.limit("10/hour", key_func=_address_and_account, exempt_when=lambda: not _account())
@limiter.shared_limit("20/minute", scope="register", key_func=client_network)
@blp.judged_by(lambda sound: passwords.judge(sound.values, "password"))
@blp.arguments(RegistrationSchema)
@blp.response(201, TokenPairSchema)
@blp.alt_response(
    202, schema=PendingRegistrationSchema, description="An e-mail is on its way to the address", success=True
)  # type: ignore[untyped-decorator]
@blp.raises(EmailTaken, RegistrationClosed, WeakPassword)
def register(registration: dict[str, Any]) -> TokenPair | Response:
    """Create an account and sign in

    Where addresses must be proven (EMAIL_VERIFICATION), 202 and no tokens: follow the e-mail, then sign in. Known and
    unknown addresses are then answered alike. Each registration of an address has its own e-mail, password and name; the
    one whose e-mail is followed becomes the account, and the others end.
    """
    settings = service(Settings)
    is_open = settings.registration == "open"
    if settings.email_verification:
        registrations.register(**registration, address=client_address(), is_open=is_open)
        body = to_json(dump(PendingRegistrationSchema, {"status": "verification_required"}))
        return Response(body, status=202, content_type="application/json")
    user = services.register(**registration, is_open=is_open)
    with transaction():
        session = services.start_session(user, user_agent=request.user_agent.string, address=client_address())
    return tokens.mint(session)


@blp.post("/login")
@blp.public
@_counts_guesses
@blp.arguments(CredentialsSchema)
@blp.response(200, TokenPairSchema)
@blp.raises(WrongCredentials, EmailNotVerified, UserDisabled)
def log_in(credentials: dict[str, str]) -> TokenPair:
    """Sign in"""
    session = services.sign_in(
        **credentials,
        user_agent=request.user_agent.string,
        address=client_address(),
        must_be_verified=service(Settings).email_verification,
    )
    return tokens.mint(session)


@blp.post("/refresh")
@blp.public
@blp.arguments(RefreshSchema)
@blp.response(200, TokenPairSchema)
@blp.raises(InvalidToken, TokenExpired, RefreshTokenReused, SessionEnded)
def refresh_tokens(body: dict[str, str]) -> TokenPair:
    """Trade a refresh token for the next pair

    The old refresh token is spent; for 10 seconds it is answered with the same successor, for frontends that refresh
    in parallel. Used later than that, it ends the session.
    """
    claims = tokens.read(body["refresh_token"], "refresh")
    with transaction():
        session = services.rotate(claims.user_id, claims.session_id, claims.jti, address=client_address())
    if session is None:
        raise RefreshTokenReused
    return tokens.mint(session)


@blp.post("/logout")
@blp.acts_without_key
@blp.response(204)
def log_out() -> None:
    """Sign this device out

    Its access and refresh tokens are refused from the moment this is answered, in every process.
    """
    with transaction():
        services.end_session(caller)


@blp.get("/me")
@blp.any_token
@blp.response(200, ProfileSchema)
def show_me() -> Any:
    """Show who is signed in"""
    return services.show_profile(caller)


@blp.patch("/me")
@blp.arguments(ProfileChangesSchema)
@blp.response(200, ProfileSchema)
@blp.raises(StaleVersion)
def update_me(changes: dict[str, Any]) -> User:
    """Change your name or time zone"""
    with transaction():
        must_be_current(ProfileSchema, services.get_profile(caller, to_change=True))
        return services.update_profile(caller, **changes)


@blp.delete("/me")
@needs_recent_sign_in(blp)
@blp.arguments(ConfirmationSchema, required=False)
@blp.response(204)
@blp.raises(StaleVersion)
def delete_me(_confirmation: dict[str, str]) -> None:
    """Delete your account and everything in it

    Every session and API key is refused from the moment this is answered, what was scheduled is cancelled, and TikTok is
    told to forget the accounts' tokens. What is live at TikTok stays there. Needs a sign-in of the last 10 minutes, to which
    a refresh does not count, or your password as `current_password`.
    """
    with transaction():
        services.delete_account(caller, precondition=partial(must_be_current, ProfileSchema))
