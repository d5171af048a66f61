"""What every video of many accounts had at given instants, by one index seek for each account and instant.

`totals_at` reads the arrays of `VideoTotals` as they are, for what ranks videos. `snapshots_at` adds them up over some of an
account's videos, as `queries.snapshots_at` does over all of them from `AccountTotals`: over all, both give the same numbers.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    FromClause,
    Integer,
    LargeBinary,
    Select,
    String,
    Text,
    Uuid,
    cast,
    func,
    literal_column,
    select,
    true,
)

from tiktok_api.analytics import chosen_videos
from tiktok_api.analytics.chosen_videos import Chosen
from tiktok_api.analytics.metrics import VIDEO_COUNTERS
from tiktok_api.analytics.models import NOT_COUNTED, Video, VideoTotals
from tiktok_api.analytics.queries import INTERACTIONS
from tiktok_api.analytics.series import Snapshot
from tiktok_api.analytics.sums.seeks import check_seeks, listed
from tiktok_api.analytics.video_arrays import Totals
from tiktok_api.db.reads import Given, Read, is_any, reading
from tiktok_api.posts.bookkeeping.labels import PostLabel

_SEEKS_AT_ONCE = 2_000
"""How many rows of arrays are in memory together."""

PARTS: Mapping[str, tuple[str, ...]] = {
    **{name: (name,) for name in VIDEO_COUNTERS},
    INTERACTIONS: ("likes", "comments", "shares"),
}
"""The counters that are added up for each name."""


_NOT_COUNTED = NOT_COUNTED.to_bytes(8, "little", signed=True)


def totals_at(
    account_ids: Sequence[UUID],
    instants: Sequence[datetime],
    counters: Iterable[str],
    *,
    with_public: bool = False,
    spans: Sequence[tuple[int, int]] | None = None,
) -> list[list[Totals | None]]:
    """The last row before each instant, by account and then by instant, in their orders; None if there was none.

    `spans` are the first and the last position that is needed of each account: then arrays begin with the first. One statement. Raises TooManyReadings for more than
    20,000 rows.
    """
    wanted = tuple(counters)
    check_seeks(len(account_ids), len(instants))
    found: list[list[Totals | None]] = [[None] * len(instants) for _ in account_ids]
    given: dict[str, Any] = {"account_ids": list(account_ids), "instants": list(instants)}
    if spans is not None:
        given |= {"starts": [start for start, _ in spans], "sizes": [last + 1 - start for start, last in spans]}
    for row in _totals(wanted, with_public).all(**given):
        account, instant, captured_at = row[:3]
        stored = [each or b"" for each in row[3:]]  # of nothing, a part is null on SQLite
        arrays = dict(zip(wanted, stored, strict=not with_public))
        public = stored[-1] if with_public else b""
        found[account][instant] = Totals(captured_at, arrays, public, _NOT_COUNTED not in stored[0])
    return found


@cache
def _totals(counters: tuple[str, ...], with_public: bool) -> Read:
    names = [*counters, "public"] if with_public else [*counters]
    return Read(lambda given: _select_totals(names, given))


def _select_totals(names: Sequence[str], given: Given) -> Select[Any]:
    """Rows of the account's place, the instant's place, captured_at and the arrays."""
    (account, span), instant = _accounts(given), listed(given, "instants", DateTime(timezone=True))
    row = VideoTotals.__table__.alias()
    is_lateral = given.dialect == "postgresql"
    seek = select(row.c.captured_at, *(row.c[name] for name in names)) if is_lateral else select(row.c.id)
    seek = seek.where(row.c.account_id == account.c.value, row.c.captured_at < instant.c.value)
    seek = seek.order_by(row.c.captured_at.desc()).limit(literal_column("1"))
    last: FromClause = seek.lateral() if is_lateral else VideoTotals.__table__.alias()
    condition = true() if is_lateral else last.c.id == seek.scalar_subquery()
    asked = account.join(instant, true()).join(last, condition)
    places = (account.c.place.label("account_place"), instant.c.place.label("instant_place"))
    if not span:
        return select(*places, last.c.captured_at, *(last.c[name] for name in names)).select_from(asked)
    parts = []
    for name in names:
        width = literal_column("1" if name == "public" else "8", Integer)
        part = func.substr(
            last.c[name], span["starts"] * width + literal_column("1"), span["sizes"] * width, type_=LargeBinary()
        )
        parts.append(part.label(name))
    return select(*places, last.c.captured_at, *parts).select_from(asked)


def _accounts(given: Given) -> tuple[FromClause, dict[str, ColumnElement[Any]]]:
    """The accounts as a table, as `listed` makes it, and the numbers that are given for each."""
    numbers = [name for name in ("starts", "sizes") if name in given]
    if given.dialect == "postgresql" and numbers:
        lists = [cast(given[name], ARRAY(Integer)) for name in numbers]
        several = func.unnest(cast(given["account_ids"], ARRAY(Uuid())), *lists)
        table = several.table_valued("value", *numbers, with_ordinality="number", name="accounts_asked")
        each = table.render_derived()
        columns = [each.c.value, (each.c.number - literal_column("1")).label("place"), *(each.c[n] for n in numbers)]
        account = select(*columns).subquery("account_ids")
        return account, {name: account.c[name] for name in numbers}
    listed_ = listed(given, "account_ids", Uuid())
    place = literal_column("'$['", String) + cast(listed_.c.place, String) + literal_column("']'", String)
    return listed_, {name: func.json_extract(given[name], place, type_=Integer()) for name in numbers}


def snapshots_at(
    account_ids: Sequence[UUID],
    instants: Sequence[datetime],
    names: Iterable[str],
    positions_by_account: Mapping[UUID, Iterable[int]] | None = None,
) -> dict[UUID, dict[str, list[Snapshot | None]]]:
    """For each account and name (a counter of videos, or INTERACTIONS) what some of its videos had at each instant.

    `positions_by_account` names the videos, those of an account that it does not name being none; without it, all count.
    `value` is the sum over the public ones, `total` that of the gains of all. A video that was not counted yet adds nothing.
    Raises TooManyReadings for more than 20,000 rows.

    How often TikTok lowered a number is not known by instant here, so `drops` counts the videos that had less than at
    the instant before, which must be earlier: what was lowered and gained again in between is not seen.
    """
    wanted = tuple(names)
    check_seeks(len(account_ids), len(instants))
    counters = tuple(dict.fromkeys(part for name in wanted for part in PARTS[name]))
    first = _first_numbers(account_ids, positions_by_account)
    found: dict[UUID, dict[str, list[Snapshot | None]]] = {}
    for batch in _batches(account_ids, max(1, _SEEKS_AT_ONCE // max(1, len(instants)))):
        several = [Chosen(first.get(account_id, {})) for account_id in batch]
        rows = totals_at(batch, instants, counters, with_public=True, spans=[chosen.span for chosen in several])
        for account_id, of_account, chosen in zip(batch, rows, several, strict=True):
            summed = chosen_videos.add_up(of_account, chosen, counters)
            found[account_id] = {
                name: chosen_videos.together([summed[part] for part in PARTS[name]]) for name in wanted
            }
    return found


def _batches(account_ids: Sequence[UUID], size: int) -> Iterator[Sequence[UUID]]:
    for start in range(0, len(account_ids), size):
        yield account_ids[start : start + size]


def _first_numbers(
    account_ids: Sequence[UUID], positions_by_account: Mapping[UUID, Iterable[int]] | None
) -> dict[UUID, dict[int, dict[str, int]]]:
    """The `first_` numbers of the videos by account, position and counter."""
    if positions_by_account is None:
        rows = _first_of_all.all(account_ids=list(account_ids))
    else:
        places = [(each, place) for each in account_ids for place in positions_by_account.get(each, ())]
        rows = _first_of_some.all(places=as_places(places)) if places else []
    found: dict[UUID, dict[int, dict[str, int]]] = {}
    for account_id, position, *first in rows:
        found.setdefault(account_id, {})[position] = dict(zip(VIDEO_COUNTERS, first, strict=True))
    return found


_FIRST: tuple[Any, ...] = (
    Video.account_id,
    Video.position,
    *(getattr(Video, f"first_{name}") for name in VIDEO_COUNTERS),
)


@reading
def _first_of_all(given: Given) -> Select[Any]:
    return select(*_FIRST).where(is_any(Video.account_id, given["account_ids"]))


@reading
def _first_of_some(given: Given) -> Select[Any]:
    return at_places(select(*_FIRST), given)


def as_places(places: Iterable[tuple[UUID, int]]) -> list[str]:
    """Accounts and positions of videos as the parameter `places` of a read that is made by `at_places`."""
    return [f"{account_id.hex}{position}" for account_id, position in places]


def at_places(query: Select[Any], given: Given) -> Select[Any]:
    """`query` of the videos at `given["places"]`, each found in the index of accounts and positions."""
    asked = listed(given, "places", Text())
    account_id = cast(func.substr(asked.c.value, literal_column("1"), literal_column("32")), Uuid())
    position = cast(func.substr(asked.c.value, literal_column("33")), Integer)
    return query.where(Video.account_id == account_id, Video.position == position)


@reading
def _labelled(given: Given) -> Select[Any]:
    aggregate = func.array_agg if given.dialect == "postgresql" else func.json_group_array
    columns: tuple[Any, ...] = (Video.account_id, aggregate(Video.position, type_=ARRAY(Integer)).label("positions"))
    query = select(*columns).join(PostLabel, PostLabel.post_id == Video.post_id).group_by(Video.account_id)
    is_labelled = is_any(PostLabel.label, given["labels"])
    return query.where(
        PostLabel.owner_id == given["owner_id"], is_labelled, is_any(Video.account_id, given["account_ids"])
    )


def labelled_positions(owner_id: UUID, account_ids: Sequence[UUID], labels: Sequence[str]) -> dict[UUID, list[int]]:
    """The positions of the videos of posts with any of the labels, by account."""
    rows = _labelled.all(owner_id=owner_id, account_ids=list(account_ids), labels=list(labels))
    return {row.account_id: sorted({*row.positions}) for row in rows}
