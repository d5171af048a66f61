"""Kinds of jobs for tests; a test chooses what they do."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tiktok_api.jobs.lanes import Lane
from tiktok_api.jobs.registry import ClaimedJob, RunAgain, task

does: dict[str, Callable[[ClaimedJob], Any]] = {}


@task("tests.anything", lane=Lane.PUBLISH, most_failures=3)
@task("tests.daily", lane=Lane.SYNC, most_failures=3, every=lambda _settings: timedelta(days=1))
def _do(job: ClaimedJob) -> RunAgain | None:
    answer: RunAgain | None = does.get(job.kind, lambda _: None)(job)
    return answer


IN_EVERY_LANE = {lane: f"tests.{lane}" for lane in Lane}
for _lane, _kind in IN_EVERY_LANE.items():
    task(_kind, lane=_lane)(_do)
