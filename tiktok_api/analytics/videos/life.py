"""One post's history: a video of an account, or all videos that came from a post of ours."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from statistics import median
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, literal_column, or_, select

from tiktok_api import clock
from tiktok_api.accounts.models import Account
from tiktok_api.accounts.queries import is_reached
from tiktok_api.analytics.metrics import VIDEO_COUNTERS, Reason
from tiktok_api.analytics.models import Video, VideoReading
from tiktok_api.analytics.videos import numbers, readings, rows
from tiktok_api.analytics.videos.readings import Reading
from tiktok_api.auth.identity import Identity
from tiktok_api.db.reads import Given, reading
from tiktok_api.posts.models import Post
from tiktok_api.posts.queries import show_post, visible_to

MOST_VIDEOS = 10
"""Of one post: that many accounts' videos are told."""
MOST_READINGS = 20_000
"""Of one video: two an hour for the 400 days that are told, whatever retention keeps."""
MOST_OTHERS = 5_000
"""Posts of the account that one is compared with, the newest."""


class NotComparable(StrEnum):
    """Why a post has no number at an age of 24 to 48 hours, or nothing to compare it with."""

    POSTED_AT_UNKNOWN = "posted_at_unknown"
    TOO_YOUNG = "too_young"
    NOT_READ_AT_THAT_AGE = "not_read_at_that_age"
    NO_OTHER_POSTS = "no_other_posts"


_NUMBERS: tuple[Any, ...] = tuple(
    getattr(Video, f"{first}{name}") for first in ("", "first_") for name in VIDEO_COUNTERS
)


@reading
def _asked(given: Given) -> Select[Any]:
    columns = (*rows.SHOWN, *_NUMBERS, Video.captured_at, Video.is_restated, Video.young_views, Video.young_at)
    query = select(*columns, Account.username).select_from(Video).join(Account, Account.id == Video.account_id)
    post_within_reach = select(Post.id).where(Post.id == given["id"], *visible_to(given)).scalar_subquery()
    is_asked = or_(Video.id == given["id"], Video.post_id == post_within_reach)
    query = query.where(is_asked, *is_reached(given)).order_by(Video.account_id, Video.id)
    return query.limit(literal_column(str(MOST_VIDEOS + 1)))


@reading
def _readings(given: Given) -> Select[Any]:
    counters = (getattr(VideoReading, name) for name in VIDEO_COUNTERS)
    columns: tuple[Any, ...] = (VideoReading.captured_at, VideoReading.is_restated, *counters)
    query = select(*columns).where(VideoReading.video_id == given["video_id"])
    return query.order_by(VideoReading.captured_at).limit(literal_column(str(MOST_READINGS)))


@reading
def _others(given: Given) -> Select[Any]:
    of_account = (Video.account_id == given["account_id"], Video.id != given["id"], Video.young_views.is_not(None))
    newest = select(Video.young_views).where(*of_account).order_by(Video.listed_at.desc(), Video.id.desc())
    return newest.limit(literal_column(str(MOST_OTHERS)))


def get_post(caller: Identity, post_id: UUID, *, timezone: str | None = None) -> dict[str, Any]:
    """The history of a video, or of all videos of a post of ours, by the days of a zone. Raises NotFound."""
    zone = ZoneInfo(timezone or caller.timezone)
    found = _asked.all(**caller.reach, id=post_id)
    if not found:
        show_post(caller, post_id)  # whose videos are not known yet
    return {
        "id": post_id,
        "timezone": zone.key,
        "videos": [_tell(row, zone) for row in found[:MOST_VIDEOS]],
        "has_more": len(found) > MOST_VIDEOS,
    }


def _tell(row: Any, zone: ZoneInfo) -> dict[str, Any]:
    known = [_as_reading(each) for each in _readings.all(video_id=row.id)]
    chosen = readings.choose(known, row.posted_at, zone)
    base = _base(row, known)
    has_numbers = row.captured_at is not None
    until = clock.now() if row.gone_at is None else row.gone_at
    latest = {name: getattr(row, name) for name in VIDEO_COUNTERS}
    return {
        **rows.describe(row),
        "username": row.username,
        "total": numbers.describe(latest) if has_numbers else numbers.unknown(Reason.NOT_READ_YET),
        "captured_at": row.captured_at,
        "is_restated": row.is_restated,
        "points": readings.points_of(chosen, row.posted_at),
        "days": [] if base is None else readings.days_of(base, known, zone, until=until),
        "views_by_age": [] if base is None else readings.rates_of(base, chosen, row.posted_at),
        "at_24_hours": _compare(row, clock.now()),
    }


def _as_reading(row: Any) -> Reading:
    counters = {name: getattr(row, name) for name in VIDEO_COUNTERS}
    return Reading(row.captured_at, None if None in counters.values() else counters, row.is_restated)


def _base(row: Any, known: Sequence[Reading]) -> Reading | None:
    """What the video's gains are counted from; None if no numbers of it were read.

    That is 0 at its posting, or its first reading; the first that is left, where retention took earlier ones.
    """
    counted = next((each for each in known if each.numbers), None)
    if counted is None:
        return None
    first = {name: getattr(row, f"first_{name}") for name in VIDEO_COUNTERS}
    is_watched = not any(first.values()) and row.posted_at is not None and row.posted_at < counted.captured_at
    return Reading(row.posted_at, first) if is_watched else Reading(counted.captured_at, counted.numbers)


def _compare(row: Any, now: datetime) -> dict[str, Any]:
    """Its views at an age of 24 to 48 hours beside those of the account's other posts."""
    others = [each.young_views for each in _others.all(account_id=row.account_id, id=row.id)]
    typical = median(others) if others else None
    is_comparable = row.young_views is not None and typical
    reason = None if others else NotComparable.NO_OTHER_POSTS
    return {
        "views": row.young_views,
        "age_hours": None if row.young_at is None else readings.age_hours(row.posted_at, row.young_at),
        "median_views": typical,
        "posts": len(others),
        "ratio": round(row.young_views / typical, 6) if is_comparable and typical else None,
        "reason": why_not_young(row, now) or reason,
    }


def why_not_young(row: Any, now: datetime) -> NotComparable | None:
    """Why a video has no views at an age of 24 to 48 hours; None if it has."""
    if row.young_views is not None:
        return None
    if row.posted_at is None:
        return NotComparable.POSTED_AT_UNKNOWN
    return NotComparable.TOO_YOUNG if now - row.posted_at < readings.HOURLY else NotComparable.NOT_READ_AT_THAT_AGE
