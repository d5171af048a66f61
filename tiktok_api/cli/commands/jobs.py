"""`tiktok-api jobs`: waiting, late and dead jobs."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import click
from sqlalchemy import case, func, select, update

from tiktok_api import clock
from tiktok_api.cli.application import with_app
from tiktok_api.cli.output import as_duration, json_option, show_json, show_rows
from tiktok_api.db import db, transaction
from tiktok_api.jobs.models import Job, JobStatus, is_due, is_free

COLUMNS = ("lane", "kind", "waiting", "due", "running", "dead", "oldest_due")
DEAD_COLUMNS = ("id", "kind", "attempts", "due_at", "last_error")


@click.group("jobs")
def jobs() -> None:
    """Waiting, late and dead jobs."""


@jobs.command("list")
@json_option
@with_app
def list_jobs(as_json: bool) -> None:
    """Count jobs by lane, kind and status, with the lag of the oldest that is due.

    Waiting jobs come due later, due ones wait for a free worker, running ones have one, and dead ones have failed too often.
    A growing lag means that no worker runs, or too few.
    """
    rows = _count_by_kind()
    if as_json:
        show_json([{name: value for name, value in row.items() if name != "oldest_due"} for row in rows])
        return
    show_rows(rows, COLUMNS, as_json=False, if_none="There are no jobs.")
    lags = [row["lag_seconds"] for row in rows if row["lag_seconds"] is not None]
    if lags:
        click.echo(f"\nThe oldest has been due for {as_duration(max(lags))}.")


def _count_by_kind() -> Sequence[dict[str, Any]]:
    is_dead = Job.status == JobStatus.DEAD
    is_running, due = ~is_dead & ~is_free(), is_due()

    def count(condition: Any) -> Any:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    query = (
        select(
            Job.lane,
            Job.kind,
            count(~is_dead & ~is_running & ~due).label("waiting"),
            count(due).label("due"),
            count(is_running).label("running"),
            count(is_dead).label("dead"),
            func.min(case((due, Job.due_at))).label("oldest_due_at"),
        )
        .group_by(Job.lane, Job.kind)
        .order_by(Job.lane, Job.kind)
    )
    now = clock.now()
    return [_with_lag(dict(row._mapping), now) for row in db.session.execute(query)]


def _with_lag(row: dict[str, Any], now: datetime) -> dict[str, Any]:
    oldest = row.pop("oldest_due_at")
    if isinstance(oldest, datetime) and oldest.tzinfo is None:
        oldest = oldest.replace(tzinfo=UTC)
    lag = max(0.0, (now - oldest).total_seconds()) if oldest else None
    return row | {"lag_seconds": lag, "oldest_due": None if lag is None else as_duration(lag)}


@jobs.command("dead")
@json_option
@with_app
def show_dead(as_json: bool) -> None:
    """List the jobs that failed too often, the longest due first."""
    dead = db.session.scalars(select(Job).where(Job.status == JobStatus.DEAD).order_by(Job.due_at))
    names = ("id", "kind", "subject", "attempts", "due_at", "last_error", "request_id")
    rows = [{name: getattr(job, name) for name in names} for job in dead]
    show_rows(rows, DEAD_COLUMNS, as_json=as_json, if_none="There are no dead jobs.")


@jobs.command("retry")
@click.argument("job_ids", nargs=-1, type=click.UUID)
@click.option("--all", "is_all", is_flag=True, help="Every dead job.")
@click.option("--kind", help="With --all: only those of this kind.")
@with_app
def retry_dead(job_ids: tuple[UUID, ...], is_all: bool, kind: str | None) -> None:
    """Run dead jobs again."""
    if bool(job_ids) == is_all or (kind and not is_all):
        raise click.UsageError("Name jobs, or say --all, with or without --kind.")
    which = [Job.status == JobStatus.DEAD]
    if job_ids:
        which.append(Job.id.in_(job_ids))
    if kind:
        which.append(Job.kind == kind)
    revival = update(Job).where(*which).values(status=JobStatus.WAITING, attempts=0, due_at=clock.now())
    with transaction() as session:
        revived = set(session.scalars(revival.returning(Job.id)))
        missing = [str(job_id) for job_id in job_ids if job_id not in revived]
        if missing:
            raise click.ClickException(f"There is no dead job with this id: {', '.join(missing)}. Nothing is changed.")
    if not revived:
        click.echo("There are no dead jobs.")
        return
    click.echo("It will be tried again at once." if len(revived) == 1 else f"{len(revived)} jobs will be tried again.")
