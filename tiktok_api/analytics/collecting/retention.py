"""Which old readings stay: one of each day for as long as READINGS_KEEP_DAYS, all of them for READINGS_FULL_DAYS.

Of the ledgers the last row of each day in the owner's zone stays, so no answer at day resolution changes. Of a video's readings
stay, for each day and for each total that stays, the last one and the last whole one by then; the one behind `young_views`; and
one in which TikTok lowered a number, with the one before it. So everything that `rebuild` computes can still be computed.

Before the oldest day that is kept, the last reading stays: the changes of that day are counted from it. Each step is a
transaction of its own and finds by itself where it goes on; `DayZone.thinned_until` is how far it came, day by day.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import aliased

from tiktok_api.accounts.models import Account
from tiktok_api.analytics.collecting import days
from tiktok_api.analytics.models import AccountTotals, DayZone, Video, VideoReading, VideoTotals
from tiktok_api.analytics.windows import start_of_day
from tiktok_api.db import db
from tiktok_api.settings import Settings

ROWS_AT_ONCE = 2_000
"""So many rows of each table one transaction deletes at most."""
_VIDEOS_AT_ONCE = 200
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
        if self._position == 0 and _forget(self.account_id, kept_since):
            return False
        starts = zone_row.thinned_until or _first_reading(self.account_id)
        if starts is None or starts >= full_since:
            zone_row.thinned_until = max(full_since, zone_row.thinned_until or full_since)
            return True
        ends = min(_next_midnight(starts, zone), full_since)
        if self._position == 0 and _thin_ledgers(self.account_id, starts, ends):
            return False
        is_last = _thin_videos(self.account_id, self._position, starts, ends)
        self._position += _VIDEOS_AT_ONCE
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


def _first_reading(account_id: UUID) -> datetime | None:
    of_videos = select(func.min(VideoReading.captured_at)).join(Video, Video.id == VideoReading.video_id)
    first = [db.session.scalar(of_videos.where(Video.account_id == account_id))]
    of_ledgers = (select(func.min(each.captured_at)).where(each.account_id == account_id) for each in days.LEDGERS)
    first.extend(map(db.session.scalar, of_ledgers))
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
            is_more |= _delete_rows(ledger, select(ledger).where(of_account, ledger.captured_at < last))
            last_totals = last if ledger is AccountTotals else last_totals
    later = aliased(VideoReading)
    is_replaced = (
        select(later.id)
        .where(
            later.video_id == VideoReading.video_id,
            later.captured_at > VideoReading.captured_at,
            later.captured_at <= last_totals,
            *is_whole(later),
        )
        .exists()
    )
    old = (Video.account_id == account_id, VideoReading.captured_at < last_totals, is_replaced)
    found = db.session.scalars(
        select(VideoReading.id).join(Video, Video.id == VideoReading.video_id).where(*old).limit(ROWS_AT_ONCE)
    ).all()
    _delete(VideoReading, found)
    return is_more or len(found) == ROWS_AT_ONCE


def is_whole(reading: Any) -> tuple[Any, ...]:
    """The conditions that a reading had all four counters, without which it counts for nothing."""
    return tuple(getattr(reading, name).is_not(None) for name in ("views", "likes", "comments", "shares"))


def _thin_ledgers(account_id: UUID, starts: datetime, ends: datetime) -> bool:
    """Delete rows that are not the last of their day. Returns True if there may be more."""
    is_more = False
    for ledger in days.LEDGERS:
        within = (ledger.account_id == account_id, ledger.captured_at >= starts, ledger.captured_at < ends)
        is_more |= _delete_rows(ledger, select(ledger).where(*within, ledger.day.is_(None)))
    return is_more


def _delete_rows(ledger: days.Ledger, rows: Select[Any]) -> bool:
    """Delete some rows of a ledger, and what the videos had in them. Returns True if there may be more."""
    found = db.session.execute(
        rows.with_only_columns(ledger.id, ledger.account_id, ledger.captured_at).limit(ROWS_AT_ONCE)
    ).all()
    if ledger is AccountTotals and found:
        times = [row.captured_at for row in found]
        of_same = (VideoTotals.account_id == found[0].account_id, VideoTotals.captured_at.in_(times))
        db.session.execute(delete(VideoTotals).where(*of_same).execution_options(synchronize_session=False))
    _delete(ledger, [row.id for row in found])
    return len(found) == ROWS_AT_ONCE


def _delete(model: Any, ids: Iterable[UUID]) -> None:
    if ids := list(ids):
        db.session.execute(delete(model).where(model.id.in_(ids)).execution_options(synchronize_session=False))


def _thin_videos(account_id: UUID, first: int, starts: datetime, ends: datetime) -> bool:
    """Delete readings of the videos from the position `first` on. Returns True if there are no videos after these."""
    whole = is_whole(VideoReading)
    query = (
        select(
            VideoReading.id,
            VideoReading.video_id,
            VideoReading.captured_at,
            VideoReading.is_restated,
            (VideoReading.captured_at == Video.young_at).label("is_young"),
            *(each.label(f"has_{place}") for place, each in enumerate(whole)),
        )
        .join(Video, Video.id == VideoReading.video_id)
        .where(
            Video.account_id == account_id,
            Video.position >= first,
            Video.position < first + _VIDEOS_AT_ONCE,
            VideoReading.captured_at >= starts,
            VideoReading.captured_at < ends,
        )
        .order_by(VideoReading.video_id, VideoReading.captured_at)
    )
    totals = select(AccountTotals.captured_at).where(
        AccountTotals.account_id == account_id, AccountTotals.captured_at >= starts, AccountTotals.captured_at < ends
    )
    until = [*db.session.scalars(totals.order_by(AccountTotals.captured_at)), ends]
    rows = db.session.execute(query).all()
    superfluous = [
        row.id for _, of_video in groupby(rows, lambda row: row.video_id) for row in _surplus(of_video, until)
    ]
    for start in range(0, len(superfluous), ROWS_AT_ONCE):
        _delete(VideoReading, superfluous[start : start + ROWS_AT_ONCE])
    last = db.session.scalar(select(func.max(Video.position)).where(Video.account_id == account_id))
    return last is None or last < first + _VIDEOS_AT_ONCE


def _surplus(readings: Iterable[Any], until: list[datetime]) -> Iterator[Any]:
    """The readings of one video that need not stay; `until`: the moments by which the last one counts, in their order."""
    of_video = list(readings)
    kept: set[UUID] = set()
    whole_before = None
    for row in of_video:
        if row.is_restated or row.is_young:
            kept.add(row.id)
        if row.is_restated and whole_before is not None:
            kept.add(whole_before.id)
        whole_before = row if _has_all(row) else whole_before
    for moment in until:
        by_then = [row for row in of_video if row.captured_at <= moment]
        for last in (by_then[-1:], [row for row in by_then if _has_all(row)][-1:]):
            kept.update(row.id for row in last)
    return (row for row in of_video if row.id not in kept)


def _has_all(row: Any) -> bool:
    return bool(row.has_0 and row.has_1 and row.has_2 and row.has_3)
