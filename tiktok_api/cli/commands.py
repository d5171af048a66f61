"""The commands of `flask --app wsgi`: worker, jobs, clock, vault."""

import signal
from datetime import timedelta

import click
from flask import Flask, current_app
from flask.cli import AppGroup
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from tiktok_api import clock, moving_clock
from tiktok_api.cli.vault import vault
from tiktok_api.db import db, explain, transaction
from tiktok_api.extensions import service
from tiktok_api.jobs.models import Job, JobStatus
from tiktok_api.jobs.runner import Runner

jobs = AppGroup("jobs", help="Promised work.")
clock_group = AppGroup("clock", help="The test clock, where ALLOW_TEST_CLOCK is set.")


def install(app: Flask) -> None:
    """Add the commands to the application's command line."""
    app.cli.add_command(work)
    app.cli.add_command(jobs)
    app.cli.add_command(clock_group)
    app.cli.add_command(vault)


@click.command("worker")
def work() -> None:
    """Publish, sync and sweep until told to stop."""
    runner = Runner(current_app._get_current_object(), service("settings"))  # type: ignore[attr-defined]
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: runner.stop())
    try:
        runner.run_forever()
    except SQLAlchemyError as error:  # only at the start: later on it waits for the database
        hint = "Look at DATABASE_URL, and at whether `db upgrade` has been run; `make doctor` says more."
        raise click.ClickException(f"The database cannot be used: {explain(error)}. {hint}") from None


@jobs.command("dead")
def show_dead() -> None:
    """List the promises that failed too often."""
    for job in db.session.scalars(select(Job).where(Job.status == JobStatus.DEAD).order_by(Job.due_at)):
        click.echo(f"{job.id}  {job.kind}  {job.attempts} attempts  {job.last_error}")


@jobs.command("retry")
@click.argument("job_id", type=click.UUID)
def retry_dead(job_id: str) -> None:
    """Give a dead promise another chance."""
    with transaction() as session:
        revived = session.execute(
            update(Job)
            .where(Job.id == job_id, Job.status == JobStatus.DEAD)
            .values(status=JobStatus.WAITING, attempts=0, due_at=clock.now())
            .returning(Job.id)
        ).scalar()
    if revived is None:
        raise click.ClickException("there is no dead job with that id")
    click.echo("It will be tried again at once.")


@clock_group.command("advance")
@click.argument("seconds", type=float)
def advance_clock(seconds: float) -> None:
    """Move business time on by SECONDS, in every process."""
    ahead = moving_clock.advance(timedelta(seconds=seconds))
    click.echo(f"Business time is {ahead.total_seconds():.0f} s ahead.")
