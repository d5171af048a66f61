"""Reading recurrences: each with its targets and media, a page in a fixed number of statements."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select

from tiktok_api.auth.identity import Identity
from tiktok_api.db.reads import Given, is_any, reading
from tiktok_api.posts.queries.reach import has_no_target_outside, owner_of
from tiktok_api.posts.recurrences.models import (
    Recurrence,
    RecurrenceMedia,
    RecurrenceOccurrence,
    RecurrenceTarget,
)
from tiktok_api.web.pagination import Keys, Page, in_pages, read_page

_KEYS: Keys = (Recurrence.created_at, Recurrence.id)


def visible_to(caller: Identity | Given) -> list[ColumnElement[bool]]:
    """Returns the conditions for the recurrences that the caller may see, as for posts: a target outside hides it."""
    is_its = RecurrenceTarget.recurrence_id == Recurrence.id
    within = has_no_target_outside(caller, RecurrenceTarget, is_its, of=Recurrence)
    return [Recurrence.owner_id == owner_of(caller), *within]


@reading
def _recurrences(given: Given) -> Select[Any]:
    query = select(Recurrence).where(*visible_to(given))
    if "id" in given:
        query = query.where(Recurrence.id == given["id"])
    return in_pages(query, given, _KEYS)


@reading
def _targets(given: Given) -> Select[Any]:
    query = select(RecurrenceTarget).where(is_any(RecurrenceTarget.recurrence_id, given["ids"]))
    return query.order_by(RecurrenceTarget.recurrence_id, RecurrenceTarget.position)


@reading
def _media(given: Given) -> Select[Any]:
    query = select(RecurrenceMedia).where(is_any(RecurrenceMedia.recurrence_id, given["ids"]))
    return query.order_by(RecurrenceMedia.recurrence_id, RecurrenceMedia.turn, RecurrenceMedia.position)


@reading
def _made(given: Given) -> Select[Any]:
    """The occurrences that were dealt with, of a day or later, or with a number from the first that may be free."""
    is_later = RecurrenceOccurrence.local_date >= given["local_date"]
    may_be_free = RecurrenceOccurrence.number >= given["number"]
    query = select(RecurrenceOccurrence).where(RecurrenceOccurrence.recurrence_id == given["id"])
    return query.where(or_(is_later, may_be_free)).order_by(RecurrenceOccurrence.local_date)


def list_recurrences(caller: Identity, args: dict[str, Any]) -> Page:
    """Returns a page of the caller's recurrences, the newest first. Raises InvalidCursor."""
    page = read_page(_recurrences, args, by=_KEYS, **caller.reach)
    page.data = _with_parts(page.data)
    return page


def show_recurrence(caller: Identity, recurrence_id: UUID) -> dict[str, Any]:
    """Returns one of the caller's recurrences. Raises NotFound."""
    return _with_parts([find_recurrence(caller, recurrence_id)])[0]


def find_recurrence(caller: Identity, recurrence_id: UUID) -> Any:
    """Returns the row of one of the caller's recurrences, to be looked at. Raises NotFound."""
    return _recurrences.one(**caller.reach, id=recurrence_id)


def targets_of(recurrence_id: UUID) -> Sequence[Any]:
    """Returns the targets of a recurrence in their order; those without an account were disconnected."""
    return _targets.all(ids=[recurrence_id])


def turns_of(recurrence_id: UUID) -> list[list[UUID]]:
    """Returns the media of each turn."""
    return _turns(_media.all(ids=[recurrence_id]))


def made_of(recurrence: Any, *, since: str) -> Sequence[Any]:
    """Returns the occurrences from a day on that were dealt with, and those whose numbers may be taken."""
    return _made.all(id=recurrence.id, local_date=since, number=recurrence.next_number)


def _with_parts(recurrences: Sequence[Any]) -> list[dict[str, Any]]:
    """Returns recurrences as they are shown: two more statements, however many they are."""
    ids = [each.id for each in recurrences]
    if not ids:
        return []
    targets: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    media: dict[UUID, list[Any]] = defaultdict(list)
    for target in _targets.all(ids=ids):
        if target.account_id is not None:
            targets[target.recurrence_id].append({"account_id": str(target.account_id)} | target.overrides)
    for row in _media.all(ids=ids):
        media[row.recurrence_id].append(row)
    return [_shown(each, targets[each.id], _turns(media[each.id])) for each in recurrences]


def _shown(recurrence: Any, targets: list[dict[str, Any]], turns: list[list[UUID]]) -> dict[str, Any]:
    columns = {column.key: getattr(recurrence, column.key) for column in Recurrence.__table__.columns}
    post = recurrence.content | {"targets": targets}
    return columns | {"status": recurrence.status, "post": post, "media_rotation": turns}


def _turns(rows: Sequence[Any]) -> list[list[UUID]]:
    turns: dict[int, list[UUID]] = defaultdict(list)
    for row in rows:
        turns[row.turn].append(row.media_id)
    return list(turns.values())
