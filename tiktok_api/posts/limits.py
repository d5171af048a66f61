"""TikTok's caps, and what its refusals have taught of them: a cap that is lower than thought, an account that it has banned."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, delete, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from tiktok_api import clock
from tiktok_api.db import Model, db, enum_column, insert_into, new_id

DAY = timedelta(hours=24)
INBOX_SHARES = 5
"""Drafts that may wait in one inbox: any 24 hours count (TikTok's page of the inbox)."""
KEPT = timedelta(days=7)
"""What a refusal has taught is forgotten after that."""
BINDING = DAY
"""For so long a learnt cap is believed without asking again: by then the window has passed in which TikTok refused."""


class Cap(StrEnum):
    """TikTok's caps; the values are the reasons of what is held for them, and the codes of findings."""

    CREATOR_POSTS = "creator_cap_reached"
    APP_CREATORS = "app_cap_reached"
    INBOX_SHARES = "inbox_shares_pending"
    INITS = "inits_per_minute"


REFUSALS = {
    Cap.CREATOR_POSTS: "spam_risk_too_many_posts",
    Cap.APP_CREATORS: "reached_active_user_cap",
    Cap.INBOX_SHARES: "spam_risk_too_many_pending_share",
}
"""TikTok's own codes, by the cap for which it refuses."""


class LimitKind(StrEnum):
    """What a row of `posting_limits` tells."""

    CREATOR_POSTS = Cap.CREATOR_POSTS.value
    APP_CREATORS = Cap.APP_CREATORS.value
    INBOX_SHARES = Cap.INBOX_SHARES.value
    CIRCUIT = "account_circuit_open"


CIRCUIT_OPEN = LimitKind.CIRCUIT.value
"""The reason of what is held because TikTok has banned its account or calls its posts spam."""

_OF_APP = text("account_id IS NULL")


class PostingLimit(Model):
    """What TikTok's last refusal has taught of an account, or without one of the app.

    A cap: so many are allowed, learnt at `since`. An open circuit: nothing is sent before TikTok is asked again at `until`.
    `reason` is TikTok's code.
    """

    __tablename__ = "posting_limits"
    __table_args__ = (
        Index("uq_posting_limits_account_kind", "account_id", "kind", unique=True),
        Index("uq_posting_limits_app_kind", "kind", unique=True, sqlite_where=_OF_APP, postgresql_where=_OF_APP),
    )

    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    kind: Mapped[LimitKind] = mapped_column(enum_column(LimitKind))
    allowed: Mapped[int | None]
    reason: Mapped[str]
    since: Mapped[datetime]
    until: Mapped[datetime]


def store_limit(
    account_id: UUID | None, kind: LimitKind, *, reason: str, until: datetime, allowed: int | None = None
) -> None:
    """Store what a refusal has taught now; call it inside a transaction. An open circuit keeps when it was opened."""
    now, values = clock.now(), {"allowed": allowed, "reason": reason, "until": until}
    new = {"id": new_id(), "created_at": now, "account_id": account_id, "kind": kind, "since": now}
    made = db.session.execute(insert_into(PostingLimit).values(**new, **values).on_conflict_do_nothing())
    if made.rowcount == 0:  # type: ignore[attr-defined]  # of an INSERT, it is a CursorResult
        if kind is not LimitKind.CIRCUIT:
            values["since"] = now
        db.session.execute(update(PostingLimit).where(*_one(account_id, kind)).values(**values))


def delete_limit(account_id: UUID, kind: LimitKind) -> bool:
    """Forget what was learnt; returns False if nothing was. Call it inside a transaction."""
    done = db.session.execute(delete(PostingLimit).where(*_one(account_id, kind)))
    return bool(done.rowcount)  # type: ignore[attr-defined]  # of a DELETE, it is a CursorResult


def find_limit(account_id: UUID, kind: LimitKind) -> PostingLimit | None:
    """Returns what was learnt."""
    return db.session.scalar(
        select(PostingLimit).where(*_one(account_id, kind)).execution_options(populate_existing=True)
    )


def _one(account_id: UUID | None, kind: LimitKind) -> tuple:  # type: ignore[type-arg]
    return PostingLimit.account_id == account_id, PostingLimit.kind == kind
