"""Whoever is asking, as the token tells it: no user row is read for a request."""

from dataclasses import dataclass
from typing import cast
from uuid import UUID

from flask import g
from werkzeug.local import LocalProxy

from tiktok_api.auth.errors import ScopeTooNarrow


@dataclass(frozen=True, slots=True)
class Identity:
    """A person's session, or one of their API keys.

    `scopes` is None for a session, which may do everything its person may; `account_ids` is None where a key is not
    confined to some accounts.
    """

    user_id: UUID
    session_id: UUID | None
    timezone: str = "UTC"
    scopes: frozenset[str] | None = None
    account_ids: frozenset[UUID] | None = None

    def must_be_allowed(self, domain: str, *, to_write: bool) -> None:
        """Raises ScopeTooNarrow unless a scope covers reading (or writing) in `domain`."""
        if self.scopes is None:
            return
        action = "write" if to_write else "read"
        if not self.scopes & {action, f"{domain}:{action}"}:
            raise ScopeTooNarrow(scope=f"{domain}:{action}")


caller = cast(Identity, LocalProxy(lambda: g.caller))
"""The identity behind the request being answered; only private routes may touch it."""
