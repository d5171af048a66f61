"""What TikTok allows for each account and for the app, counted in the database: all workers share the count, and a restart
keeps it.

Requests that leave a row (an attempt) are counted by their rows. Requests that leave none are counted in one column: until when
those that were made use up the rate. TikTok's client has budgets of its own for each process and token; these here are the
narrower ones.

Of what is only read, TikTok allows the whole app 600 profiles, 600 pages of videos and 600 looks at single videos in any minute.
Users take turns by a share of their own: who is above it may use only half of what is left at once, so that a user below it is
let in, and a user who is alone has the whole rate.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import InstrumentedAttribute

from tiktok_api import clock
from tiktok_api.accounts.models import Account, CallBudget
from tiktok_api.db import business_now, db, insert_into, new_id, transaction
from tiktok_api.errors import NotFound
from tiktok_api.tiktok import INITS_A_MINUTE, STATUS_CALLS_A_MINUTE, TikTokBusy

_MINUTE = timedelta(seconds=61)  # a second to spare: requests do not arrive as evenly as they were sent
_ALLOWED_SHARE = 0.9
"""Of TikTok's figure; its minute is not exactly ours, and a call after a renewed token is not counted twice."""
_SHARE_OF_ONE_USER = 4


@dataclass(frozen=True, slots=True)
class Rate:
    """So many calls at once, and then one every `spacing`."""

    at_once: int
    spacing: timedelta

    @classmethod
    def of(cls, calls_a_minute: int) -> "Rate":
        """Returns the rate that lets at most 0.9 of `calls_a_minute` pass in any minute, a sixth of them at once."""
        at_once = max(1, calls_a_minute // 6)
        rest = max(calls_a_minute * _ALLOWED_SHARE - at_once, 0.5)
        return cls(at_once, timedelta(minutes=1) / rest)

    @property
    def share(self) -> "Rate":
        """Returns what one user may use before others come first."""
        return Rate(max(1, self.at_once // _SHARE_OF_ONE_USER), self.spacing * _SHARE_OF_ONE_USER)

    @property
    def most(self) -> timedelta:
        """How far ahead of now the time may be until which calls are used up, if another is to be let in."""
        return self.spacing * (self.at_once - 1)

    def used(self, until: datetime, now: datetime) -> timedelta:
        """Returns how far ahead of now calls are used up. More than a full budget is only left by a clock that was set back."""
        return until - now if now < until <= now + self.most + self.spacing else timedelta(0)

    def after_one_more(self, until: datetime, now: datetime) -> datetime:
        """Returns until when calls are used up after one more; a user above their share owes no more than a full one."""
        return now + min(self.used(until, now), self.most) + self.spacing


_STATUS_RATE = Rate(10, timedelta(minutes=1) / (STATUS_CALLS_A_MINUTE - 10) + timedelta(seconds=0.1))
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


def count_status_call(account_id: UUID) -> None:
    """Count one status call of the account. Raises TikTokBusy, with nothing counted, while none is left, and NotFound."""
    with transaction() as session:
        found = session.execute(
            select(Account.status_rate_limit_until, business_now().label("now"))
            .where(Account.id == account_id)
            .with_for_update(key_share=True)
        ).one_or_none()
        if found is None:
            raise NotFound
        until = found.status_rate_limit_until or found.now
        _must_be_within("status", _STATUS_RATE.used(until, found.now), _STATUS_RATE.most)
        used = {"status_rate_limit_until": _STATUS_RATE.after_one_more(until, found.now)}
        session.execute(update(Account).where(Account.id == account_id).values(used))


_APP = ""
_KEPT = timedelta(days=1)


class AppCall(StrEnum):
    """The kinds of calls that TikTok counts for the app as a whole."""

    USER_INFO = "user_info"
    VIDEO_LIST = "video_list"
    VIDEO_QUERY = "video_query"


_CREATOR_INFO = "creator_info"
CREATOR_INFO_RATE = Rate(8, timedelta(seconds=15))
"""12 in a minute. TikTok's page of creator_info allows each user token 20; publishing asks before each of its 6 inits."""


def count_app_call(kind: AppCall, user_id: UUID, *, calls_a_minute: int) -> None:
    """Count one call for a user, and for the app. Raises TikTokBusy, with nothing counted, while it is not their turn."""
    rate = Rate.of(calls_a_minute)
    with transaction():
        now, used = _lock(kind, _APP, str(user_id))
        app, user = used[_APP], used[str(user_id)]
        is_above_share = rate.share.used(user, now) > rate.share.most
        _must_be_within(kind, rate.used(app, now), rate.most / 2 if is_above_share else rate.most)
        _store(kind, _APP, rate.after_one_more(app, now))
        _store(kind, str(user_id), rate.share.after_one_more(user, now))


def count_creator_info(account_id: UUID) -> None:
    """Count one question about posting options that is not publishing's. Raises TikTokBusy, with nothing counted."""
    with transaction():
        now, used = _lock(_CREATOR_INFO, str(account_id))
        until = used[str(account_id)]
        _must_be_within(_CREATOR_INFO, CREATOR_INFO_RATE.used(until, now), CREATOR_INFO_RATE.most)
        _store(_CREATOR_INFO, str(account_id), CREATOR_INFO_RATE.after_one_more(until, now))


def owner_of(account_id: UUID) -> UUID:
    """Returns for which user an account is read. Raises NotFound."""
    owner_id = db.session.scalar(select(Account.owner_id).where(Account.id == account_id))
    if owner_id is None:
        raise NotFound
    return owner_id


def sweep_budgets() -> None:
    """Delete what was used up long ago."""
    db.session.execute(delete(CallBudget).where(CallBudget.used_until < clock.now() - _KEPT))


def _must_be_within(name: str, used: timedelta, most: timedelta) -> None:
    if used > most:
        raise TikTokBusy(f"{name}: the calls of this minute are used up", retry_after=(used - most).total_seconds())


def _lock(name: str, *holders: str) -> tuple[datetime, dict[str, datetime]]:
    """Lock the budgets, the app's first. Returns the time, and until when each is used up."""
    theirs = (CallBudget.name == name, CallBudget.holder.in_(holders))
    query = select(CallBudget.holder, CallBudget.used_until, business_now().label("now")).where(*theirs)
    rows = db.session.execute(query.order_by(CallBudget.holder).with_for_update()).all()
    if len(rows) < len(holders):
        new = [{"id": new_id(), "name": name, "holder": each, "used_until": clock.now()} for each in holders]
        db.session.execute(insert_into(CallBudget).on_conflict_do_nothing(), new)
        rows = db.session.execute(query.order_by(CallBudget.holder).with_for_update()).all()
    return max(row.now for row in rows), {row.holder: row.used_until for row in rows}


def _store(name: str, holder: str, used_until: datetime) -> None:
    mine = (CallBudget.name == name, CallBudget.holder == holder)
    db.session.execute(update(CallBudget).where(*mine).values(used_until=used_until))
