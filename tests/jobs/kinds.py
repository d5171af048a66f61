"""Kinds of jobs for tests; a test chooses what they do."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tiktok_api.jobs.registry import ClaimedJob, RunAgain, task

does: dict[str, Callable[[ClaimedJob], Any]] = {}


def _do(job: ClaimedJob) -> RunAgain | None:
    answer: RunAgain | None = does.get(job.kind, lambda _: None)(job)
    return answer


@task("tests.anything", most_failures=3)
def do_anything(job: ClaimedJob) -> RunAgain | None:
    return _do(job)


@task("tests.daily", most_failures=3, every=lambda _settings: timedelta(days=1))
def do_daily(job: ClaimedJob) -> RunAgain | None:
    return _do(job)
