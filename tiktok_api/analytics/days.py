"""Which readings are the last of their days: those of the account's `DayZone`, the zone of its owner."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from tiktok_api.accounts.models import Account
from tiktok_api.analytics.models import AccountReading, AccountTotals, DayZone
from tiktok_api.auth.models import User
from tiktok_api.db import db

LEDGERS = (AccountReading, AccountTotals)

Ledger = type[AccountReading] | type[AccountTotals]


def mark_last(ledger: Ledger, account_id: UUID, captured_at: datetime) -> None:
    """Mark a row that was just stored as the last of its day, unless a later one of that day is known.

    Call it with the account locked: two workers must not mark at once.
    """
    timezone = db.session.scalar(select(DayZone.timezone).where(DayZone.account_id == account_id))
    if timezone is None:
        count_days(account_id, _zone_of_owner(account_id))
        return
    day = captured_at.astimezone(ZoneInfo(timezone)).date()
    of_day = (ledger.account_id == account_id, ledger.day == day)
    last = db.session.scalar(select(ledger.captured_at).where(*of_day))
    if last is None or last < captured_at:
        _mark(update(ledger).where(*of_day), None)
        _mark(update(ledger).where(ledger.account_id == account_id, ledger.captured_at == captured_at), day)


def count_days(account_id: UUID, timezone: str) -> None:
    """Mark the last rows of all days anew, by the days of `timezone`. Call it with the account locked."""
    zone = ZoneInfo(timezone)
    known = db.session.scalar(select(DayZone).where(DayZone.account_id == account_id).with_for_update())
    if known is None:
        db.session.add(DayZone(account_id=account_id, timezone=timezone))
    else:
        known.timezone = timezone
    db.session.flush()
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


def _zone_of_owner(account_id: UUID) -> str:
    owner = select(User.timezone).join(Account, Account.owner_id == User.id).where(Account.id == account_id)
    return db.session.scalars(owner).one()
