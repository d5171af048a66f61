"""The due jobs of a lane in the order of their owners: one job of each owner before the second of any.

What it costs depends neither on how many jobs one owner has waiting nor on how many come due later. Usually everything that is
due is seen at once. If more is due than that, the owners are enumerated by one seek in an index for each, however many jobs
each of them has.
"""

import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select

from tiktok_api.db import db
from tiktok_api.jobs.lanes import Lane
from tiktok_api.jobs.models import Job, is_ready, is_waiting

WINDOW = 64
"""So many due jobs are looked at. If there are more, one owner may hide others."""
_LONGEST_KNOWN_SECONDS, _KNOWN_SECONDS_EACH = 1.0, 0.001  # a seek costs much less than a tenth of that
_MOST_REMEMBERED = 10_000

OwnerId = UUID | None
DueJob = tuple[UUID, OwnerId]
"""A job's id and its owner."""


@dataclass(frozen=True, slots=True)
class NextJobs:
    """The due jobs that come next. `held` are due as well, but in the hands of this worker: their leases have run out."""

    jobs: list[DueJob]
    held: list[UUID]
    has_more: bool
    """True if more jobs are due, which may be taken once one of these or of those that run has ended."""


class RoundRobin:
    """The owners of one lane, served in turn by one worker."""

    def __init__(self, lane: Lane, *, most_per_owner: int) -> None:
        self._lane = lane
        self._most_per_owner = most_per_owner
        self._numbers = count()
        self._last: dict[OwnerId, int] = {}
        self._owners: list[OwnerId] = []
        self._known_until = float("-inf")

    def next_turn(self, most: int, held: Mapping[UUID, OwnerId]) -> NextJobs:
        """Returns up to `most` due jobs, the owner first who has waited longest for a turn; jobs of `held` run already.

        Of those whom this worker has not served yet it is the one whose job came due first, among the first `WINDOW` jobs.
        """
        running = Counter(held.values())
        due = self._find(_jobs(), WINDOW)
        if len(due) < WINDOW:
            return self._choose(due, most, held)
        first = {owner: place for place, (_, owner) in reversed([*enumerate(due)])}
        found: list[DueJob] = []
        able = [owner for owner in self._owners_with_due_jobs() if running[owner] < self._most_per_owner]
        each = max(1, 2 * most // max(1, len(able)))  # some have fewer
        for owner in sorted(able, key=lambda owner: (self._waited(owner), first.get(owner, WINDOW))):
            if len({owner_id for _, owner_id in found}) == most:
                break
            found += self._find(_jobs().where(_is_of(owner)), each + running[owner])
        return replace(self._choose(found, most, held), has_more=True)

    def _find(self, query: Select[UUID, OwnerId], most: int) -> list[DueJob]:
        rows = db.session.execute(query.where(is_ready(self._lane)).order_by(Job.due_at).limit(most))
        return [(job_id, owner_id) for job_id, owner_id in rows]

    def _choose(self, due: Sequence[DueJob], most: int, held: Mapping[UUID, OwnerId]) -> NextJobs:
        """Returns one job of each owner in turn, until there are `most`."""
        waiting: dict[OwnerId, deque[DueJob]] = {}
        for job in due:
            if job[0] not in held:
                waiting.setdefault(job[1], deque()).append(job)
        running = Counter(held.values())
        chosen: list[DueJob] = []
        while len(chosen) < most:
            able = [owner for owner, jobs in waiting.items() if jobs and running[owner] < self._most_per_owner]
            if not able:
                break
            owner = min(able, key=self._waited)
            chosen.append(waiting[owner].popleft())
            running[owner] += 1
            self._last.pop(owner, None)  # the one remembered longest stands first
            self._last[owner] = next(self._numbers)
        self._last = dict(deque(self._last.items(), _MOST_REMEMBERED))
        return NextJobs(chosen, [job_id for job_id, _ in due if job_id in held], has_more=any(waiting.values()))

    def _waited(self, owner: OwnerId) -> int:
        return self._last.get(owner, -1)

    def _owners_with_due_jobs(self) -> list[OwnerId]:
        if time.monotonic() >= self._known_until:
            self._owners = [None, *db.session.scalars(_owners_of(self._lane))]
            known = min(_LONGEST_KNOWN_SECONDS, len(self._owners) * _KNOWN_SECONDS_EACH)
            self._known_until = time.monotonic() + known
        return self._owners


def _jobs() -> Select[UUID, OwnerId]:
    return select(Job.id, Job.owner_id)


def _is_of(owner: OwnerId) -> ColumnElement[bool]:
    return Job.owner_id.is_(None) if owner is None else Job.owner_id == owner


def _owners_of(lane: Lane) -> Select[UUID]:
    """The owners with due jobs: from each owner in the index to the next one, past all jobs of the same owner."""
    known = select(Job.owner_id).where(is_waiting(), Job.lane == lane).order_by(Job.owner_id).limit(1)
    first = known.where(Job.owner_id.is_not(None)).scalar_subquery()
    owners = select(first.label("owner_id")).cte("owners", recursive=True)
    following = known.where(Job.owner_id > owners.c.owner_id).correlate(owners).scalar_subquery()
    owners = owners.union_all(select(following).where(owners.c.owner_id.is_not(None)))
    due = select(Job.id).where(Job.owner_id == owners.c.owner_id, is_ready(lane)).correlate(owners).exists()
    return select(owners.c.owner_id).where(owners.c.owner_id.is_not(None), due)
