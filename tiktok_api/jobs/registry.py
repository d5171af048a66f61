"""Which function handles which kind of job."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tiktok_api.jobs.lanes import Lane


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A job that a worker has claimed. `epoch` fences: each later claim of the job has a higher one."""

    id: UUID
    kind: str
    subject: UUID | None
    payload: dict[str, Any]
    epoch: int
    attempts: int
    enqueue_count: int
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class RunAgain:
    """The job is not done yet: run it again at that (business) time. Waiting is not failing."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Recorded:
    """The outcome, which the task has recorded already, by `queue.record_outcome` in its own last transaction."""

    outcome: RunAgain | None


Act = Callable[..., RunAgain | Recorded | None]


@dataclass(frozen=True, slots=True)
class Task:
    """A kind of job: the function, its lane, what it needs, how often it may fail and, for recurring work, how often it runs."""

    kind: str
    lane: Lane
    act: Act
    needs: dict[str, type]
    most_failures: int
    every: Callable[[Any], timedelta] | None


class UnknownTask(Exception):
    """No task handles this kind of job: it belongs to an older or newer version of the worker."""


_tasks: dict[str, Task] = {}


def task(
    kind: str, *, lane: Lane, most_failures: int = 10, every: Callable[[Any], timedelta] | None = None
) -> Callable[[Act], Act]:
    """Register `act(job, *, …)` for jobs of `kind`, which run in the threads of `lane`.

    Its keyword-only parameters are filled by their types with what `app.py` composed (`settings: Settings`, …).
    `every(settings)` makes it recurring: it comes due again after that time unless `act` names another. An exception
    counts as a failure, and the job is tried again after a growing pause; after `most_failures` it is dead and shown as
    such, except that recurring jobs never die.
    """

    def register(act: Act) -> Act:
        parameters = inspect.signature(act, eval_str=True).parameters.values()
        needs = {p.name: p.annotation for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY}
        _tasks[kind] = Task(kind, lane, act, needs, most_failures, every)
        return act

    return register


def hourly(_settings: Any) -> timedelta:
    """For `every`: once an hour, whatever the settings are."""
    return timedelta(hours=1)


def daily(_settings: Any) -> timedelta:
    """For `every`: once a day, whatever the settings are."""
    return timedelta(days=1)


def find(kind: str) -> Task:
    """The task for a kind. Raises UnknownTask."""
    try:
        return _tasks[kind]
    except KeyError:
        raise UnknownTask(kind) from None


def lane_of(kind: str) -> Lane:
    """The lane of a kind; what only another version of this server handles waits among the background jobs."""
    return _tasks[kind].lane if kind in _tasks else Lane.SYNC


def is_known(kind: str) -> bool:
    """Returns True if a task handles this kind."""
    return kind in _tasks


def recurring() -> list[Task]:
    """The recurring tasks."""
    return [task for task in _tasks.values() if task.every is not None]
