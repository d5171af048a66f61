"""The commands of `flask --app wsgi`: worker, jobs, clock, vault."""

import signal
import textwrap
from datetime import timedelta

import click
import flask_migrate.cli
from flask import Flask, current_app, g
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import select, update

from tiktok_api import clock, logs, moving_clock, schema
from tiktok_api.cli.vault import vault
from tiktok_api.db import db, transaction
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
    flask_migrate.cli.upgrade.callback = upgrade  # Flask finds its group `db` before it knows our application


@with_appcontext
def upgrade(directory: str | None, *, sql: bool, tag: str | None, x_arg: tuple[str, ...], revision: str) -> None:
    """Upgrade the database, and say what is wrong with it afterwards."""
    result = schema.upgrade(directory or g.directory, revision, sql=sql, tag=tag, x_arg=x_arg or g.x_arg)
    if result.problem:
        raise click.ClickException("\n" + textwrap.fill(result.problem, 100))
    if not sql:
        done = "was there already" if result.before == result.after else f"was at {result.before or 'nothing'} before"
        click.echo(f"The database is at revision {result.after}; it {done}.", err=True)


@click.command("worker")
def work() -> None:
    """Publish, sync and sweep until told to stop."""
    logs.take_over()
    runner = Runner(current_app._get_current_object(), service("settings"))  # type: ignore[attr-defined]
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: runner.stop())
    runner.run_forever()


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
