"""A calendar feed as text: RFC 5545, with what RFC 7986 and calendar programs add."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tiktok_api.posts.calendar.days import shorten
from tiktok_api.posts.calendar.events import CalendarEvent
from tiktok_api.posts.vocabulary import PostStatus

if TYPE_CHECKING:
    from icalendar import Event

REFRESH = timedelta(minutes=30)
"""How often programs are asked to look again; many look less often."""
_LENGTH = timedelta(minutes=15)
"""A post has no duration, and an event without one is not visible in some programs."""
_LINE_ENDS = re.compile("\r\n|[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")
_UNPRINTABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
"""TEXT has no control characters but tabs (RFC 5545, section 3.3.11)."""


def write_calendar(name: str, events: Iterable[CalendarEvent]) -> bytes:
    """Returns the feed. The same events are the same bytes, so that they have one version."""
    from icalendar import Calendar, vText  # here, since no process should start later for what few ask for

    calendar = Calendar()
    calendar.add("prodid", "-//tiktok-api//calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    for property_name in ("name", "x-wr-calname"):  # RFC 7986, and what programs understood before
        calendar.add(property_name, vText(" ".join(_clean(name).split())))
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT30M")
    for event in events:
        calendar.add_component(_event(event))
    written: bytes = calendar.to_ical()
    return written


def last_modified(events: Iterable[CalendarEvent], since: datetime) -> datetime:
    """Returns when what a feed shows was changed last, as far as that is left: a deleted post is not."""
    return max([since, *(event.updated_at for event in events)])


def _event(post: CalendarEvent) -> "Event":
    """A post. Its id is a UUID, as RFC 7986 wants a UID to be (section 5.3); each change raises its sequence."""
    from icalendar import Event

    event = Event()
    event.add("uid", str(post.id))
    changed_at = post.updated_at.astimezone(UTC).replace(microsecond=0)
    event.add("dtstamp", changed_at)
    event.add("created", post.created_at.astimezone(UTC).replace(microsecond=0))
    event.add("last-modified", changed_at)
    event.add("sequence", max(0, int((post.updated_at - post.created_at).total_seconds())))
    starts_at = post.at.astimezone(UTC).replace(microsecond=0)
    event.add("dtstart", starts_at)
    event.add("dtend", starts_at + _LENGTH)
    event.add("summary", shorten(_clean(post.caption)) or f"A {post.type} without words")
    event.add("description", _describe(post))
    event.add("status", "CANCELLED" if post.status is PostStatus.CANCELLED else "CONFIRMED")
    event.add("transp", "TRANSPARENT")  # it takes no time of a person's
    event.add("categories", [post.status.value])
    return event


def _describe(post: CalendarEvent) -> str:
    accounts = ", ".join(_clean(account) for account in post.accounts) or "none"
    parts = [f"Status: {post.status.replace('_', ' ')}", f"Accounts: {accounts}", "", _clean(post.caption)]
    return "\n".join(parts).rstrip()


def _clean(text: str) -> str:
    """Returns text without what could end a line of the feed, or what no line may have."""
    return _UNPRINTABLE.sub("", _LINE_ENDS.sub("\n", text))
