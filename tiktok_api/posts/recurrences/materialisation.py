"""Making the posts of a recurrence ahead of time, each exactly once.

The row of the recurrence is locked, the row of each occurrence is unique, and both are committed with the post: neither two
workers nor one that dies make two. A post that would be refused is tried again hourly. Shortly before its time it becomes a
draft, and the recurrence tells why.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select

from tiktok_api import clock
from tiktok_api.auth.identity import Identity
from tiktok_api.db import locked
from tiktok_api.db.writes import insert_rows, make_row
from tiktok_api.errors import Problem
from tiktok_api.posts.creation import create_post
from tiktok_api.posts.recurrences.content import as_json, draft_of, must_have_their_accounts
from tiktok_api.posts.recurrences.models import Recurrence, RecurrenceOccurrence, RecurrenceStatus
from tiktok_api.posts.recurrences.occurrences import next_occurrence
from tiktok_api.posts.recurrences.plan import PlannedOccurrence, plan_of, rotation_of, timetable_of
from tiktok_api.posts.recurrences.queries import made_of, targets_of
from tiktok_api.posts.schedule import PAST_GRACE, written

log = structlog.get_logger(__name__)

AHEAD = timedelta(days=30)
"""Posts are on the calendar so long before their time, so that caps, collisions and problems show."""
LAST_TRY = timedelta(days=1)
"""What is refused then becomes a draft: a person has a day to mend it."""
_TRY_AGAIN = timedelta(hours=1)
_NO_DAY = "9999-12-31"
MISSED = "occurrences_missed"


def materialise(recurrence_id: UUID) -> datetime | None:
    """Make the posts of the next 30 days that are not made yet. Returns when to look again; None: nothing more comes."""
    recurrence = locked(select(Recurrence).where(Recurrence.id == recurrence_id))
    if recurrence is None or recurrence.status is not RecurrenceStatus.ACTIVE:
        return None
    now = clock.now()
    since, horizon = max(recurrence.looked_until, now - PAST_GRACE), now + AHEAD
    _tell_missed(recurrence, until=since)
    missing = [each for each in plan_of(recurrence, after=since, before=horizon) if each.made is None]
    refusals = [refusal for each in missing if (refusal := _make(recurrence, each, now)) is not None]
    _tell(recurrence, refusals)
    recurrence.looked_until = since
    recurrence.next_number = _first_free_number(recurrence)
    coming = next_occurrence(timetable_of(recurrence), after=horizon - timedelta(microseconds=1))
    is_used_up = rotation_of(recurrence).media_of(recurrence.next_number) is None
    looks = [now + _TRY_AGAIN] if any(not refusal["is_final"] for refusal in refusals) else []
    looks += [coming.at - AHEAD] if coming is not None and not is_used_up else []
    if not looks:
        recurrence.ended_at = now
    return min(looks, default=None)


def _first_free_number(recurrence: Recurrence) -> int:
    taken = {row.number for row in made_of(recurrence, since=_NO_DAY)}
    return next(number for number in count(recurrence.next_number) if number not in taken)


def _make(recurrence: Recurrence, planned: PlannedOccurrence, now: datetime) -> dict[str, Any] | None:
    """Make the post of an occurrence, or a draft of it at the last try. Returns why it was refused."""
    occurrence = planned.occurrence
    targets = targets_of(recurrence.id)
    draft, refusal = draft_of(recurrence, targets, planned.media_ids), None
    person = _person_of(recurrence)
    try:
        must_have_their_accounts(targets)
        post = create_post(person, slot=occurrence.as_time, **draft)
    except Problem as problem:
        is_final = occurrence.at - now <= LAST_TRY
        errors = problem.extra.get("errors", [])
        refusal = _described(problem.code, problem.detail, occurrence.at, is_final=is_final, errors=errors)
        log.warning("recurrence.refused", recurrence=str(recurrence.id), code=problem.code, is_final=is_final)
        if not is_final:
            return refusal
        post = create_post(person, slot={}, **draft)
    insert_rows(
        make_row(
            RecurrenceOccurrence,
            recurrence_id=recurrence.id,
            local_date=occurrence.local_date,
            publish_at=occurrence.at,
            number=planned.number,
            post_id=post.id,
            post_updated_at=post.updated_at,
            problem=refusal,
        )
    )
    return refusal


def _person_of(recurrence: Recurrence) -> Identity:
    """Returns the credential by which its person has agreed: the audit trail names it."""
    credential = {"session_id": recurrence.consent_session_id, "key_id": recurrence.consent_key_id}
    return Identity(user_id=recurrence.owner_id, timezone=recurrence.timezone, **credential)  # type: ignore[arg-type]


def _described(code: str, message: str, at: datetime, *, is_final: bool, errors: Sequence[Any] = ()) -> dict[str, Any]:
    """Returns a problem as a recurrence tells it, as JSON."""
    found = {"code": code, "message": message, "publish_at": at, "is_final": is_final, "errors": errors}
    return dict(as_json(found))


def _tell(recurrence: Recurrence, refusals: list[dict[str, Any]]) -> None:
    """Show the first refusal; one that was overcome since is shown no more, one that made a draft until a person acts."""
    last = recurrence.last_problem
    if refusals:
        recurrence.last_problem = next((each for each in refusals if each["is_final"]), refusals[0])
    elif last is not None and not last["is_final"]:
        recurrence.last_problem = None


def _tell_missed(recurrence: Recurrence, *, until: datetime) -> None:
    """Show how many occurrences got no post, because no worker ran before their time."""
    passed = plan_of(recurrence, after=recurrence.looked_until, before=until) if until > recurrence.looked_until else ()
    missed = [each for each in passed if each.made is None]
    if missed:
        last = missed[-1].occurrence.at
        message = f"No worker ran in time to make {len(missed)} posts; the last was due at {written(last)}."
        recurrence.last_problem = _described(MISSED, message, last, is_final=True)
