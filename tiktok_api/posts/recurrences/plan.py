"""Which occurrence comes next, with which media: what preview shows, and what posts are made by."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count, islice
from typing import Any
from uuid import UUID

from tiktok_api import clock
from tiktok_api.auth.identity import Identity
from tiktok_api.posts.recurrences import queries
from tiktok_api.posts.recurrences.occurrences import FORESIGHT, Timetable, first_occurrence, occurrences_of
from tiktok_api.posts.schedule import WallTime

_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PlannedOccurrence:
    """An occurrence with its number and media; `made` is its row once it was dealt with."""

    occurrence: WallTime
    number: int
    media_ids: Sequence[UUID]
    made: Any = None


@dataclass(frozen=True, slots=True)
class Rotation:
    """The media of each turn; each occurrence shows those of the next turn."""

    turns: Sequence[Sequence[UUID]]
    is_repeated: bool

    def media_of(self, number: int) -> Sequence[UUID] | None:
        """Returns the media of the occurrence with this number; None: they are used up."""
        if number >= len(self.turns) and not (self.is_repeated and self.turns):
            return None
        return self.turns[number % len(self.turns)]


def timetable_of(recurrence: Any) -> Timetable:
    """Returns when a recurrence happens."""
    return Timetable(recurrence.rule, recurrence.local_time, recurrence.timezone, recurrence.exceptions)


def rotation_of(recurrence: Any) -> Rotation:
    """Returns the media of a recurrence that is stored."""
    return Rotation(queries.turns_of(recurrence.id), recurrence.repeat_media)


def planned(
    timetable: Timetable,
    rotation: Rotation,
    *,
    after: datetime,
    before: datetime,
    made: Sequence[Any] = (),
    first: int = 0,
) -> Iterator[PlannedOccurrence]:
    """Yields the occurrences in their order, until the media are used up.

    `made` are those that were dealt with; the others get the free numbers from `first` on.
    """
    by_date = {row.local_date: row for row in made}
    taken = {row.number for row in made}
    free = (number for number in count(first) if number not in taken)
    for occurrence in occurrences_of(timetable, after=after, before=before):
        row = by_date.get(occurrence.local_date)
        number = next(free) if row is None else row.number
        media_ids = rotation.media_of(number)
        if row is None and media_ids is None:
            return
        yield PlannedOccurrence(occurrence, number, media_ids or (), row)


def plan_of(recurrence: Any, *, after: datetime, before: datetime) -> Iterator[PlannedOccurrence]:
    """Yields what is planned of a recurrence that is stored, with what was made of it."""
    since = (after - 2 * _A_DAY).date().isoformat()
    made = queries.made_of(recurrence, since=since)
    options = {"made": made, "first": recurrence.next_number}
    yield from planned(timetable_of(recurrence), rotation_of(recurrence), after=after, before=before, **options)


def preview(timetable: Timetable, rotation: Rotation, *, most: int) -> list[dict[str, Any]]:
    """Returns what would come of a new recurrence. Raises RuleNotSupported, StartNotPossible, RuleWithoutOccurrence."""
    first_occurrence(timetable)
    now = clock.now()
    found = planned(timetable, rotation, after=now, before=now + FORESIGHT)
    return [_shown(each) for each in islice(found, most)]


def preview_of(caller: Identity, recurrence_id: UUID, *, most: int) -> list[dict[str, Any]]:
    """Returns what comes next of a recurrence, with the posts that are made already. Raises NotFound."""
    recurrence = queries.find_recurrence(caller, recurrence_id)
    now = clock.now()
    found = plan_of(recurrence, after=now, before=now + FORESIGHT)
    return [_shown(each) for each in islice(found, most)]


def _shown(planned: PlannedOccurrence) -> dict[str, Any]:
    occurrence, made = planned.occurrence, planned.made
    return {
        "local_time": occurrence.local_time,
        "publish_at": occurrence.at,
        "note": occurrence.note,
        "media_ids": list(planned.media_ids),
        "post_id": made.post_id if made else None,
        "problem": made.problem if made else None,
    }
