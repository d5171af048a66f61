"""The endpoints of passwords and of verifying an address."""

from dataclasses import asdict
from typing import Any

from flask import request

from tiktok_api.auth import account_recovery, passwords, tokens
from tiktok_api.auth.account_recovery import Ended
from tiktok_api.auth.errors import LinkNotValid, SessionEnded, WeakPassword, WrongPassword
from tiktok_api.auth.identity import caller
from tiktok_api.auth.proofs import registrations
from tiktok_api.auth.routes.confirmation import counts_confirmations
from tiktok_api.auth.schemas import (
    LARGEST_BODY,
    EmailTokenSchema,
    PasswordChangedSchema,
    PasswordChangeSchema,
    PasswordForgottenSchema,
    PasswordReplacedSchema,
    PasswordResetSchema,
)
from tiktok_api.db import transaction
from tiktok_api.extensions import limiter
from tiktok_api.web.blueprint import Blueprint
from tiktok_api.web.limits import client_address, client_network

blp = Blueprint(
    "passwords",
    __name__,
    url_prefix="/auth",
    domain="auth",
    description="Passwords, and proving an address",
    largest_body=LARGEST_BODY,
)


@blp.post("/password")
@blp.acts_without_key
@counts_confirmations
@blp.judged_by(lambda sound: passwords.judge(sound.values, "new_password"))
@blp.arguments(PasswordChangeSchema)
@blp.response(200, PasswordChangedSchema)
@blp.raises(WrongPassword, WeakPassword, SessionEnded)
def change_password(change: dict[str, Any]) -> dict[str, Any]:
    """Change your password

    Ends every token that there was, this device's too, from the moment this is answered, in every process: use those of the
    answer, which are of a new session. API keys go on working unless `revoke_api_keys` is true. You are told by e-mail.
    """
    agent = request.user_agent.string
    session, ended = account_recovery.change_password(caller, **change, user_agent=agent)
    return asdict(tokens.mint(session)) | _told(ended)


@blp.post("/password/forgot")
@blp.public
@limiter.shared_limit("20/minute", scope="emails", key_func=client_network)
@blp.arguments(PasswordForgottenSchema)
@blp.response(202)
def forget_password(body: dict[str, str]) -> None:
    """Ask for an e-mail with which to choose a new password

    Always 202, whether the address is known or not, and after the same work. At most five e-mails an hour are sent to an
    address for one network that asks, and at most twenty for all that have asked before. A later e-mail leaves the token of
    an earlier one good. An address that was registered and not proven yet gets one too.
    """
    with transaction():
        account_recovery.request_password_reset(**body, address=client_address())


@blp.post("/password/reset")
@blp.public
@limiter.shared_limit("20/minute", scope="email-tokens", key_func=client_network)
@blp.judged_by(lambda sound: passwords.judge(sound.values, "password"))
@blp.arguments(PasswordResetSchema)
@blp.response(200, PasswordReplacedSchema)
@blp.raises(LinkNotValid, WeakPassword)
def reset_password(body: dict[str, str]) -> dict[str, int]:
    """Choose a new password, with the token from the e-mail

    The token works once, within an hour, and until the password has changed. Every device is signed out and every API key
    is revoked from the moment this is answered, in every process; you are told by e-mail. It does not sign in. The token
    also proves the address: of a registration that waits for that, only the address and this password count.
    """
    return _told(account_recovery.reset_password(**body, address=client_address()))


@blp.post("/email/verify")
@blp.public
@limiter.shared_limit("20/minute", scope="email-tokens", key_func=client_network)
@blp.arguments(EmailTokenSchema)
@blp.response(204)
@blp.raises(LinkNotValid)
def verify_email(body: dict[str, str]) -> None:
    """Prove that an address is yours, with the token from the e-mail

    The token works once, within 24 hours, for the registration that its e-mail is about: with the password, the name and
    the time zone of that one. Every other registration of the address ends, and so do their tokens. It does not sign in.
    """
    with transaction():
        registrations.prove(**body, address=client_address())


def _told(ended: Ended) -> dict[str, int]:
    return {"sessions_ended": ended.sessions, "api_keys_revoked": ended.api_keys}
