"""Who is asking, found out before anything else is looked at; what a token means is the authenticator's business."""

from collections.abc import Callable
from typing import Protocol, cast
from uuid import UUID

from flask import Flask, current_app, g, request

from tiktok_api.errors import Problem, Unauthorized


class Caller(Protocol):
    """What this package needs to know of whoever is asking."""

    @property
    def user_id(self) -> UUID: ...

    def must_be_allowed(self, domain: str, *, to_write: bool) -> None:
        """Raises Forbidden when the token's scopes do not reach that far."""


Authenticator = Callable[[str], Caller]
"""The Authorization header's value to a caller; raises Unauthorized."""


def install(app: Flask, authenticate: Authenticator) -> None:
    """Look at the Authorization header of each request; what is wrong with it is kept until a private route asks."""

    def recognise() -> None:
        g.caller, g.refusal = None, Unauthorized()
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
    """Whoever is asking, if the request proves it."""
    return cast("Caller | None", g.get("caller"))


def refusal_now() -> Problem | None:
    """Why whoever was recognised when this request began would not be any more; None: they still would, or never were."""
    if known_caller() is None:
        return None
    current_app.extensions["tiktok_api.recognise"]()
    return None if g.caller else cast(Problem, g.refusal)


def required_caller() -> Caller:
    """Whoever is asking. Raises Unauthorized, with the reason found at the start."""
    if g.caller is None:
        raise g.refusal
    return cast(Caller, g.caller)
