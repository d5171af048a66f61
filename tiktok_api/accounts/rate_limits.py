"""What TikTok allows for each account, counted in the database: all workers share the count, and a restart keeps it.

Requests that leave a row (an attempt) are counted by their rows. Requests that leave none (a status) are counted in one
column: until when those that were made use up the account's rate. TikTok's client has budgets of its own for each
process and token; these here are the narrower ones.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import InstrumentedAttribute

from tiktok_api.accounts.models import Account
from tiktok_api.db import business_now, db, transaction
from tiktok_api.errors import NotFound
from tiktok_api.tiktok import INITS_A_MINUTE, STATUS_CALLS_A_MINUTE, TikTokBusy

_MINUTE = timedelta(seconds=61)  # a second to spare: requests do not arrive as evenly as they were sent
_STATUS_CALLS_AT_ONCE = 10
_STATUS_SPACING = timedelta(minutes=1) / (STATUS_CALLS_A_MINUTE - _STATUS_CALLS_AT_ONCE) + timedelta(seconds=0.1)
"""10 at once and then one every 3.1 s: 29 in any minute, of the 30 that TikTok allows."""


def next_init_at(sent_at: InstrumentedAttribute[datetime], of_account: ColumnElement[bool]) -> datetime | None:
    """Returns when the account may have its next init; None: now.

    The rows of the account hold in `sent_at`, by the database's clock, when each init was about to leave.
    """
    recent = (
        select(sent_at)
        .where(
            of_account,
            sent_at > business_now(-_MINUTE),
            sent_at < business_now(_MINUTE),  # a clock that was set back must not hold an account for hours
        )
        .order_by(sent_at.desc())
        .offset(INITS_A_MINUTE - 1)
        .limit(1)
    )
    oldest_that_counts = db.session.scalar(recent)
    return oldest_that_counts + _MINUTE if oldest_that_counts else None


def lock_inits(account_id: UUID) -> None:
    """Let one worker at a time count the account's inits, until its transaction ends; SQLite has one writer anyway.

    Not by the account's row: disconnecting locks that row first and the account's posts then.
    """
    if db.session.get_bind().dialect.name == "postgresql":
        db.session.execute(select(func.pg_advisory_xact_lock(account_id.int % 2**63)))


def take_status_turn(account_id: UUID) -> None:
    """Count one status call of the account. Raises TikTokBusy, with nothing counted, while none is left, and NotFound."""
    with transaction() as session:
        found = session.execute(
            select(Account.status_rate_limit_until, business_now().label("now"))
            .where(Account.id == account_id)
            .with_for_update(key_share=True)
        ).one_or_none()
        if found is None:
            raise NotFound
        used_until = max(found.status_rate_limit_until or found.now, found.now)
        if (
            used_until > found.now + _STATUS_SPACING * _STATUS_CALLS_AT_ONCE
        ):  # only a clock that was set back leads here
            used_until = found.now
        wait = used_until - found.now - _STATUS_SPACING * (_STATUS_CALLS_AT_ONCE - 1)
        if wait > timedelta(0):
            raise TikTokBusy("status: this account's calls are used up", retry_after=wait.total_seconds())
        used = {"status_rate_limit_until": used_until + _STATUS_SPACING}
        session.execute(update(Account).where(Account.id == account_id).values(used))
