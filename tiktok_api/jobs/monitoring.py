"""The state of workers and of waiting jobs, for `/readyz`, `/metrics` and the command line."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from tiktok_api.db import business_now, db
from tiktok_api.jobs import counters, heartbeats
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
    """The kinds that wait, the longest first, counted among the 10,000 jobs that have been due longest."""
    due = select(Job.kind, Job.due_at).where(is_due()).order_by(Job.due_at).limit(_MOST_COUNTED).subquery()
    query = select(due.c.kind, func.count(), func.min(due.c.due_at), business_now()).group_by(due.c.kind)
    found = [
        WaitingJobs(kind, count, max(0.0, (now - oldest).total_seconds()))
        for kind, count, oldest, now in db.session.execute(query)
    ]
    return sorted(found, key=lambda each: each.oldest_seconds, reverse=True)


def dead() -> dict[str, int]:
    """How many jobs of each kind failed too often."""
    query = select(Job.kind, func.count()).where(Job.status == JobStatus.DEAD).group_by(Job.kind)
    return {kind: count for kind, count in db.session.execute(query)}  # noqa: C416  # rows are not pairs to mypy


def check_workers() -> dict[str, Any]:
    """Whether a worker is alive. Without one the API serves, but nothing is published."""
    workers = heartbeats.workers()
    facts = {"alive": workers.alive, "threads": workers.threads, "busy": workers.busy}
    last = {"last_beat_seconds": round(workers.ages[0], 1) if workers.ages else None}
    problem = {} if workers.alive else {"status": "degraded", "problem": "No worker is running: nothing is published."}
    return problem | facts | last


def check_jobs() -> dict[str, Any]:
    """Whether jobs run in time, and how many have failed for good."""
    found, gone = waiting(), sum(dead().values())
    oldest = {each.kind: round(each.oldest_seconds, 1) for each in found}
    facts = {"dead": gone, "due": sum(each.count for each in found), "oldest_due_seconds": oldest}
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
    gone = GaugeMetricFamily("tiktok_api_jobs_dead", "Jobs that failed too often.", labels=["kind"])
    for kind, count in dead().items():
        gone.add_metric([kind], count)
    yield from (due, oldest, gone)
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
