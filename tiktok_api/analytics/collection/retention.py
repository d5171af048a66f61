"""Which old readings stay: one of each day for as long as READINGS_KEEP_DAYS, all of them for READINGS_FULL_DAYS.

Of the ledgers the last row of each day in the owner's zone stays, and the last that had a counter which TikTok left out of that
one, so no answer at day resolution changes. Of a video's readings
stay, for each day and for each total that stays, the last one and the last whole one by then; the one behind `young_views`; and
one in which TikTok lowered a number, with the one before it. So everything that `rebuild` computes can still be computed.

Before the oldest day that is kept, the last reading stays: the changes of that day are counted from it. Each step is a
transaction of its own and finds by itself where it goes on; `DayZone.thinned_until` is how far it came, day by day.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, delete, func, select

from tiktok_api import clock
from tiktok_api.accounts.models import Account
from tiktok_api.analytics.collection import days
from tiktok_api.analytics.collection.surplus import (
    ROWS_AT_ONCE,
    VIDEOS_AT_ONCE,
    delete_rows,
    forget_readings,
    thin_readings,
)
from tiktok_api.analytics.metrics import PROFILE_METRICS
from tiktok_api.analytics.models import AccountReading, AccountTotals, DayZone, Ledger, Video, VideoReading, VideoTotals
from tiktok_api.analytics.windows import start_of_day
from tiktok_api.db import db
from tiktok_api.settings import Settings

_LONGEST_DAY = timedelta(hours=26)


@dataclass(frozen=True, slots=True)
class Limits:
    """Since when every reading stays, and since when one of each day does."""

    full_since: datetime
    kept_since: datetime


def limits_at(now: datetime, settings: Settings) -> Limits:
    """The limits of the settings."""
    full, kept = timedelta(days=settings.readings_full_days), timedelta(days=settings.readings_keep_days)
    return Limits(now - full, now - kept)


def next_account(limits: Limits) -> UUID | None:
    """Returns an account of which a day has become old since its readings were last thinned."""
    behind = DayZone.thinned_until.is_(None) | (DayZone.thinned_until < limits.full_since - _LONGEST_DAY)
    query = select(Account.id).outerjoin(DayZone, DayZone.account_id == Account.id).where(behind)
    return db.session.scalar(query.order_by(Account.id).limit(1))


@dataclass(slots=True)
class Thinning:
    """The steps that thin an account's next day; a worker that dies leaves nothing half done."""

    account_id: UUID
    limits: Limits
    _position: int = 0
    _starts: datetime | None = None

    def take_step(self) -> bool:
        """Delete some rows, inside a transaction. Returns True if there is nothing left to do for this day."""
        zone_row = self._lock_zone()
        if zone_row is None:
            return True
        zone = ZoneInfo(zone_row.timezone)
        full_since, kept_since = (
            start_of_day(edge.astimezone(zone).date(), zone)
            for edge in (self.limits.full_since, self.limits.kept_since)
        )
        if self._position == 0:
            if _forget(self.account_id, kept_since):
                return False
            self._starts = _next_reading(self.account_id, zone_row.thinned_until or clock.EARLIEST)
        starts = self._starts
        if starts is None or starts >= full_since:
            zone_row.thinned_until = max(full_since, zone_row.thinned_until or full_since)
            return True
        ends = min(_next_midnight(starts, zone), full_since)
        if self._position == 0 and _thin_ledgers(self.account_id, starts, ends):
            return False
        is_last = thin_readings(self.account_id, self._position, starts, ends)
        self._position += VIDEOS_AT_ONCE
        if is_last:
            zone_row.thinned_until = ends
        return is_last

    def _lock_zone(self) -> DayZone | None:
        """Lock the zone of the account's days, which are counted first if they are not those of its owner."""
        timezone = days.zone_of_owner(self.account_id)
        if timezone is None:
            return None
        mine = select(DayZone).where(DayZone.account_id == self.account_id).with_for_update()
        row = db.session.scalar(mine.execution_options(populate_existing=True))
        if row is None or row.timezone != timezone:
            days.count_days(self.account_id)
        return db.session.scalars(mine.execution_options(populate_existing=True)).one()


def _next_midnight(moment: datetime, zone: ZoneInfo) -> datetime:
    day = moment.astimezone(zone).date()
    while (midnight := start_of_day(day, zone)) <= moment:
        day += timedelta(days=1)
    return midnight


def _next_reading(account_id: UUID, since: datetime) -> datetime | None:
    """Returns when the account's first reading since then was; days without any need no steps."""
    of_video = select(func.min(VideoReading.captured_at)).where(
        VideoReading.video_id == Video.id, VideoReading.captured_at >= since
    )
    of_videos = select(of_video.scalar_subquery().label("at")).where(Video.account_id == account_id).subquery()
    first = [db.session.scalar(select(func.min(of_videos.c.at)))]
    for ledger in days.LEDGERS:
        within = (ledger.account_id == account_id, ledger.captured_at >= since)
        first.append(db.session.scalar(select(func.min(ledger.captured_at)).where(*within)))
    return min((each for each in first if each is not None), default=None)


def _forget(account_id: UUID, kept_since: datetime) -> bool:
    """Delete what is older than the last reading before `kept_since`. Returns True if there may be more."""
    is_more = False
    last_totals = kept_since
    for ledger in days.LEDGERS:
        of_account = ledger.account_id == account_id
        last = db.session.scalar(
            select(func.max(ledger.captured_at)).where(of_account, ledger.captured_at < kept_since)
        )
        if last is not None:
            old = select(ledger).where(of_account, ledger.captured_at < last)
            kept = _last_known(ledger, of_account, ledger.captured_at < kept_since)
            is_more |= _delete_of_ledger(ledger, old.where(ledger.id.not_in(kept)))
            last_totals = last if ledger is AccountTotals else last_totals
    return forget_readings(account_id, last_totals) or is_more


def _thin_ledgers(account_id: UUID, starts: datetime, ends: datetime) -> bool:
    """Delete rows that are not the last of their day. Returns True if there may be more."""
    is_more = False
    for ledger in days.LEDGERS:
        within = (ledger.account_id == account_id, ledger.captured_at >= starts, ledger.captured_at < ends)
        kept = _last_known(ledger, *within)
        is_more |= _delete_of_ledger(
            ledger, select(ledger).where(*within, ledger.day.is_(None), ledger.id.not_in(kept))
        )
    return is_more


def _last_known(ledger: Ledger, *within: ColumnElement[bool]) -> set[UUID]:
    """The last readings that had each counter: where TikTok left it out later on, changes are counted from these."""
    if ledger is not AccountReading:
        return set()
    known = (
        select(ledger.id)
        .where(*within, getattr(ledger, name).is_not(None))
        .order_by(ledger.captured_at.desc())
        .limit(1)
        for name in PROFILE_METRICS
    )
    return {row_id for query in known for row_id in db.session.scalars(query)}


def _delete_of_ledger(ledger: Ledger, rows: Select[Any]) -> bool:
    """Delete some rows of a ledger, and what the videos had in them. Returns True if there may be more."""
    found = db.session.execute(
        rows.with_only_columns(ledger.id, ledger.account_id, ledger.captured_at).limit(ROWS_AT_ONCE)
    ).all()
    if ledger is AccountTotals and found:
        times = [row.captured_at for row in found]
        of_same = (VideoTotals.account_id == found[0].account_id, VideoTotals.captured_at.in_(times))
        db.session.execute(delete(VideoTotals).where(*of_same).execution_options(synchronize_session=False))
    delete_rows(ledger, [row.id for row in found])
    return len(found) == ROWS_AT_ONCE
