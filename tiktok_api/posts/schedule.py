"""The times of posts: instants, and local times that exist exactly once."""

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


def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Returns the one instant at which clocks in `zone` show `wall`. Raises LocalTimeMissing, LocalTimeTwice."""
    first = wall.replace(tzinfo=zone, fold=0)
    second = wall.replace(tzinfo=zone, fold=1)
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    choices = sorted([first.astimezone(UTC), second.astimezone(UTC)])
    shown = {
        "before": choices[0].isoformat().replace("+00:00", "Z"),
        "after": choices[1].isoformat().replace("+00:00", "Z"),
    }
    exists = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == wall
    kind = LocalTimeTwice if exists else LocalTimeMissing
    message = kind.message.format(**shown)
    found = fault(kind.code, message, pointer="/local_time", allowed=list(shown.values()))
    raise kind(errors=[found], **shown)
