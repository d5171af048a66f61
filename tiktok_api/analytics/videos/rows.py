"""What is read of videos besides their numbers, by their places: an account and a position in its arrays."""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Integer, LargeBinary, Select, func, literal_column, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from tiktok_api.accounts.models import Account
from tiktok_api.analytics import video_arrays
from tiktok_api.analytics.metrics import VIDEO_COUNTERS
from tiktok_api.analytics.models import COVER_LINK, Video, VideoReading, VideoStarts
from tiktok_api.analytics.video_totals import as_places, at_places
from tiktok_api.db.reads import Given, Read, is_any, reading
from tiktok_api.web.link_target import LinkTarget

Place = tuple[UUID, int]

SHOWN: tuple[Any, ...] = (
    Video.account_id,
    Video.position,
    Video.id,
    Video.video_id,
    Video.post_id,
    Video.publication_id,
    Video.matched_by,
    Video.posted_at,
    Video.title,
    Video.description,
    Video.share_url,
    Video.duration_seconds,
    Video.cover_key,
    Video.gone_at,
)
_FIRST: tuple[Any, ...] = tuple(getattr(Video, f"first_{name}") for name in VIDEO_COUNTERS)


@reading
def _shown(given: Given) -> Select[Any]:
    query = select(*SHOWN, *_FIRST, Video.is_restated, Account.username).select_from(Video)
    return at_places(query.join(Account, Account.id == Video.account_id), given)


def shown(places: Sequence[Place]) -> dict[Place, Any]:
    """What is shown of the videos at some places, and the numbers that their changes are counted from."""
    rows = _shown.all(places=as_places(places)) if places else []
    return {(row.account_id, row.position): row for row in rows}


def describe(row: Any) -> dict[str, Any]:
    """What a row of SHOWN tells, with a link to its cover."""
    cover = LinkTarget(COVER_LINK, "video_id", row.id, row.cover_key) if row.cover_key else None
    return {**{column.key: getattr(row, column.key) for column in SHOWN}, "cover_link": cover}


@reading
def _lowered(given: Given) -> Select[Any]:
    columns: tuple[Any, ...] = (VideoReading.video_id, VideoReading.captured_at)
    return select(*columns).where(
        is_any(VideoReading.video_id, given["video_ids"]),
        VideoReading.is_restated,
        VideoReading.captured_at > given["after"],
        VideoReading.captured_at <= given["until"],
    )


def lowered_at(video_ids: Sequence[UUID], after: datetime, until: datetime) -> dict[UUID, list[datetime]]:
    """When TikTok lowered a number of these videos."""
    found: dict[UUID, list[datetime]] = {}
    for row in _lowered.all(video_ids=list(video_ids), after=after, until=until) if video_ids else ():
        found.setdefault(row.video_id, []).append(row.captured_at)
    return found


@reading
def _posted(given: Given) -> Select[Any]:
    is_postgresql = given.dialect == "postgresql"
    aggregate = func.array_agg if is_postgresql else func.json_group_array
    positions = aggregate(Video.position, type_=ARRAY(Integer)).label("positions")
    columns: tuple[Any, ...] = (Video.account_id, positions)
    return (
        select(*columns)
        .where(
            is_any(Video.account_id, given["account_ids"]),
            Video.listed_at >= given["starts_at"],
            Video.listed_at < given["ends_at"],
            Video.posted_at.is_not(None),
        )
        .group_by(Video.account_id)
    )


def posted_between(account_ids: Sequence[UUID], starts_at: datetime, ends_at: datetime) -> dict[UUID, list[int]]:
    """The positions of the videos that were posted in a window, by account, in order."""
    rows = _posted.all(account_ids=list(account_ids), starts_at=starts_at, ends_at=ends_at)
    return {row.account_id: sorted(row.positions) for row in rows}


def first_numbers(account_ids: Sequence[UUID], counters: Iterable[str]) -> dict[UUID, Mapping[str, bytes]]:
    """For each account, by counter, the `first_` numbers of all its videos as an array like those of `VideoTotals`.

    Gathered from the videos where they are not stored as arrays.
    """
    wanted = tuple(counters)
    found: dict[UUID, Mapping[str, bytes]] = {}
    for account_id, *stored in _starts(wanted).all(account_ids=list(account_ids)):
        found[account_id] = dict(zip(wanted, stored, strict=True))
    if others := [each for each in account_ids if each not in found]:
        for account_id, *stored in _first_numbers(wanted).all(account_ids=others):
            found[account_id] = {name: _as_array(each) for name, each in zip(wanted, stored, strict=True)}
    return found


@cache
def _starts(counters: tuple[str, ...]) -> Read:
    return Read(lambda given: _select_starts(counters, given))


def _select_starts(counters: tuple[str, ...], given: Given) -> Select[Any]:
    columns: list[Any] = [VideoStarts.account_id, *(getattr(VideoStarts, name) for name in counters)]
    return select(*columns).where(is_any(VideoStarts.account_id, given["account_ids"]))


def _as_array(found: Any) -> bytes:
    if not isinstance(found, bytes):
        return video_arrays.pack(enumerate(found), len(found))
    whole = array("q")
    whole.frombytes(found)
    whole.byteswap()  # PostgreSQL sends integers with their highest byte first
    return whole.tobytes()


@cache
def _first_numbers(counters: tuple[str, ...]) -> Read:
    return Read(lambda given: _select_first_numbers(counters, given))


def _select_first_numbers(counters: tuple[str, ...], given: Given) -> Select[Any]:
    """Positions have no gaps, so that the place in the array is the position."""
    of_accounts = is_any(Video.account_id, given["account_ids"])
    numbers = [getattr(Video, f"first_{name}").label(name) for name in counters]
    if given.dialect == "postgresql":
        nothing = literal_column("''::bytea", LargeBinary)
        separator = aggregate_order_by(nothing, Video.position)
        sent = [
            func.string_agg(func.int8send(each), separator, type_=LargeBinary()).label(each.name) for each in numbers
        ]
        columns: list[Any] = [Video.account_id, *sent]
        return select(*columns).where(of_accounts).group_by(Video.account_id)
    in_order = (
        select(Video.account_id, *numbers).where(of_accounts).order_by(Video.account_id, Video.position).subquery()
    )
    lists = [func.json_group_array(in_order.c[name], type_=ARRAY(Integer)).label(name) for name in counters]
    return select(in_order.c.account_id, *lists).group_by(in_order.c.account_id)
