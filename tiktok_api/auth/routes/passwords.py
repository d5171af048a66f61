"""The endpoints of passwords and of verifying an address."""

from tiktok_api.auth import account_recovery, passwords
from tiktok_api.auth.errors import LinkNotValid, WeakPassword, WrongPassword
from tiktok_api.auth.identity import caller
from tiktok_api.auth.schemas import (
    LARGEST_BODY,
    EmailTokenSchema,
    PasswordChangeSchema,
    PasswordForgottenSchema,
    PasswordResetSchema,
)
from tiktok_api.db import transaction
from tiktok_api.extensions import limiter
from tiktok_api.web.authentication import known_caller
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


def _address_and_user() -> str:
    """Returns a key per address and user, as for signing in: guesses from one address do not block another."""
    asking = known_caller()
    return f"{client_network()}:{asking.user_id if asking else ''}"


@blp.post("/password")
@blp.acts_without_key
@limiter.limit("5/minute", key_func=_address_and_user)
@blp.judged_by(lambda sound: passwords.judge(sound.values, "new_password"))
@blp.arguments(PasswordChangeSchema)
@blp.response(204)
@blp.raises(WrongPassword, WeakPassword)
def change_password(change: dict[str, str]) -> None:
    """Change your password

    Every other device is signed out; API keys go on working.
    """
    account_recovery.change_password(caller, **change)


@blp.post("/password/forgot")
@blp.public
@limiter.shared_limit("20/minute", scope="emails", key_func=client_network)
@blp.arguments(PasswordForgottenSchema)
@blp.response(202)
def forget_password(body: dict[str, str]) -> None:
    """Ask for an e-mail with which to choose a new password

    Always 202, whether the address is known or not, and after the same work. At most five e-mails an hour are sent.
    """
    with transaction():
        account_recovery.request_password_reset(**body)


@blp.post("/password/reset")
@blp.public
@limiter.shared_limit("20/minute", scope="email-tokens", key_func=client_network)
@blp.judged_by(lambda sound: passwords.judge(sound.values, "password"))
@blp.arguments(PasswordResetSchema)
@blp.response(204)
@blp.raises(LinkNotValid, WeakPassword)
def reset_password(body: dict[str, str]) -> None:
    """Choose a new password, with the token from the e-mail

    The token works once, within an hour. Every device is signed out; API keys go on working.
    """
    account_recovery.reset_password(**body, address=client_address())


@blp.post("/email/verify")
@blp.public
@limiter.shared_limit("20/minute", scope="email-tokens", key_func=client_network)
@blp.arguments(EmailTokenSchema)
@blp.response(204)
@blp.raises(LinkNotValid)
def verify_email(body: dict[str, str]) -> None:
    """Prove that an address is yours, with the token from the e-mail

    The token works once, within 24 hours. It does not sign in.
    """
    with transaction():
        account_recovery.verify_email(**body, address=client_address())
