"""The times of posts: instants, and local times that exist exactly once."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from tiktok_api import clock
from tiktok_api.errors import fault
from tiktok_api.posts.errors import LocalTimeMissing, LocalTimeTwice, PublishTimePassed

PAST_GRACE = timedelta(seconds=60)
"""Forgives slow networks and clocks that are a little apart."""


def resolve_time(
    *, publish_at: datetime | None = None, local_time: str | None = None, timezone: str | None = None
) -> dict[str, Any]:
    """Returns the columns `publish_at`, `local_time` and `timezone` for a slot: an instant, or a local time with its zone.

    The local time and its zone are kept, so that a change of the zone's rules moves the instant.
    Raises PublishTimePassed, LocalTimeMissing, LocalTimeTwice.
    """
    if local_time is not None and timezone is not None:
        instant, pointer = _instant(datetime.fromisoformat(local_time), ZoneInfo(timezone)), "/local_time"
    else:
        instant, pointer = cast(datetime, publish_at).astimezone(UTC), "/publish_at"
    if instant < clock.now() - PAST_GRACE:
        raise PublishTimePassed.at(pointer)
    return {"publish_at": instant, "local_time": local_time, "timezone": timezone if local_time else None}


@dataclass(frozen=True, slots=True)
class LocalInstants:
    """The instants that a local time may be: both are the same, or the clocks were changed around it.

    `exists`: clocks show the time, once or twice; else they jump over it, from `before` or later to `after` or earlier.
    """

    before: datetime
    after: datetime
    exists: bool

    @property
    def is_one(self) -> bool:
        """True if there is no choice."""
        return self.before == self.after


def written(instant: datetime) -> str:
    """Returns an instant as text, in UTC: 2027-03-02T12:00:00Z."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def find_instants(wall: datetime, zone: ZoneInfo) -> LocalInstants:
    """Returns the instants, in UTC, that `wall` may be in `zone` (PEP 495: fold)."""
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    exists = first.astimezone(zone).replace(tzinfo=None) == wall
    return LocalInstants(min(first, second), max(first, second), exists)


def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Returns the one instant at which clocks in `zone` show `wall`. Raises LocalTimeMissing, LocalTimeTwice."""
    found = find_instants(wall, zone)
    if found.is_one:
        return found.after
    shown = {"before": written(found.before), "after": written(found.after)}
    kind = LocalTimeTwice if found.exists else LocalTimeMissing
    message = kind.message.format(**shown)
    refused = fault(kind.code, message, pointer="/local_time", allowed=list(shown.values()))
    raise kind(errors=[refused], **shown)


@dataclass(frozen=True, slots=True)
class WallTime:
    """A wall time that a rule gives, and its instant; `note` says where the clocks of its zone made that a choice.

    `moved_over_gap`: they jump over it, and the instant is as if they had not. `first_of_two`: it is there twice.
    """

    wall: datetime
    timezone: str
    at: datetime
    note: str | None

    @property
    def local_date(self) -> str:
        """Its day."""
        return self.wall.date().isoformat()

    @property
    def local_time(self) -> str:
        """The wall time, to the minute."""
        return self.wall.isoformat(timespec="minutes")

    @property
    def as_time(self) -> dict[str, Any]:
        """The arguments by which a post is scheduled for it: the wall time is kept where it is one instant."""
        if self.note is None:
            return {"local_time": self.local_time, "timezone": self.timezone}
        return {"publish_at": self.at}


def read_wall_time(wall: datetime, zone: ZoneInfo) -> WallTime:
    """Returns a wall time of a rule with its instant: the first of two, and where there is none, the one after the gap."""
    found = find_instants(wall, zone)
    if found.is_one:
        at, note = found.after, None
    else:
        at, note = (found.before, "first_of_two") if found.exists else (found.after, "moved_over_gap")
    return WallTime(wall, zone.key, at, note)
