"""The endpoints of the calendar and of its feeds: read the request, call one service, return its result."""

from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from tiktok_api.auth.identity import caller
from tiktok_api.db import transaction
from tiktok_api.errors import NotFound
from tiktok_api.extensions import limiter, service
from tiktok_api.posts.calendar import days, events, feeds, icalendar_text
from tiktok_api.posts.errors import TooManyFeeds, UnknownTarget, WindowNotPossible
from tiktok_api.posts.schemas.calendar import (
    CalendarArgsSchema,
    CalendarFeedArgsSchema,
    CalendarFeedRequestSchema,
    CalendarFeedSchema,
    CalendarSchema,
    NewCalendarFeedSchema,
)
from tiktok_api.redaction import fingerprint
from tiktok_api.settings import Settings
from tiktok_api.web import conditional
from tiktok_api.web.blueprint import Blueprint
from tiktok_api.web.limits import client_network
from tiktok_api.web.pagination import Page, PageArgsSchema
from tiktok_api.web.schemas import page_of

blp = Blueprint("calendar", __name__, url_prefix="/posts", description="What goes out when", domain="posts")

ICALENDAR = "text/calendar"
_FEED_DOC = {
    "200": {
        "description": "The feed (RFC 5545)",
        "content": {ICALENDAR: {"schema": {"type": "string"}, "example": "BEGIN:VCALENDAR…"}},
    },
    "304": {"description": "You have it already"},
}


def _token_of_feed() -> str:
    return fingerprint(request.args.get("token", ""))


@blp.get("/calendar")
@blp.arguments(CalendarArgsSchema, location="query")
@blp.response(200, CalendarSchema)
@blp.raises(WindowNotPossible)
def show_calendar(args: dict[str, Any]) -> dict[str, Any]:
    """Show what goes out by day, with counts

    Days are those of the time zone and begin at its midnight, 23 or 25 hours long when its clocks change. A day lists its
    first posts, up to `limit`; its counts are of all.
    """
    return days.show_days(caller, **({"timezone": caller.timezone} | args))


@blp.get("/calendar.ics")
@blp.public
@blp.counted_apart
@limiter.limit("60/minute", key_func=_token_of_feed)
@limiter.shared_limit("600/minute", scope="calendar feeds", key_func=client_network)
@blp.arguments(CalendarFeedArgsSchema, location="query")
@blp.doc(responses=_FEED_DOC, parameters=["IfNoneMatch"])
@blp.response(200, content_type=ICALENDAR)
@blp.raises(NotFound)
def show_calendar_feed(args: dict[str, str]) -> Response:
    """Show a calendar feed to a calendar program

    Subscribe to the `url` of a feed: it is its own secret, and needs no other token. It has the posts of the last 60 days
    and of the next 400, 2,500 at most, with times in UTC; a cancelled post is shown as cancelled.
    """
    feed = feeds.open_feed(args["token"])
    shown = events.read_events(feed)
    written = icalendar_text.write_calendar(feed.name, shown)
    response = Response(written, content_type=f"{ICALENDAR}; charset=utf-8")
    response.last_modified = icalendar_text.last_modified(shown, feed.created_at)
    return conditional.tag(response)


@blp.get("/calendar-feeds")
@blp.arguments(PageArgsSchema, location="query")
@blp.response(200, page_of(CalendarFeedSchema))
def list_calendar_feeds(args: dict[str, Any]) -> Page:
    """List your calendar feeds, the newest first

    A key that is confined to accounts sees those that it made itself.
    """
    return feeds.list_feeds(caller, args)


@blp.post("/calendar-feeds")
@blp.arguments(CalendarFeedRequestSchema)
@blp.response(201, NewCalendarFeedSchema)
@blp.raises(TooManyFeeds, UnknownTarget)
def create_calendar_feed(values: dict[str, Any]) -> dict[str, Any]:
    """Make a calendar feed

    Its `url` is shown this once: only a hash of the secret in it is kept. A feed that an API key makes shows what the key may
    see, and ends with the key.
    """
    with transaction():
        feed = feeds.create_feed(caller, **values)
    path = url_for("calendar.show_calendar_feed", token=feed.token)
    return feed.without_token() | {"url": service(Settings).public_url + path}


@blp.delete("/calendar-feeds/<uuid:feed_id>")
@blp.response(204)
def revoke_calendar_feed(feed_id: UUID) -> None:
    """Revoke a calendar feed

    Its URL leads nowhere from the moment this is answered, in every process.
    """
    with transaction():
        feeds.revoke_feed(caller, feed_id)
