"""The state of workers and of waiting jobs, for `/readyz`, `/metrics` and the command line."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select, union_all

from tiktok_api.db import business_now, db
from tiktok_api.jobs import counters, heartbeats
from tiktok_api.jobs.lanes import Lane
from tiktok_api.jobs.models import Job, JobStatus, is_due
from tiktok_api.metrics.counters import GaugeMetricFamily, Metric

OVERDUE_SECONDS = 300.0
"""If no worker claims a job for so long after it came due, something is wrong with the workers."""
_MOST_COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class WaitingJobs:
    """Jobs of one kind that are due and not running: how many, and how long the oldest has waited."""

    kind: str
    count: int
    oldest_seconds: float


def waiting() -> list[WaitingJobs]:
    """The kinds that wait, the longest first, counted among the 10,000 jobs of each lane that have been due longest."""
    due = union_all(*(select(_longest_due(lane, _MOST_COUNTED).subquery()) for lane in Lane)).subquery()
    query = select(due.c.kind, func.count(), func.min(due.c.due_at), business_now()).group_by(due.c.kind)
    found = [
        WaitingJobs(kind, count, max(0.0, (now - oldest).total_seconds()))
        for kind, count, oldest, now in db.session.execute(query)
    ]
    return sorted(found, key=lambda each: each.oldest_seconds, reverse=True)


def oldest_by_lane() -> dict[Lane, float]:
    """Seconds since the oldest waiting job of each lane came due; 0 where none waits."""
    query = union_all(*(select(_longest_due(lane, 1).add_columns(business_now()).subquery()) for lane in Lane))
    found = {lane: (now - due_at).total_seconds() for _kind, due_at, lane, now in db.session.execute(query)}
    return {lane: max(0.0, found.get(lane, 0.0)) for lane in Lane}


def _longest_due(lane: Lane, most: int) -> Select[str, datetime, Lane]:
    due = select(Job.kind, Job.due_at, Job.lane).where(Job.lane == lane, is_due())
    return due.order_by(Job.due_at).limit(most)


def dead() -> dict[str, int]:
    """How many jobs of each kind failed too often."""
    query = select(Job.kind, func.count()).where(Job.status == JobStatus.DEAD).group_by(Job.kind)
    return {kind: count for kind, count in db.session.execute(query)}  # noqa: C416  # rows are not pairs to mypy


def check_workers() -> dict[str, Any]:
    """Whether a worker is alive, for every lane. Without one the API serves, but nothing is published."""
    workers = heartbeats.workers()
    unserved = sorted(set(Lane) - workers.lanes)
    facts = {"alive": workers.alive, "threads": workers.threads, "busy": workers.busy}
    last = {"last_beat_seconds": round(workers.ages[0], 1) if workers.ages else None}
    if not unserved:
        return facts | last
    problem = f"No worker takes jobs of these lanes: {', '.join(unserved)}."
    if not workers.alive:
        problem = "No worker is running: nothing is published."
    return {"status": "degraded", "problem": problem} | facts | last


def check_jobs() -> dict[str, Any]:
    """Whether jobs run in time, and how many have failed for good."""
    found, gone = waiting(), sum(dead().values())
    oldest = {each.kind: round(each.oldest_seconds, 1) for each in found}
    by_lane = {lane: round(seconds, 1) for lane, seconds in oldest_by_lane().items()}
    facts = {"dead": gone, "due": sum(each.count for each in found), "oldest_due_seconds": oldest, "lanes": by_lane}
    late = [each.kind for each in found if each.oldest_seconds > OVERDUE_SECONDS]
    problems = [f"Due for more than {OVERDUE_SECONDS:.0f} s: {', '.join(late)}."] if late else []
    problems += [f"{gone} jobs failed too often and wait for a person."] if gone else []
    return ({"status": "degraded", "problem": " ".join(problems)} if problems else {}) | facts


def gauges() -> Iterator[Metric]:
    """Waiting jobs, dead jobs and the state of the workers."""
    due = GaugeMetricFamily("tiktok_api_jobs_due", "Jobs that are due and not running.", labels=["kind"])
    oldest = GaugeMetricFamily(
        "tiktok_api_jobs_oldest_due_seconds", "How long the oldest has been due.", labels=["kind"]
    )
    for each in waiting():
        due.add_metric([each.kind], each.count)
        oldest.add_metric([each.kind], each.oldest_seconds)
    lanes = GaugeMetricFamily(
        "tiktok_api_lane_oldest_due_seconds", "How long the oldest job of a lane has been due.", labels=["lane"]
    )
    for lane, seconds in oldest_by_lane().items():
        lanes.add_metric([lane], seconds)
    gone = GaugeMetricFamily("tiktok_api_jobs_dead", "Jobs that failed too often.", labels=["kind"])
    for kind, count in dead().items():
        gone.add_metric([kind], count)
    yield from (due, oldest, lanes, gone)
    workers = heartbeats.workers()
    yield GaugeMetricFamily("tiktok_api_workers_alive", "Workers that beat lately.", value=workers.alive)
    yield GaugeMetricFamily("tiktok_api_worker_threads", "Threads of living workers.", value=workers.threads)
    yield GaugeMetricFamily("tiktok_api_worker_threads_busy", "Those that run a job.", value=workers.busy)
    ages = GaugeMetricFamily(
        "tiktok_api_worker_heartbeat_age_seconds", "Since the last beat, the freshest worker first.", labels=["worker"]
    )
    for number, age in enumerate(workers.ages[:100]):
        ages.add_metric([str(number)], age)
    yield ages
    yield from counters.counted()
