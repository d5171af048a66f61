"""Passwords: read the request, call one service, hand back its result."""

from tiktok_api.auth import credentials
from tiktok_api.auth.errors import WeakPassword, WrongPassword
from tiktok_api.auth.identity import caller
from tiktok_api.auth.schemas import PasswordChangeSchema
from tiktok_api.extensions import limiter
from tiktok_api.web.authentication import known_caller
from tiktok_api.web.blueprint import Blueprint
from tiktok_api.web.limits import client_address

blp = Blueprint("passwords", __name__, url_prefix="/auth", domain="auth", description="Changing a password")


def _address_and_user() -> str:
    """As for signing in: guessing from one address stops nobody at another."""
    asking = known_caller()
    return f"{client_address()}:{asking.user_id if asking else ''}"


@blp.post("/password")
@blp.acts_without_key
@limiter.limit("5/minute", key_func=_address_and_user)
@blp.arguments(PasswordChangeSchema)
@blp.response(204)
@blp.raises(WrongPassword, WeakPassword)
def change_password(change: dict[str, str]) -> None:
    """Change your password

    Every other device is signed out; API keys go on working.
    """
    credentials.change_password(caller, **change)
