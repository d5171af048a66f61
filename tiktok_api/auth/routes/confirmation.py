"""The password again, before what a thief of a token must not do: how a route asks for it, and how guesses are counted."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from tiktok_api.auth.errors import RecentSignInRequired, SessionEnded, WrongPassword
from tiktok_api.auth.identity import caller
from tiktok_api.auth.passwords import LONGEST
from tiktok_api.auth.proofs import reauthentication
from tiktok_api.extensions import limiter
from tiktok_api.web.blueprint import Blueprint, Decorator, View
from tiktok_api.web.limits import client_network
from tiktok_api.web.parsing.parser import peek_at_json

FIELD = "current_password"


def count_guesses(view: View, *, key_func: Callable[[], str], exempt_when: Callable[[], bool] | None = None) -> View:
    """Count a route's requests as guesses of a password: five a minute per network and account, twenty per network.

    All routes that take a password share these, so that none is another five guesses.
    """
    options: dict[str, Any] = {"exempt_when": exempt_when} if exempt_when else {}
    view = limiter.shared_limit("20/minute", scope="passwords", key_func=client_network, **options)(view)
    return limiter.shared_limit("5/minute", scope="passwords-of-account", key_func=key_func, **options)(view)


def _sent_password() -> str | None:
    """The password in the body, before a schema reads it; None if there is none that could be right.

    Only asked for a session: the guard has refused API keys and requests without a token.
    """
    body = peek_at_json()
    password = body.get(FIELD) if isinstance(body, dict) else None
    is_possible = isinstance(password, str) and 0 < len(password) <= LONGEST and "\0" not in password
    return password if is_possible else None


def _network_and_caller() -> str:
    """Returns the key by which signing in counts: guesses from one network do not block another."""
    return f"{client_network()}:{reauthentication.email_key_of(caller)}"


def counts_confirmations(view: View) -> View:
    """Count a signed-in caller's requests that send `current_password`."""
    return count_guesses(view, key_func=_network_and_caller, exempt_when=lambda: _sent_password() is None)


@counts_confirmations
def _must_be_confirmed() -> None:
    reauthentication.must_be_confirmed(caller, _sent_password())


def needs_recent_sign_in(blp: Blueprint, *, unless: Callable[..., bool] = lambda **_: False) -> Decorator:
    """Ask for a sign-in of the last minutes, or for `current_password` in the body, unless `unless(**ids)`.

    The password is counted and verified before the body is read, a transaction is open or an Idempotency-Key is claimed.
    """

    def admit(**ids: UUID) -> None:
        if not unless(**ids):
            _must_be_confirmed()

    def decorate(view: View) -> View:
        return blp.admitted_by(admit)(blp.raises(RecentSignInRequired, WrongPassword, SessionEnded)(view))

    return decorate
