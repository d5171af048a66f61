"""Who the caller is, found out before anything else is read; the authenticator decides what a token means."""

from collections.abc import Callable
from typing import Protocol, cast
from uuid import UUID

from flask import Flask, current_app, g, request

from tiktok_api.errors import Problem, Unauthorized


class Caller(Protocol):
    """What this package needs to know of the caller."""

    @property
    def user_id(self) -> UUID: ...

    @property
    def credential(self) -> str:
        """Which of the user's credentials this is; empty for every session."""

    @property
    def rights(self) -> str:
        """What this credential may do and reach, as text to compare; empty for every session."""

    def must_be_allowed(self, domain: str, *, to_write: bool) -> None:
        """Raises Forbidden when the token's scopes do not reach that far."""


Authenticator = Callable[[str], Caller]
"""The Authorization header's value to a caller; raises Unauthorized."""


def install(app: Flask, authenticate: Authenticator) -> None:
    """Read the Authorization header of each request; a refusal is raised only when a private route needs a caller."""

    def recognise() -> None:
        g.caller = g.refusal = None
        header = request.headers.get("Authorization")
        if not header:
            return
        try:
            g.caller = authenticate(header)
        except Problem as problem:
            g.refusal = problem

    app.before_request(recognise)
    app.extensions["tiktok_api.recognise"] = recognise


def known_caller() -> Caller | None:
    """Returns the caller, or None if the request is anonymous or its token is refused."""
    return cast("Caller | None", g.get("caller"))


def refusal_now() -> Problem | None:
    """Authenticate the request again. Returns the reason it now fails, or None if it still succeeds or was anonymous."""
    if known_caller() is None:
        return None
    current_app.extensions["tiktok_api.recognise"]()
    return None if g.caller else cast(Problem, g.refusal or Unauthorized())


def required_caller() -> Caller:
    """Returns the caller. Raises Unauthorized, with the reason found at the start."""
    if g.caller is None:
        raise g.refusal or Unauthorized()
    return cast(Caller, g.caller)
