"""Which readings are the last of their days: those of the account's `DayZone`, the zone of its owner.

Marking shares the row of the zone, and counting anew locks it: no reading is marked by the days of a zone that is being left.
"""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from tiktok_api import clock
from tiktok_api.accounts.models import Account
from tiktok_api.analytics.collection.rows import insert_once
from tiktok_api.analytics.models import AccountReading, AccountTotals, DayZone, Ledger
from tiktok_api.auth.models import User
from tiktok_api.db import db
from tiktok_api.jobs import queue

COUNT_DAYS = "analytics.count_days"

LEDGERS = (AccountReading, AccountTotals)


def mark_last(ledger: Ledger, account_id: UUID, captured_at: datetime) -> None:
    """Mark a row that was just stored as the last of its day, unless a later one of that day is known.

    Call it with the account or its sync locked: two workers must not mark rows of one ledger at once. With the first reading,
    which both a profile and a list may bring, all that is there is counted.
    """
    known = select(DayZone.timezone).where(DayZone.account_id == account_id)
    timezone = db.session.scalar(known.with_for_update(read=True))
    if timezone is None:
        count_days(account_id)
        return
    day = captured_at.astimezone(ZoneInfo(timezone)).date()
    of_day = (ledger.account_id == account_id, ledger.day == day)
    last = db.session.scalar(select(ledger.captured_at).where(*of_day))
    if last is None or last < captured_at:
        _mark(update(ledger).where(*of_day), None)
        _mark(update(ledger).where(ledger.account_id == account_id, ledger.captured_at == captured_at), day)


def count_days(account_id: UUID) -> None:
    """Mark the last rows of all days anew, by the days of the owner's zone; without the account nothing is done."""
    timezone = zone_of_owner(account_id)
    if timezone is None:
        return
    lock_zone(account_id, timezone).timezone = timezone
    zone = ZoneInfo(timezone)
    for ledger in LEDGERS:
        of_account = ledger.account_id == account_id
        _mark(update(ledger).where(of_account, ledger.day.is_not(None)), None)
        rows = db.session.execute(select(ledger.id, ledger.captured_at).where(of_account).order_by(ledger.captured_at))
        last = {row.captured_at.astimezone(zone).date(): row.id for row in rows}
        if last:
            marked = [{"id": row_id, "day": day} for day, row_id in last.items()]
            db.session.execute(update(ledger), marked)


def _mark(rows: Any, day: Any) -> None:
    db.session.execute(rows.values(day=day).execution_options(synchronize_session=False))


def lock_zone(account_id: UUID, timezone: str) -> DayZone:
    """Lock the zone of an account's days; if there is none, it is made with `timezone`."""
    insert_once(DayZone, {"account_id": account_id, "timezone": timezone})
    mine = select(DayZone).where(DayZone.account_id == account_id).with_for_update()
    return db.session.scalars(mine.execution_options(populate_existing=True)).one()


def next_moved(user_id: UUID) -> UUID | None:
    """Returns an account of the user whose days are not those of the user's zone yet."""
    moved = (
        select(Account.id)
        .join(User, User.id == Account.owner_id)
        .join(DayZone, DayZone.account_id == Account.id)
        .where(Account.owner_id == user_id, DayZone.timezone != User.timezone)
    )
    return db.session.scalar(moved.order_by(Account.id).limit(1))


def request_count(user_id: UUID) -> None:
    """Enqueue the counting of the days of a user's accounts: the zone of the user has changed."""
    queue.enqueue(COUNT_DAYS, owner_id=user_id, subject=user_id, due_at=clock.now())


def zone_of_owner(account_id: UUID) -> str | None:
    """Returns the zone of the account's owner, with the account locked against its deletion."""
    owner = select(User.timezone).join(Account, Account.owner_id == User.id).where(Account.id == account_id)
    return db.session.scalar(owner.with_for_update(of=Account, read=True, key_share=True))
