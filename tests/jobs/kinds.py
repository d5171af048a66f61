"""Kinds of jobs for tests; a test chooses what they do."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tiktok_api.jobs.lanes import Lane
from tiktok_api.jobs.registry import ClaimedJob, RunAgain, task

does: dict[str, Callable[[ClaimedJob], Any]] = {}


def _do(job: ClaimedJob) -> RunAgain | None:
    answer: RunAgain | None = does.get(job.kind, lambda _: None)(job)
    return answer


@task("tests.anything", lane=Lane.PUBLISH, most_failures=3)
def do_anything(job: ClaimedJob) -> RunAgain | None:
    return _do(job)


@task("tests.daily", lane=Lane.SYNC, most_failures=3, every=lambda _settings: timedelta(days=1))
def do_daily(job: ClaimedJob) -> RunAgain | None:
    return _do(job)


@task("tests.renew", lane=Lane.RENEW)
def do_renewal(job: ClaimedJob) -> RunAgain | None:
    return _do(job)


@task("tests.deliver", lane=Lane.DELIVER)
def do_delivery(job: ClaimedJob) -> RunAgain | None:
    return _do(job)


@task("tests.sync", lane=Lane.SYNC)
def do_sync(job: ClaimedJob) -> RunAgain | None:
    return _do(job)


@task("tests.media", lane=Lane.MEDIA)
def do_media(job: ClaimedJob) -> RunAgain | None:
    return _do(job)


@task("tests.import", lane=Lane.IMPORT)
def do_import(job: ClaimedJob) -> RunAgain | None:
    return _do(job)


@task("tests.publish", lane=Lane.PUBLISH)
def do_publishing(job: ClaimedJob) -> RunAgain | None:
    return _do(job)


IN_EVERY_LANE = {lane: f"tests.{lane}" for lane in Lane}
