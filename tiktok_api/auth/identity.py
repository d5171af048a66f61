"""The caller of a request, made from the token alone: no user row is read."""

from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from flask import g
from werkzeug.local import LocalProxy

from tiktok_api.auth.errors import KeyConfined, ScopeTooNarrow, SessionRequired


@dataclass(frozen=True, slots=True)
class Identity:
    """A person's session, or one of their API keys.

    `scopes` is None for a session, which may do everything; `account_ids` is None unless a key is confined to some
    accounts. `address` is where the request came from, for the audit trail. `access_jti` identifies the access token.
    """

    user_id: UUID
    session_id: UUID | None
    timezone: str = "UTC"
    scopes: frozenset[str] | None = None
    account_ids: frozenset[UUID] | None = None
    key_id: UUID | None = None
    address: str = ""
    access_jti: str | None = None

    @property
    def credential(self) -> str:
        """Which of the user's credentials this is: the id of the API key; empty for every session."""
        return str(self.key_id or "")

    @property
    def rights(self) -> str:
        """The scopes and accounts of an API key, as text to compare; empty for every session, which may do everything."""
        if self.scopes is None:
            return ""
        accounts = "all" if self.account_ids is None else " ".join(sorted(map(str, self.account_ids)))
        return f"{' '.join(sorted(self.scopes))}; {accounts}"

    @property
    def reach(self) -> dict[str, Any]:
        """What a query for the caller's things is given: `owner_id`, and `reached` if a key is confined to some accounts."""
        return {"owner_id": self.user_id, "reached": self.account_ids}

    def must_be_allowed(self, domain: str, *, to_write: bool) -> None:
        """Raises ScopeTooNarrow unless a scope covers reading (or writing) in `domain`; SessionRequired in `auth`.

        No key may create keys, end sessions or change a password: a thief of one must not be able to stay.
        """
        if self.scopes is None:
            return
        if domain == "auth":
            raise SessionRequired
        action = "write" if to_write else "read"
        if not self.scopes & {action, f"{domain}:{action}"}:
            raise ScopeTooNarrow(scope=f"{domain}:{action}")

    def must_reach_all_accounts(self) -> None:
        """Raises KeyConfined for an API key that is confined to some accounts."""
        if self.account_ids is not None:
            raise KeyConfined


caller = cast(Identity, LocalProxy(lambda: g.caller))
"""The identity behind the current request; only routes that need a token may use it."""
